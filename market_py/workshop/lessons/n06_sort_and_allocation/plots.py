"""Pictures of notebook 06."""

from __future__ import annotations

import numpy as np

from market_py.benchmark import operation_counts
from market_py.benchmark.timing import Race
from market_py.plots.picture import Picture
from market_py.plots.style import BLACK, LANGUAGE_STYLES, LEGEND, ORANGE, SKY
from market_py.registry import VARIANTS
from market_py.workshop.lessons.n06_sort_and_allocation.conditions import TIMED_VARIANTS, Conditions


class SortingPicture(Picture):
    """Time per call of each variant, now and in the run before."""

    def __init__(self) -> None:
        super().__init__(height=4.9)
        self.figure.subplots_adjust(left=0.185, top=0.86, bottom=0.15)
        self._axes = self.figure.subplots()
        self._legend = self.figure.legend(handles=[])

    def show(
        self, now: tuple[Conditions, Race] | None, before: tuple[Conditions, Race] | None
    ) -> bytes:
        """Draw up to two runs."""
        axes = self._axes
        axes.clear()
        axes.set_yticks(range(len(TIMED_VARIANTS)), TIMED_VARIANTS)
        axes.set_ylim(len(TIMED_VARIANTS) - 0.5, -0.5)
        axes.set_xlabel("µs per call: median, half of the rounds in the whiskers", fontsize=14)
        axes.tick_params(labelsize=14)
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(axis="x", alpha=0.3)
        self._legend.remove()
        if before is not None:
            self._draw_before(*before)
        if now is not None:
            self._draw_now(*now)
        axes.set_xlim(left=0)
        handles, labels = axes.get_legend_handles_labels()
        self._legend = self.figure.legend(handles, labels, loc="upper center", ncols=1, **LEGEND)
        return self.png()

    def _draw_now(self, conditions: Conditions, race: Race) -> None:
        label = f"now: {conditions}"
        for place, name in enumerate(TIMED_VARIANTS):
            if name in race.rounds:
                colour, marker, hatch = LANGUAGE_STYLES[VARIANTS[name].language]
                low, median, high = np.array(race.quartiles(name)) / 1000
                self._axes.barh(
                    place, median, 0.6, color=colour, hatch=hatch, edgecolor=BLACK, alpha=0.55
                )
                self._axes.errorbar(
                    median,
                    place,
                    xerr=[[median - low], [high - median]],
                    color=BLACK,
                    marker=marker,
                    markersize=7,
                    capsize=4,
                    linestyle="",
                    label=label,
                )
                label = ""

    def _draw_before(self, conditions: Conditions, race: Race) -> None:
        named = [(place, name) for place, name in enumerate(TIMED_VARIANTS) if name in race.rounds]
        self._axes.plot(
            [race.quartiles(name)[1] / 1000 for _, name in named],
            [place for place, _ in named],
            color=BLACK,
            marker="D",
            mfc="white",
            markersize=9,
            linestyle="",
            zorder=4,
            label=f"before: {conditions}",
        )


COUNTED = (
    ("allocations", "blocks of memory", ORANGE, "//"),
    ("comparisons", "comparisons of two offers", SKY, ".."),
    ("passes", "visits to each offer", "#999999", "xx"),
)
"""What is counted, how it is called, and its colour and hatch."""


class CountsPicture(Picture):
    """Bars of what each variant does, with the numbers beside them."""

    def __init__(self) -> None:
        super().__init__(height=6.2)
        self.figure.subplots_adjust(left=0.17, right=0.97, top=0.97, bottom=0.13, wspace=0.12)
        self._axes = self.figure.subplots(1, 3, sharey=True)

    def show(self, counts: list[operation_counts.OperationCounts]) -> bytes:
        """Draw the counts of the variants, possibly none."""
        for axes, (what, label, colour, hatch) in zip(self._axes, COUNTED, strict=True):
            axes.clear()
            axes.set_xlabel(f"{label}\nper market", fontsize=13)
            axes.tick_params(labelsize=12)
            axes.spines[["top", "right"]].set_visible(False)
            numbers = [getattr(work, what) for work in counts]
            axes.barh(
                range(len(counts)),
                [number or 0 for number in numbers],
                color=colour,
                hatch=hatch,
                edgecolor=BLACK,
                linewidth=0.6,
            )
            for place, number in enumerate(numbers):
                axes.annotate(
                    _shown(number),
                    (number or 0, place),
                    xytext=(5, 0),
                    textcoords="offset points",
                    va="center",
                    fontsize=12,
                )
            axes.set_xlim(0, 1.35 * max((number or 0 for number in numbers), default=0) or 1)
        # Shared by all three.
        self._axes[0].set_yticks(range(len(counts)), [work.variant for work in counts])
        self._axes[0].set_ylim(max(len(counts), 1) - 0.4, -0.6)
        return self.png()


def _shown(number: float | None) -> str:
    return "–" if number is None else f"{round(number, 1):,g}"
