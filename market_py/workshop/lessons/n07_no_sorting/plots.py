"""Pictures of notebook 07."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from market_py.benchmark.timing import Race
from market_py.plots.axes import interval_line, label, legend, log_axis
from market_py.plots.picture import picture
from market_py.plots.style import BLACK, BLUE, GREEN, ORANGE, PURPLE, SKY, VERMILION, YELLOW
from market_py.validation import Float64Array
from market_py.workshop.lessons.n07_no_sorting.search import Pass


@picture(height=5.0)
def search_state(
    figure: Any,
    bids: Float64Array,
    quantities: Float64Array,
    demand: float,
    passes: Sequence[Pass],
    price: float | None,
) -> None:
    """Draw the supply curve, the bracket of the price, and the guesses of the last pass, if any."""
    figure.subplots_adjust(top=0.83)
    axes = figure.subplots()
    label(axes, "offered at or below the price (MW)", "price (€/MWh)")
    axes.grid(visible=False)
    order = np.argsort(bids, kind="stable")
    supply, heights = np.cumsum(quantities[order]), bids[order]
    margin = 0.08 * float(np.ptp(bids)) or 5.0
    bottom, top = float(heights[0]) - margin, float(heights[-1]) + margin
    axes.set(xlim=(0, supply[-1]), ylim=(bottom, top))
    low, high = (passes[-1].low, passes[-1].high) if passes else (bottom, top)
    ends = max(low, bottom), min(high, top)
    axes.axhspan(*ends, color=YELLOW, alpha=0.45, lw=0, label="bracket")
    curve = [0.0, *supply], [*heights, heights[-1]]
    axes.step(*curve, where="post", color=BLACK, lw=1.5, label="supply curve")
    axes.axvline(demand, color=BLUE, lw=2.2, label="demand")
    left = np.isin(order, passes[-1].left) if passes else np.full(len(bids), True)
    ticks: dict[str, Any] = {"marker": "|", "ms": 11, "mew": 2, "ls": "", "color": GREEN}
    axes.plot(supply[left], heights[left], label="candidates left", **ticks)
    guesses = (passes[-1].supplies, passes[-1].guesses) if passes else ((), ())
    dots: dict[str, Any] = {"marker": "o", "ms": 10, "mec": BLACK, "ls": "", "color": ORANGE}
    axes.plot(*guesses, label="guesses, and what they supply", **dots)
    found: dict[str, Any] = {"color": VERMILION, "lw": 2.2, "ls": "--"}
    axes.axhline(np.nan if price is None else price, label="price, once found", **found)
    legend(figure, 3)


GROWTH_STYLES = {
    "numba-sort": (BLUE, "o", "-"),
    "numba-keys": (SKY, "^", "-"),
    "rust-keys": (VERMILION, "s", "-"),
    "numba-select": (GREEN, "v", "--"),
    "rust-select": (PURPLE, "D", "--"),
}
"""Colour, marker and dashes; what does not sort is dashed."""
SIZES = (1000, 3000, 10_000, 30_000, 100_000)


@picture(height=5.2)
def growth(figure: Any, races: Mapping[int, Race]) -> None:
    """Draw time per offer by size of the market: what grows as N lies level."""
    figure.subplots_adjust(left=0.11, top=0.85)
    axes = figure.subplots()
    label(axes, "offers N", "ns per offer")
    ends = [*races] or SIZES
    # Before the lines: a single size would be warned of as a singular axis.
    log_axis(axes.xaxis, 0.8 * min(ends), 1.25 * max(ends), subs=(1, 3))
    for name, (colour, marker, dashes) in GROWTH_STYLES.items():
        if all(name in race.rounds for race in races.values()):
            found = [race.per(size).quartiles(name) for size, race in races.items()]
            style = {"color": colour, "marker": marker, "linestyle": dashes}
            interval_line(axes, [*races], found, name, **style)
    log_axis(axes.yaxis, *(() if races else (1, 100)))
    legend(figure, 3)
