"""Draw what agents bid and withhold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from market_py.plots.axes import label, legend
from market_py.plots.picture import picture
from market_py.plots.style import BLUE, VERMILION
from market_py.validation import Float64Array


@picture()
def bidding(
    figure: Any,
    bids: Float64Array,
    offered: Float64Array,
    capacities: Float64Array,
    demand: float,
    price: float,
    *,
    kinds: Sequence[str],
    styles: Mapping[str, tuple[str, str]],
    prices: tuple[float, float],
    currency: str = "€",
) -> None:
    """Draw offers in merit order, then what is withheld; demand, and the price.

    Arrays have the shape (N,), quantities are in MW. `kinds` are of the generators, and `styles`
    give colour and hatch of each kind. `prices` are the ends of the price axis.
    """
    axes = figure.subplots()
    axes.set(xlim=(0, 1.02 * capacities.sum()), ylim=prices)
    label(axes, "offered, lowest bid first; then withheld (MW)", f"bid ({currency}/MWh)")
    axes.grid(visible=False, axis="x")
    order = np.argsort(bids, kind="stable")
    withheld = np.maximum(capacities - offered, 0.0)
    left = 0.0
    for i in order:
        colour, hatch = styles[kinds[i]]
        style = {"color": colour, "hatch": hatch, "edgecolor": "black", "lw": 0.6}
        axes.bar(left, bids[i], offered[i], align="edge", label=kinds[i], **style)
        left += offered[i]
    for i in order:
        style = {"facecolor": "none", "edgecolor": "black", "ls": "--", "lw": 0.8}
        axes.bar(left, bids[i], withheld[i], align="edge", label="withheld", **style)
        left += withheld[i]
    axes.axvline(demand, color=BLUE, linewidth=2.5, label="demand")
    axes.axhline(price, color=VERMILION, linewidth=2.5, ls="--", label="price")
    legend(figure, 5)
