"""Pictures of notebook 06."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from market_py.benchmark.operation_counts import OperationCounts
from market_py.benchmark.report.picture import times
from market_py.benchmark.timing import Race
from market_py.plots.axes import error_bar, label, legend, rows, write
from market_py.plots.picture import picture
from market_py.plots.style import BLACK, GREY, ORANGE, SKY, bar_style

LADDERS = {
    "numba": ("numba-sort", "numba-scratch", "numba-keys"),
    "rust": ("rust-ndarray", "rust-scratch", "rust-unstable", "rust-keys"),
}
"""The variants that sort, each with one change more than the one before it."""
TIMED_VARIANTS = tuple(name for ladder in LADDERS.values() for name in ladder)


@picture(height=4.9)
def sorting(figure: Any, runs: Sequence[tuple[object, Race]]) -> None:
    """Draw the time per call of each variant in the last run, and in the one before.

    A run is its conditions, and the race.
    """
    figure.subplots_adjust(left=0.185, top=0.86, bottom=0.15)
    axes = figure.subplots()
    label(axes, "µs per call: median, half of the rounds in the whiskers")
    rows(axes, TIMED_VARIANTS)
    names = list(enumerate(TIMED_VARIANTS))
    for before, race in runs[-2:-1]:
        at = [(times([race], name, 1e3)[0][1], row) for row, name in names if name in race.rounds]
        style: dict[str, Any] = {"color": BLACK, "marker": "D", "mfc": "white", "ms": 9, "ls": ""}
        axes.plot(*zip(*at, strict=True), zorder=4, label=f"before: {before}", **style)
    for now, race in runs[-1:]:
        for row, name in names:
            if name in race.rounds:
                (found,) = times([race], name, 1e3)
                colour, hatch = bar_style(name)
                axes.barh(row, found[1], 0.6, color=colour, hatch=hatch, alpha=0.55)
                error_bar(axes, row, found, marker="o", label=f"now: {now}")
    axes.set_xlim(left=0)
    legend(figure, 1)


COUNTED = (
    ("allocations", "blocks of memory", ORANGE, "//"),
    ("comparisons", "comparisons of two offers", SKY, ".."),
    ("passes", "visits to each offer", GREY, "xx"),
)
"""What is counted, how it is called, and its colour and hatch."""


@picture(height=6.2)
def counts(figure: Any, counted: Sequence[OperationCounts]) -> None:
    """Draw what each variant does, possibly none, with the numbers beside the bars."""
    figure.subplots_adjust(left=0.17, right=0.97, top=0.97, bottom=0.13, wspace=0.12)
    parts = figure.subplots(1, 3, sharey=True)
    rows(parts[0], [work.variant for work in counted])
    for axes, (what, words, colour, hatch) in zip(parts, COUNTED, strict=True):
        axes.set_xlabel(f"{words}\nper market", fontsize=13)
        axes.tick_params(labelsize=12)
        axes.grid(visible=False)
        numbers = [getattr(work, what) for work in counted]
        lengths = [number or 0 for number in numbers]
        axes.barh(range(len(counted)), lengths, color=colour, hatch=hatch)
        for row, number in enumerate(numbers):
            write(axes, number or 0, row, shown(number))
        axes.set_xlim(0, 1.45 * max(lengths, default=0) or 1)


def shown(number: float | None) -> str:
    """Show a count; a dash where nothing was counted."""
    return "–" if number is None else f"{round(number, 1):,g}"
