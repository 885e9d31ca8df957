"""Pictures of notebook 05."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.patches import Patch

from market_py.benchmark.timing import EMPTY_CALL, Race, Ratio
from market_py.plots.picture import Picture
from market_py.plots.style import BLACK, LEGEND, ORANGE, PURPLE, SKY, VERMILION
from market_py.workshop.lessons.n05_call_overhead.overheads import (
    ARRAY,
    BOOKKEEPING,
    BOXING,
    LIST,
    REST,
    SELECTING,
    SORTING,
    Overhead,
    overheads,
)

STYLES = {
    EMPTY_CALL: (BLACK, ""),
    REST: ("#DDDDDD", ""),
    ARRAY: (SKY, "//"),
    BOOKKEEPING: (ORANGE, "\\\\"),
    BOXING: (PURPLE, "xx"),
    LIST: (VERMILION, ".."),
}
"""Colour and hatch of each part of a bar."""


class CallOverheadPicture(Picture):
    """A bar for each candidate, made of the baseline, the kernel and the overheads."""

    def __init__(self) -> None:
        super().__init__(height=6.8)
        self.figure.subplots_adjust(left=0.19, top=0.81, bottom=0.11, hspace=0.42)
        self._axes = self.figure.subplots(2, height_ratios=[len(SORTING), len(SELECTING)])
        handles = [
            Patch(facecolor=colour, hatch=hatch, edgecolor=BLACK, label=kind)
            for kind, (colour, hatch) in STYLES.items()
        ]
        self.figure.legend(handles=handles, loc="upper center", ncols=2, **LEGEND)

    def show(self, race: Race | None) -> bytes:
        """Draw a race, or none yet."""
        paid = {} if race is None else overheads(race)
        titles = "kernel that sorts, as published", "kernels that do not sort"
        for axes, title, bars in zip(self._axes, titles, (SORTING, SELECTING), strict=True):
            axes.clear()
            axes.set_title(title, fontsize=14, loc="left")
            axes.tick_params(labelsize=13)
            axes.spines[["top", "right"]].set_visible(False)
            axes.set_yticks(range(len(bars)), bars)
            axes.set_ylim(len(bars) - 0.5, -0.5)
            axes.grid(axis="x", alpha=0.3)
            if race is not None:
                for place, (name, parts) in enumerate(bars.items()):
                    if name in race.rounds:
                        self._bar(axes, place, race, name, {part: paid[part] for part in parts})
            axes.set_xlim(left=0)
            axes.set_xlim(right=1.08 * axes.get_xlim()[1])
        self._axes[1].set_xlabel("ns per call (each half has its own scale)", fontsize=15)
        return self.png()

    def _bar(
        self, axes: Any, place: int, race: Race, name: str, paid: dict[Overhead, Ratio]
    ) -> None:
        baseline, whole = (float(np.median(race.rounds[it])) for it in (EMPTY_CALL, name))
        widths = {overhead.kind: max(0.0, found.value) for overhead, found in paid.items()}
        rest = max(0.0, whole - baseline - sum(widths.values()))
        left = end = 0.0
        for kind, width in {EMPTY_CALL: baseline, REST: rest, **widths}.items():
            colour, hatch = STYLES[kind]
            axes.barh(
                place, width, 0.66, left, color=colour, hatch=hatch, edgecolor=BLACK, linewidth=0.6
            )
            left += width
            found = next((found for overhead, found in paid.items() if overhead.kind == kind), None)
            if found is not None:
                spread = [[found.value - found.low], [found.high - found.value]]
                axes.errorbar(left, place, xerr=spread, color=BLACK, capsize=4, linewidth=1.6)
                end = left + found.high - found.value
        axes.annotate(
            f"{whole:,.0f}",
            (max(left, end), place),
            xytext=(8, 0),
            textcoords="offset points",
            va="center",
            fontsize=13,
        )
