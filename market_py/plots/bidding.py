"""Draw what agents bid and withhold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from market_py.plots.axes import label, legend
from market_py.plots.picture import picture
from market_py.plots.style import BLUE, ORANGE, SKY, VERMILION
from market_py.validation import Float64Array

BIDDER_STYLES = {"the largest generator": (ORANGE, "\\\\"), "generators": (SKY, "//")}
"""Colour and hatch of generators: of the one that is looked at, and of all others."""


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
    highest: float,
    currency: str = "€",
) -> None:
    """Draw offers in merit order, then what is withheld; demand, and the price.

    Arrays have the shape (N,), quantities are in MW. `kinds` say which of `BIDDER_STYLES` each
    generator has. The price axis ends at `highest`.
    """
    axes = figure.subplots()
    axes.set(xlim=(0, 1.02 * capacities.sum()), ylim=(0, highest))
    label(axes, "offered, cheapest bid first; then withheld (MW)", f"bid ({currency}/MWh)")
    axes.grid(visible=False, axis="x")
    order = np.argsort(bids, kind="stable")
    left = 0.0
    for i in order:
        colour, hatch = BIDDER_STYLES[kinds[i]]
        style = {"color": colour, "hatch": hatch, "edgecolor": "black", "lw": 0.6}
        axes.bar(left, bids[i], offered[i], align="edge", label=kinds[i], **style)
        left += offered[i]
    for i in order:
        gap = max(capacities[i] - offered[i], 0.0)
        style = {"facecolor": "none", "edgecolor": "black", "ls": "--", "lw": 0.8}
        axes.bar(left, bids[i], gap, align="edge", label="withheld", **style)
        left += gap
    axes.axvline(demand, color=BLUE, linewidth=2.5, label="demand")
    axes.axhline(price, color=VERMILION, linewidth=2.5, ls="--", label="price")
    legend(figure, 4)
