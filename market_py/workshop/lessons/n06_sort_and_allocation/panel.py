"""The panels of notebook 06: the cost of sorting and allocating, and counts of both."""

from __future__ import annotations

import html
import itertools
from typing import Any

import ipywidgets as widgets

import market_py
from market_py.benchmark import operation_counts, timing
from market_py.benchmark.agreement import same_clearing
from market_py.benchmark.timing import Race
from market_py.registry import VARIANTS, get_candidates
from market_py.workshop.lessons.n06_sort_and_allocation import plots
from market_py.workshop.lessons.n06_sort_and_allocation.conditions import (
    DISTINCT,
    LADDERS,
    REPEATED,
    SIZES,
    TIMED_VARIANTS,
    Conditions,
    make_markets,
)
from market_py.workshop.lessons.n06_sort_and_allocation.plots import COUNTED, shown
from market_py.workshop.widgets.controls import choice, slider, stepper
from market_py.workshop.widgets.panel import Job, NotNow
from market_py.workshop.widgets.sweep import SweepPanel

APART = "2px 14px 2px 0"
"""A margin to the right of what stands in a row."""


class SortingPanel(SweepPanel):
    """Time the variants that sort, under chosen conditions, beside the run before."""

    def __init__(self, rounds: int = 15, **options: Any) -> None:
        self.runs: list[tuple[Conditions, Race]] = []
        usable = market_py.available_variants()
        self.variants = {
            name: widgets.Checkbox(
                value=name in usable,
                disabled=name not in usable,
                description=name,
                tooltip=VARIANTS[name].summary,
                indent=False,
                layout={"width": "auto", "margin": APART},
            )
            for name in TIMED_VARIANTS
        }
        self.size = stepper("offers N", SIZES, 200)
        self.ordered = slider("already in order", 0, 0, 100, 5, "%")
        self.markets = choice("markets", [DISTINCT, REPEATED])
        controls = {"size": self.size, "ordered": self.ordered, "markets": self.markets}
        super().__init__("Time the variants", controls, rounds=rounds, **options)
        label = widgets.Label("variants", layout={"margin": APART})
        toggles = widgets.HBox([label, *self.variants.values()])
        toggles.layout.flex_flow = "row wrap"
        self.children = (toggles, *self.children)  # type: ignore[has-type]

    def points(self) -> list[Conditions]:
        """The chosen conditions."""
        if not self._names():
            raise NotNow("No variant is switched on: tick one of the boxes above.")
        size, ordered, markets = self.settings.values()
        return [Conditions(size, ordered, markets == REPEATED)]

    def _names(self) -> list[str]:
        return [name for name, toggle in self.variants.items() if toggle.value]

    def race_at(self, conditions: Conditions) -> Race:
        """Race the variants that are switched on."""
        race = timing.race(
            get_candidates(self._names()),
            make_markets(conditions),
            verify=same_clearing(),
            size=conditions.offers,
            **self.options,
            **self.watched,
        )
        self.runs.append((conditions, race))
        return race

    def draw(self) -> bytes:
        """Draw the last two runs."""
        return plots.sorting(self.runs)

    def summary(self) -> str:
        """Compare the last two runs."""
        return summary(*self.runs[-1], self.runs[-2] if len(self.runs) > 1 else None)


def summary(
    conditions: Conditions, race: Race, before: tuple[Conditions, Race] | None = None
) -> str:
    """Say how long each variant takes, what each step changed, and what the last run took."""
    said = [f"{name} {race.quartiles(name)[1] / 1000:.2f} µs" for name in race.candidates]
    sentence = f"{conditions}: {', '.join(said)}."
    steps = []
    for ladder in LADDERS.values():
        variants = [name for name in ladder if name in race.rounds]
        for one, other in itertools.pairwise(variants):
            ratio, verdict = race.speedup(other, over=one), race.verdict(other, over=one)
            steps.append(f"{other} is {ratio} times as fast as {one} ({verdict})")
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


class CountsPanel(Job):
    """Count allocations, comparisons and visits in instrumented builds, by button."""

    def __init__(self) -> None:
        self.counts: list[operation_counts.OperationCounts] = []
        first = "Nothing counted yet: press the button; the first time it builds for a while."
        self.size = stepper("offers N", SIZES, 200)
        super().__init__("Count", 1, (plots.counts([]), first), {"size": self.size})
        self.table = widgets.HTML()
        self.children = (*self.children, self.table)  # type: ignore[has-type]

    def text(self) -> str:
        """Return the sentence and the table as HTML."""
        return f"{super().text()}{self.table.value}"

    def work(self) -> None:
        """Count, in processes of their own; what prevents it is said."""
        offers: int = self.size.value
        self.doing.value = "building and counting …"
        try:
            self.counts = operation_counts.count(offers)
        except RuntimeError as error:
            raise NotNow(f"Nothing was counted: {error}") from error
        self.advance()
        self.table.value = table(self.counts)
        self.show((plots.counts(self.counts), counted(offers, self.counts)))


def counted(offers: int, counts: list[operation_counts.OperationCounts]) -> str:
    """Say which variants ask for the most and the least, and what is not counted."""
    most = max(counts, key=lambda work: work.allocations)
    none = [work.variant for work in counts if work.allocations == 0]
    sorting = {work.variant: work.comparisons for work in counts if work.comparisons}
    sentence = (
        f"{offers} offers, per market: {most.variant} asks for {shown(most.allocations)} blocks "
        f"of memory, the most; none: {', '.join(none) or 'no variant'}."
    )
    if sorting:
        longest = max(sorting, key=lambda variant: sorting[variant])
        sentence += f" {longest} compares {shown(sorting[longest])} pairs of offers to sort them."
    return f"{sentence} A dash: not counted."


def table(counts: list[operation_counts.OperationCounts]) -> str:
    """The counts, a row for each variant."""
    heads = "".join(f'<th scope="col" {_CELL}>{label}</th>' for _, label, _, _ in COUNTED)
    rows = "".join(
        f'<tr><th scope="row" {_NAME}>{html.escape(work.variant)}</th>'
        + "".join(f"<td {_CELL}>{shown(getattr(work, what))}</td>" for what, *_ in COUNTED)
        + "</tr>"
        for work in counts
    )
    return f"<table><thead><tr><th>variant</th>{heads}</tr></thead><tbody>{rows}</tbody></table>"


_NAME = 'style="text-align:left;white-space:nowrap"'
_CELL = 'style="text-align:right;padding:0 12px"'
