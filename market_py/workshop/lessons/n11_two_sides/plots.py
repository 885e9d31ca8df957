"""Pictures of notebook 11."""

from __future__ import annotations

from typing import Any

from market_py.plots.axes import label, legend
from market_py.plots.picture import picture
from market_py.plots.style import BLACK, BLUE, GREEN, GREY, VERMILION
from market_py.validation import Float64Array

LINES = ((VERMILION, "-", 2.6), (BLUE, "--", 2.2), (GREEN, ":", 2.6))


@picture()
def hourly_prices(figure: Any, prices: dict[str, Float64Array], top: float) -> None:
    """Draw the price of each hour, shape (hours,), for some cases; the axis ends at `top`."""
    axes = figure.subplots()
    label(axes, "hour", "price (€/MWh)")
    # The first case is on top, so that a case in which nothing changes is seen as well.
    for (name, values), (colour, dashes, width) in zip(prices.items(), LINES, strict=False):
        style = {"where": "mid", "color": colour, "ls": dashes, "lw": width}
        axes.step(range(1, len(values) + 1), values, label=name, **style)
    axes.axhline(0, color=BLACK, lw=1)
    lowest = min(float(values.min()) for values in prices.values())
    axes.set(ylim=(min(-10.0, 1.2 * lowest), top), xticks=range(2, len(values) + 1, 2))
    legend(figure, 3)


@picture()
def subsets(
    figure: Any,
    prices: Float64Array,
    welfare: Float64Array,
    loses: Any,
    chosen: int | None,
) -> None:
    """Draw price and welfare of all subsets of blocks; `loses` says where a block would lose."""
    axes = figure.subplots()
    label(axes, "price (€/MWh)", "welfare (thousand €/h)")
    for name, where, style in (
        ("a block loses", loses, {"marker": "x", "color": GREY}),
        ("no block loses", ~loses, {"marker": "o", "color": BLUE}),
    ):
        axes.plot(prices[where], welfare[where] / 1e3, ls="", ms=5, label=name, **style)
    if chosen is not None:
        at = prices[chosen], welfare[chosen] / 1e3
        axes.plot(*at, "*", color=VERMILION, ms=18, mec=BLACK, ls="", label="your subset")
    legend(figure, 3)
