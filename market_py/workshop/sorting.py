"""The panels of notebook 06: what sorting and allocating cost, and how much of both is done."""

from __future__ import annotations

import html
import itertools
from dataclasses import dataclass
from typing import Any

import ipywidgets as widgets
import numpy as np

import market_py
from market_py import tally, timing
from market_py.extension import status
from market_py.registry import VARIANTS, contestants
from market_py.timing import Race
from market_py.validation import Floats
from market_py.workshop.panels import Job, choice, slider, stepper
from market_py.workshop.pictures import BLACK, BLUE, LEGEND, ORANGE, SKY, VERMILION, Picture

LADDERS = {
    "numba": ("numba-sort", "numba-scratch", "numba-keys"),
    "rust": ("rust-ndarray", "rust-scratch", "rust-unstable", "rust-keys"),
}
"""The rungs that sort, one idea after the other, in each language."""
RUNGS = tuple(name for ladder in LADDERS.values() for name in ladder)
LANGUAGE_STYLES = {"numba": (BLUE, "o", "//"), "rust": (VERMILION, "s", "..")}
SIZES = (20, 50, 200, 1000)
DISTINCT, REPEATED = f"{timing.DISTINCT} different markets", "one market, repeated"


@dataclass(frozen=True)
class Conditions:
    """Under which rungs are timed."""

    offers: int
    ordered: int
    """Per cent of the offers that arrive in merit order."""
    repeated: bool

    def __str__(self) -> str:
        """Say it in words."""
        markets = REPEATED if self.repeated else DISTINCT
        return f"{self.offers} offers, {self.ordered} % in order, {markets}"


def partly_sorted(offers: int, ordered: int, rng: np.random.Generator) -> Floats:
    """Draw prices, cheapest first, and shuffle among themselves all but `ordered` per cent."""
    bids = np.sort(rng.uniform(0, 100, offers))
    places = rng.permutation(offers)[: round(offers * (100 - ordered) / 100)]
    bids[places] = bids[rng.permutation(places)]
    return bids


def make_markets(conditions: Conditions, seed: int = 0) -> list[Any]:
    """Make the markets to be timed."""
    rng = np.random.default_rng([seed, conditions.offers, conditions.ordered])

    def make() -> tuple[Floats, Floats, float]:
        _, quantities, demand = timing.random_market(conditions.offers, rng)
        return partly_sorted(conditions.offers, conditions.ordered, rng), quantities, demand

    if conditions.repeated:
        return [make()] * timing.DISTINCT
    return [make() for _ in range(timing.DISTINCT)]


class SortingPicture(Picture):
    """Time per call of each rung, now and in the run before."""

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
        axes.set_yticks(range(len(RUNGS)), RUNGS)
        axes.set_ylim(len(RUNGS) - 0.5, -0.5)
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
        for place, name in enumerate(RUNGS):
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
        named = [(place, name) for place, name in enumerate(RUNGS) if name in race.rounds]
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


APART = "2px 14px 2px 0"
"""A margin to the right of what stands in a row."""


class SortingPanel(Job):
    """Time the rungs that sort, under chosen conditions, beside the run before.

    Parameters
    ----------
    rounds : int
        Samples of each rung.
    sample_seconds : float
        Shortest duration of a sample.
    """

    def __init__(self, rounds: int = 15, sample_seconds: float = timing.SAMPLE_SECONDS) -> None:
        self._rounds, self._sample_seconds = rounds, sample_seconds
        self._picture = SortingPicture()
        self.runs: list[tuple[Conditions, Race]] = []
        first = "Nothing timed yet: choose the conditions and press the button."
        if "rust" not in market_py.available_backends():
            first += f" Without Rust: {status()[1]}."
        shown = self._picture.show(None, None), first
        usable = market_py.available_variants()
        self.rungs = {
            name: widgets.Checkbox(
                value=name in usable,
                disabled=name not in usable,
                description=name,
                tooltip=VARIANTS[name].summary,
                indent=False,
                layout={"width": "auto", "margin": APART},
            )
            for name in RUNGS
        }
        self.size = stepper("offers N", SIZES, 200)
        self.ordered = slider("already in order", 0, 0, 100, 5, "%")
        self.markets = choice("markets", [DISTINCT, REPEATED])
        label = widgets.Label("rungs", layout={"margin": APART})
        toggles = widgets.HBox([label, *self.rungs.values()])
        toggles.layout.flex_flow = "row wrap"
        controls = {
            "rungs": toggles,
            "size": self.size,
            "ordered": self.ordered,
            "markets": self.markets,
        }
        super().__init__("Time the rungs", rounds, shown, self._picture.width, controls)

    @property
    def conditions(self) -> Conditions:
        """Those that are chosen now."""
        repeated = self.markets.value == REPEATED
        return Conditions(self.size.value, self.ordered.value, repeated)

    def work(self) -> None:
        """Time the rungs that are switched on; an unfinished run is dropped."""
        conditions = self.conditions
        names = [name for name, toggle in self.rungs.items() if toggle.value]
        if not names:
            self.sentence.say("No rung is switched on: tick one of the boxes above.")
            return
        self.doing.value = f"{conditions} …"
        race = timing.race(
            contestants(names),
            make_markets(conditions),
            rounds=self._rounds,
            sample_seconds=self._sample_seconds,
            progress=self.advance,
            is_stopped=self.is_stopped,
        )
        before = self.runs[-1] if self.runs else None
        self.runs.append((conditions, race))
        self.show((self._picture.show(self.runs[-1], before), summary(conditions, race, before)))


def summary(
    conditions: Conditions, race: Race, before: tuple[Conditions, Race] | None = None
) -> str:
    """Say how long each rung takes, what each step changed, and what changed since the last run."""
    said = [f"{name} {race.quartiles(name)[1] / 1000:.2f} µs" for name in race.candidates]
    sentence = f"{conditions}: {', '.join(said)}."
    steps = []
    for ladder in LADDERS.values():
        rungs = [name for name in ladder if name in race.rounds]
        for one, other in itertools.pairwise(rungs):
            ratio, verdict = race.speedup(other, over=one), race.verdict(other, over=one)
            steps.append(f"{other} over {one} {ratio} times ({verdict})")
    if steps:
        sentence += f" Step by step: {'; '.join(steps)}."
    if before is not None:
        changed = [
            f"{name} {race.quartiles(name)[1] / before[1].quartiles(name)[1]:.2f}"
            for name in race.candidates
            if name in before[1].rounds
        ]
        if changed:
            sentence += f" Time, as a multiple of the run before: {', '.join(changed)}."
    return sentence


COUNTED = (
    ("allocations", "blocks of memory", ORANGE, "//"),
    ("comparisons", "comparisons of two offers", SKY, ".."),
    ("passes", "visits to each offer", "#999999", "xx"),
)
"""What is counted, how it is called, and its colour and hatch."""


class CountsPicture(Picture):
    """Bars of what each rung does, with the numbers beside them."""

    def __init__(self) -> None:
        super().__init__(height=6.2)
        self.figure.subplots_adjust(left=0.17, right=0.97, top=0.97, bottom=0.13, wspace=0.12)
        self._axes = self.figure.subplots(1, 3, sharey=True)

    def show(self, works: list[tally.Work]) -> bytes:
        """Draw the counts of the rungs, possibly none."""
        for axes, (what, label, colour, hatch) in zip(self._axes, COUNTED, strict=True):
            axes.clear()
            axes.set_xlabel(f"{label}\nper market", fontsize=13)
            axes.tick_params(labelsize=12)
            axes.spines[["top", "right"]].set_visible(False)
            numbers = [getattr(work, what) for work in works]
            axes.barh(
                range(len(works)),
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
        self._axes[0].set_yticks(range(len(works)), [work.rung for work in works])
        self._axes[0].set_ylim(max(len(works), 1) - 0.4, -0.6)
        return self.png()


class CountsPanel(Job):
    """Count allocations, comparisons and visits in instrumented builds, by button."""

    def __init__(self) -> None:
        self._picture = CountsPicture()
        self.works: list[tally.Work] = []
        first = "Nothing counted yet: press the button; the first time it builds for a while."
        shown = self._picture.show([]), first
        self.size = stepper("offers N", SIZES, 200)
        super().__init__("Count", 1, shown, self._picture.width, {"size": self.size})
        self.table = widgets.HTML()
        self.children = (*self.children, self.table)  # type: ignore[has-type]

    def work(self) -> None:
        """Count, in processes of their own; what hinders it is said."""
        offers: int = self.size.value
        self.doing.value = "building and counting …"
        try:
            self.works = tally.count(offers)
        except RuntimeError as error:
            self.sentence.say(f"Nothing was counted: {error}")
            return
        self.advance()
        self.table.value = table(self.works)
        self.show((self._picture.show(self.works), counted(offers, self.works)))


def counted(offers: int, works: list[tally.Work]) -> str:
    """Say which rungs ask for the most and the least, and what is not counted."""
    most = max(works, key=lambda work: work.allocations)
    none = [work.rung for work in works if work.allocations == 0]
    sorting = {work.rung: work.comparisons for work in works if work.comparisons}
    sentence = (
        f"{offers} offers, per market: {most.rung} asks for {_shown(most.allocations)} blocks of "
        f"memory, the most; none: {', '.join(none) or 'no rung'}."
    )
    if sorting:
        dear = max(sorting, key=lambda rung: sorting[rung])
        sentence += f" {dear} compares {_shown(sorting[dear])} pairs of offers to sort them."
    return f"{sentence} A dash: not counted."


def table(works: list[tally.Work]) -> str:
    """The counts, a row for each rung."""
    heads = "".join(f'<th scope="col" {_CELL}>{label}</th>' for _, label, _, _ in COUNTED)
    rows = "".join(
        f'<tr><th scope="row" {_NAME}>{html.escape(work.rung)}</th>'
        + "".join(f"<td {_CELL}>{_shown(getattr(work, what))}</td>" for what, *_ in COUNTED)
        + "</tr>"
        for work in works
    )
    return f"<table><thead><tr><th>rung</th>{heads}</tr></thead><tbody>{rows}</tbody></table>"


_NAME = 'style="text-align:left;white-space:nowrap"'
_CELL = 'style="text-align:right;padding:0 12px"'


def _shown(number: float | None) -> str:
    return "–" if number is None else f"{round(number, 1):,g}"
