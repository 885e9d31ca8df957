"""Picture of notebook 01."""

from __future__ import annotations

from typing import Any

import numpy as np

from market_py.plots.axes import label
from market_py.plots.picture import picture
from market_py.plots.style import VERMILION
from market_py.validation import Float64Array


@picture()
def price_duration(figure: Any, prices: Float64Array, highest: float) -> None:
    """Draw for how many hours of the year, shape (hours,), the price is at least so high.

    Prices above `highest` leave the scale.
    """
    axes = figure.subplots()
    label(axes, "hours of the year, highest price first", "price ($/MWh)")
    axes.step(range(len(prices)), np.sort(prices)[::-1], color=VERMILION, lw=2.2, where="post")
    axes.set(xlim=(0, len(prices)), ylim=(0, 1.15 * highest))
    if above := int((prices > highest).sum()):
        words = f"↑ {above} hours off the scale"
        axes.text(0.02, 0.97, words, transform=axes.transAxes, va="top", fontsize=14)
