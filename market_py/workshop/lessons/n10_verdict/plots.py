"""Pictures of notebook 10."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from market_py.benchmark.report.waterfall import Saving
from market_py.benchmark.timing import EMPTY_CALL, ONE_PASS, Race
from market_py.plots.picture import Picture
from market_py.plots.style import BLACK, GREEN, LANGUAGE_STYLES, LEGEND, SKY, VERMILION

if TYPE_CHECKING:
    from market_py.workshop.lessons.n10_verdict.decision import Decision


FLOOR_STYLES = {EMPTY_CALL: ":", ONE_PASS: "-."}
MOST_ROWS = 8
"""The longest order of fixes, and both ends."""
REST_STYLE = ("#DDDDDD", "")


class WaterfallPicture(Picture):
    """From the published shape down to what is left; the baselines are lines."""

    def __init__(self) -> None:
        super().__init__(height=5.6)
        self.figure.subplots_adjust(left=0.385, right=0.98, top=0.88)
        self._axes = self.figure.subplots()
        self._legend = self.figure.legend(handles=[])

    def show(self, race: Race | None, found: Sequence[Saving]) -> bytes:
        """Draw the savings of an order, or none."""
        axes = self._axes
        axes.clear()
        axes.set_xlabel("ns per call: medians; what a fix saved with its interval", fontsize=14)
        axes.set_ylim(MOST_ROWS - 0.5, -0.5)
        axes.set_yticks([])
        if race is not None and found:
            self._draw(race, found)
        axes.tick_params(labelsize=13)
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(axis="x", alpha=0.3)
        self._legend.remove()
        handles, labels = axes.get_legend_handles_labels()
        self._legend = self.figure.legend(handles, labels, loc="upper center", ncols=5, **LEGEND)
        return self.png()

    def _draw(self, race: Race, found: Sequence[Saving]) -> None:
        first, last = found[0].fix.before, found[-1].fix.after
        start, end = (float(np.median(race.rounds[name])) for name in (first, last))
        names = [first, *(f"− {saving.fix.removed}" for saving in found), f"= {last}"]
        axes, right, widest = self._axes, start, start
        axes.barh([0, len(names) - 1], [start, end], 0.62, color="#777777", label="takes")
        self._write(start, 0, f"{start:,.0f}")
        self._write(end, len(names) - 1, f"{end:,.0f}")
        for row, saving in enumerate(found, 1):
            saved = saving.nanoseconds
            left = right - saved.value
            colour, hatch, label = (
                (SKY, "//", "saved") if saved.value > 0 else (VERMILION, "xx", "cost")
            )
            known = axes.get_legend_handles_labels()[1]
            axes.barh(
                row,
                saved.value,
                0.62,
                left=left,
                color=colour,
                hatch=hatch,
                edgecolor=BLACK,
                alpha=0.75,
                label="" if label in known else label,
            )
            spread = [[saved.high - saved.value], [saved.value - saved.low]]
            axes.errorbar(left, row, xerr=spread, color=BLACK, capsize=4, linestyle="")
            self._write(max(left, right), row, f"{saved:z,.0f}")
            widest, right = max(widest, left), left
        for name in race.baselines:
            at = float(np.median(race.rounds[name]))
            axes.axvline(at, color=GREEN, linestyle=FLOOR_STYLES[name], linewidth=2, label=name)
        axes.set_yticks(range(len(names)), names)
        axes.set_ylim(max(MOST_ROWS, len(names)) - 0.5, -0.5)
        axes.set_xlim(0, 1.9 * widest)

    def _write(self, x: float, row: int, said: str) -> None:
        self._axes.annotate(
            said, (x, row), xytext=(8, 0), textcoords="offset points", va="center", fontsize=13
        )


class DecisionPicture(Picture):
    """A study with either backend, and what studies and work cost together."""

    def __init__(self) -> None:
        super().__init__(height=6.0)
        self.figure.subplots_adjust(left=0.13, right=0.97, top=0.9, bottom=0.12, hspace=0.55)
        self._bars, self._lines = self.figure.subplots(2, height_ratios=[1, 2.2])
        self._legend = self.figure.legend(handles=[])

    def show(
        self, decision: Decision | None, studies: int, worth: float, hours: dict[str, float]
    ) -> bytes:
        """Draw a decision, or none.

        Parameters
        ----------
        decision : Decision or None
            From a race.
        studies : int
            That are planned.
        worth : float
            Of an hour of computing, in hours of work.
        hours : dict of str to float
            Of work on each backend.
        """
        for axes in (self._bars, self._lines):
            axes.clear()
            axes.tick_params(labelsize=13)
            axes.spines[["top", "right"]].set_visible(False)
            axes.grid(alpha=0.3)
        self._bars.set_yticks(range(len(hours)), hours)
        self._bars.set_ylim(len(hours) - 0.5, -0.5)
        self._bars.set_xlabel("one study", fontsize=14)
        self._lines.set_xlabel("studies", fontsize=14)
        self._lines.set_ylabel("hours of work,\ncomputing counted", fontsize=14)
        self._lines.set_xlim(0, 2 * studies)
        if decision is not None:
            self._draw_study(decision)
            self._draw_costs(decision, studies, worth, hours)
        self._lines.axvline(studies, color=BLACK, linestyle=":", label="studies planned")
        self._lines.set_ylim(bottom=0)
        self._legend.remove()
        found = [axes.get_legend_handles_labels() for axes in (self._bars, self._lines)]
        handles, labels = ([*one, *other] for one, other in zip(*found, strict=True))
        self._legend = self.figure.legend(handles, labels, loc="upper center", ncols=5, **LEGEND)
        return self.png()

    def _draw_study(self, decision: Decision) -> None:
        clearing = decision.clearing
        longest = max(clearing.values()) + decision.rest
        scale, unit = next(
            (size, name)
            for size, name in ((24, "days"), (1, "hours"), (1 / 60, "minutes"), (1 / 3600, "s"))
            if longest >= size or name == "s"
        )
        colour, hatch = REST_STYLE
        for row, (name, took) in enumerate(clearing.items()):
            own, _, pattern = LANGUAGE_STYLES[name]
            self._bars.barh(
                row, took / scale, 0.6, color=own, hatch=pattern, edgecolor=BLACK, alpha=0.6
            )
            self._bars.barh(
                row,
                decision.rest / scale,
                0.6,
                left=took / scale,
                color=colour,
                hatch=hatch,
                edgecolor=BLACK,
                label="not clearing" if row == 0 else "",
            )
        saved = decision.saved
        end = (clearing["numba"] + decision.rest - saved.value) / scale
        spread = [[(saved.high - saved.value) / scale], [(saved.value - saved.low) / scale]]
        self._bars.errorbar(end, 1, xerr=spread, color=BLACK, capsize=4, linestyle="")
        self._bars.set_xlim(left=0)
        self._bars.set_xlabel(f"one study, {unit}", fontsize=14)

    def _draw_costs(
        self, decision: Decision, studies: int, worth: float, hours: dict[str, float]
    ) -> None:
        at = np.linspace(0, 2 * studies, 9)
        numba = worth * (decision.clearing["numba"] + decision.rest)
        saved = decision.saved
        slopes = {"numba": numba, "rust": numba - worth * saved.value}
        for name, slope in slopes.items():
            colour, marker, _ = LANGUAGE_STYLES[name]
            dashes = "-" if name == "numba" else "--"
            self._lines.plot(
                at, hours[name] + slope * at, color=colour, marker=marker, ls=dashes, label=name
            )
        ends = (hours["rust"] + (numba - worth * end) * at for end in (saved.low, saved.high))
        self._lines.fill_between(at, *ends, color=LANGUAGE_STYLES["rust"][0], alpha=0.2)
