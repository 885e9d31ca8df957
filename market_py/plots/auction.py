"""Draw supply and demand of an auction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from market_py.plots.axes import label, legend
from market_py.plots.picture import picture
from market_py.plots.style import BLACK, BLUE, GREEN, GREY, SKY, VERMILION, YELLOW
from market_py.validation import Float64Array

Book = Sequence[Float64Array]
"""Offer prices, offer quantities, bid prices and bid quantities, as `auction_clearing` takes them.
"""
SURPLUS_STYLES = {"consumer surplus": (SKY, "//"), "producer surplus": (YELLOW, "..")}
"""Colour and hatch of the surplus of each side."""


def steps(
    prices: Float64Array, quantities: Float64Array, *, descending: bool = False
) -> tuple[Float64Array, Float64Array]:
    """Points of a curve of orders, in merit order: quantities and prices, shape (2 N,)."""
    order = np.argsort(-prices if descending else prices, kind="stable")
    right = np.cumsum(quantities[order])
    edges = np.concatenate([[0.0], right])
    return np.repeat(edges, 2)[1:-1], np.repeat(prices[order], 2)


@picture()
def supply_and_demand(
    figure: Any,
    book: Book,
    found: tuple[float, float, float],
    sold: Float64Array,
    bought: Float64Array,
    *,
    prices: tuple[float, float],
    quantities: tuple[float, float],
    before: Book | None = None,
    currency: str = "€",
) -> None:
    """Draw the curves of a cleared auction, its price, its volume and what each side gains.

    `found` is the lowest price at which the auction clears, its price and the highest one. The axes
    span `prices` and `quantities` (MW); `before` is a book whose curves are drawn pale.
    """
    axes = figure.subplots()
    label(axes, "quantity (MW)", f"price ({currency}/MWh)")
    offer_prices, offered, bid_prices, wanted = book
    low, price, high = found
    for name, curve in (
        ("consumer surplus", steps(bid_prices, bought, descending=True)),
        ("producer surplus", steps(offer_prices, sold)),
    ):
        colour, hatch = SURPLUS_STYLES[name]
        axes.fill_between(
            *curve, price, facecolor=colour, hatch=hatch, alpha=0.45, lw=0, label=name
        )
    if before:
        axes.plot(*_to(steps(*before[:2]), prices[1]), color=GREY, lw=1.2, label="before")
        axes.plot(*_to(steps(*before[2:], descending=True), prices[0]), color=GREY, lw=1.2)
    axes.plot(*_to(steps(offer_prices, offered), prices[1]), color=GREEN, lw=2.5, label="supply")
    demand = steps(bid_prices, wanted, descending=True)
    axes.plot(*_to(demand, prices[0]), color=BLUE, lw=2.5, label="demand")
    if low < high:
        axes.axhspan(low, high, color=VERMILION, alpha=0.22, lw=0)
    axes.axhline(price, color=VERMILION, lw=2.5, ls="--")
    axes.axvline(sold.sum(), color=BLACK, lw=1, ls=":")
    near_top = price > prices[0] + 0.9 * (prices[1] - prices[0])
    axes.annotate(
        f"price {price:,.2f} {currency}/MWh",
        (0.01, min(price, prices[1])),
        xycoords=axes.get_yaxis_transform(),
        xytext=(0, -6 if near_top else 4),
        textcoords="offset points",
        va="top" if near_top else "bottom",
        fontsize=16,
        fontweight="bold",
        bbox={"facecolor": "white", "alpha": 0.85, "edgecolor": "none", "pad": 1},
    )
    axes.set(xlim=quantities, ylim=prices)
    legend(figure, 6)


def _to(curve: tuple[Float64Array, Float64Array], last: float) -> tuple[Any, Any]:
    """Continue a curve vertically where its orders end."""
    across, up = curve
    return np.append(across, across[-1:]), np.append(up, [last] * len(up[:1]))
