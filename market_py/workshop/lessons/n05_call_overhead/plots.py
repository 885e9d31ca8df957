"""Picture of notebook 05."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.patches import Patch

from market_py.benchmark.report.picture import interval
from market_py.benchmark.timing import EMPTY_CALL, Race
from market_py.plots.axes import error_bar, label, rows, write
from market_py.plots.picture import picture
from market_py.plots.style import BLACK, LIGHT, ORANGE, PURPLE, SKY, VERMILION, YELLOW
from market_py.workshop.lessons.n05_call_overhead import overheads

STYLES = {
    EMPTY_CALL: (BLACK, ""),
    overheads.REST: (LIGHT, ""),
    overheads.ARRAY: (SKY, "//"),
    overheads.BOOKKEEPING: (ORANGE, "\\\\"),
    overheads.BOXING: (PURPLE, "xx"),
    overheads.LIST: (VERMILION, ".."),
    overheads.WRAPPER: (YELLOW, "++"),
}
"""Colour and hatch of each part of a bar."""


@picture(height=6.8)
def call_overhead(figure: Any, race: Race | None) -> None:
    """Draw a bar for each candidate: the baseline, the algorithm and the overheads."""
    figure.subplots_adjust(left=0.25, top=0.78, bottom=0.11, hspace=0.42)
    kernels = overheads.SORTING, overheads.SELECTING
    halves = figure.subplots(2, height_ratios=[*map(len, kernels)])
    label(halves[1], "ns per call (each half has its own scale)")
    titles = "the published algorithm, which sorts", "algorithms that do not sort"
    for axes, title, bars in zip(halves, titles, kernels, strict=True):
        label(axes, axes.get_xlabel(), "", title)
        rows(axes, list(bars))
        for row, name in enumerate(bars):
            if race is not None and name in race.rounds:
                _bar(axes, row, race, name)
        axes.set_xlim(0, 1.08 * axes.get_xlim()[1])
    handles = [Patch(fc=colour, hatch=it, label=kind) for kind, (colour, it) in STYLES.items()]
    figure.legend(handles=handles, loc="upper center", ncols=2)


def _bar(axes: Any, row: int, race: Race, name: str) -> None:
    paid = overheads.overheads(race)
    parts = {part.kind: paid[part] for part in (overheads.SORTING | overheads.SELECTING)[name]}
    baseline, whole = (float(np.median(race.rounds[it])) for it in (EMPTY_CALL, name))
    widths = {kind: max(0.0, found.value) for kind, found in parts.items()}
    rest = max(0.0, whole - baseline - sum(widths.values()))
    left = end = 0.0
    for kind, width in {EMPTY_CALL: baseline, overheads.REST: rest, **widths}.items():
        colour, hatch = STYLES[kind]
        axes.barh(row, width, 0.66, left, color=colour, hatch=hatch)
        left += width
        if kind in parts:
            low, value, high = (left - parts[kind].value + it for it in interval(parts[kind]))
            error_bar(axes, row, (low, value, high), lw=1.6)
            end = max(end, high)
    write(axes, max(left, end), row, f"{whole:,.0f}")
