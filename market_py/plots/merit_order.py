"""Draw the merit order of a market."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.collections import PolyCollection

from market_py.plots.axes import label, legend
from market_py.plots.picture import picture
from market_py.plots.style import BLUE, FUEL_STYLES, VERMILION
from market_py.validation import Float64Array

THINNEST = 0.008
"""Share of the height that an offer at a price of 0 is drawn with, so that it is seen."""


@picture()
def merit_order(
    figure: Any,
    bids: Float64Array,
    quantities: Float64Array,
    demand: float,
    price: float,
    dispatch: Float64Array,
    *,
    kinds: Sequence[str],
    prices: tuple[float, float],
    highest_quantity: float,
    styles: Mapping[str, tuple[str, str]] = FUEL_STYLES,
    currency: str = "$",
) -> None:
    """Draw the supply curve of a cleared market, its demand and its price.

    Arrays have the shape (N,), quantities are in MW. `kinds` say what each offer is, such as a
    fuel, and `styles` are the colour and hatch of each kind. The price axis spans `prices`, the
    other one ends at `highest_quantity`.
    """
    axes = figure.subplots()
    axes.set(xlim=(0, highest_quantity), ylim=prices)
    label(axes, "offered quantity, cheapest first (MW)", f"offer price ({currency}/MWh)")
    axes.grid(visible=False, axis="x")
    order = np.argsort(bids, kind="stable")
    right = np.cumsum(quantities[order])
    left = right - quantities[order]
    thin = THINNEST * prices[1]
    heights = np.where(np.abs(bids[order]) < thin, thin, bids[order])
    ground = np.zeros_like(left)
    corners = np.stack(
        [left, ground, left, heights, right, heights, right, ground], axis=1
    ).reshape(-1, 4, 2)
    ordered = np.array(kinds)[order]
    for kind, (colour, hatch) in styles.items():
        if kind in kinds:
            bars = PolyCollection(
                corners[ordered == kind],
                facecolor=colour,
                edgecolor="black",
                hatch=hatch,
                linewidth=0.6,
                label=kind,
            )
            axes.add_collection(bars, autolim=False)
    # What is not accepted pales.
    served = float(dispatch.sum())
    axes.axvspan(served, max(served, right[-1]), color="white", alpha=0.72, lw=0, zorder=1.5)
    axes.axvline(demand, color=BLUE, linewidth=2.5, label="demand")
    height = min(price, prices[1])
    axes.axhline(height, color=VERMILION, linewidth=2.5, ls="--", label="clearing price")
    near_top = height > 0.9 * prices[1]
    axes.text(
        0.01,  # On the left, where the supply curve is low.
        height - (0.02 if near_top else -0.01) * prices[1],
        f"price {price:,.2f} {currency}/MWh" + (" (off the scale)" if price > prices[1] else ""),
        transform=axes.get_yaxis_transform(),
        verticalalignment="top" if near_top else "bottom",
        fontsize=16,
        fontweight="bold",
        bbox={"facecolor": "white", "alpha": 0.85, "edgecolor": "none", "pad": 1},
    )
    legend(figure, 6)
