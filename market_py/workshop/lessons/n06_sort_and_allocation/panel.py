"""The panels of notebook 06: the cost of sorting and allocating, and counts of both."""

from __future__ import annotations

import itertools
from typing import Any, NamedTuple

import ipywidgets as widgets
import numpy as np

import market_py
from market_py.benchmark import inputs, operation_counts
from market_py.benchmark.agreement import verify_markets
from market_py.benchmark.cases.case import BenchmarkCase, Setup
from market_py.benchmark.timing import Race
from market_py.registry import VARIANTS, get_candidates
from market_py.validation import Float64Array
from market_py.workshop.lessons.n06_sort_and_allocation import plots
from market_py.workshop.lessons.n06_sort_and_allocation.plots import COUNTED, TIMED_VARIANTS, shown
from market_py.workshop.widgets import static
from market_py.workshop.widgets.controls import choice, slider, stepper
from market_py.workshop.widgets.panel import Job, NotNow, Shown
from market_py.workshop.widgets.sweep import SweepPanel

SIZES = (20, 50, 200, 1000)
DISTINCT, REPEATED = f"{inputs.DISTINCT} different markets", "one market, repeated"


class Conditions(NamedTuple):
    """Under which variants are timed."""

    offers: int
    ordered: int
    """Per cent of the offers that arrive in merit order."""
    markets: str
    """`DISTINCT` or `REPEATED`."""

    def __str__(self) -> str:
        return f"{self.offers} offers, {self.ordered} % in order, {self.markets}"


def partly_sorted(offers: int, ordered: int, rng: np.random.Generator) -> Float64Array:
    """Draw prices, cheapest first, and shuffle among themselves all but `ordered` per cent."""
    bids = np.sort(rng.uniform(0, 100, offers))
    moved = rng.permutation(offers)[: round(offers * (100 - ordered) / 100)]
    bids[moved] = bids[rng.permutation(moved)]
    return bids


def make_markets(conditions: Conditions, seed: int = 0) -> list[Any]:
    """Make the markets to be timed."""
    offers, ordered, markets = conditions
    rng = np.random.default_rng([seed, offers, ordered])
    distinct = 1 if markets == REPEATED else inputs.DISTINCT
    made: list[Any] = []
    for _ in range(distinct):
        _, quantities, demand = inputs.random_market(offers, rng)
        made.append((partly_sorted(offers, ordered, rng), quantities, demand))
    return made * (inputs.DISTINCT // distinct)


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
        controls = {"offers": self.size, "ordered": self.ordered, "markets": self.markets}
        parts = controls, self._make_case, self._compare_runs, plots.sorting([])
        super().__init__("Time the variants", *parts, rounds=rounds, **options)
        label = widgets.Label("variants", layout={"margin": APART})
        toggles = widgets.HBox([label, *self.variants.values()])
        toggles.layout.flex_flow = "row wrap"
        self.children = (toggles, *self.children)

    def _make_case(self, **chosen: Any) -> dict[Conditions, BenchmarkCase]:
        """Make a case of the variants that are switched on."""
        names = [name for name, toggle in self.variants.items() if toggle.value]
        if not names:
            raise NotNow("No variant is switched on: tick one of the boxes above.")
        key = Conditions(**chosen)

        def set_up(seed: int) -> Setup:
            markets = make_markets(key, seed)
            return Setup(get_candidates(names), markets, verify_markets)

        return {key: BenchmarkCase("single", str(key), key.offers, set_up)}

    def _compare_runs(self, races: dict[Conditions, Race], **_: Any) -> Shown:
        """Compare the last two runs."""
        self.runs += races.items()
        return plots.sorting(self.runs), summary(*self.runs[-2:])


def summary(*runs: tuple[Conditions, Race]) -> str:
    """Compare the variants of the last run, step by step, and with the run before."""
    *before, (key, race) = runs
    medians = {name: race.quartiles(name)[1] for name in race.candidates}
    said = [f"{name} {median / 1000:.2f} µs" for name, median in medians.items()]
    sentence = f"{key}: {', '.join(said)}."
    steps = []
    for ladder in plots.LADDERS.values():
        for one, other in itertools.pairwise(name for name in ladder if name in medians):
            ratio, verdict = race.speedup(other, over=one), race.verdict(other, over=one)
            steps.append(f"{other} is {ratio} times as fast as {one} ({verdict})")
    if steps:
        sentence += f" Step by step: {'; '.join(steps)}."
    changed = [
        f"{name} {median / former.quartiles(name)[1]:.2f}"
        for _, former in before
        for name, median in medians.items()
        if name in former.rounds
    ]
    if changed:
        sentence += f" Time, as a multiple of the run before: {', '.join(changed)}."
    return sentence


class CountsPanel(Job):
    """Count allocations, comparisons and visits in instrumented builds, by button."""

    def __init__(self) -> None:
        first = "Nothing counted yet: press the button; the first time it builds for a while."
        self.size = stepper("offers N", SIZES, 200)
        super().__init__("Count", 1, (plots.counts([]), first), {"size": self.size})
        self.table = widgets.HTML()
        self.children = (*self.children, self.table)

    def text(self) -> str:
        """Return the sentence and the table as HTML."""
        return f"{super().text()}{self.table.value}"

    def work(self) -> None:
        """Count, in processes of their own; what prevents it is said."""
        offers: int = self.size.value
        self.doing.value = "building and counting …"
        try:
            counts = operation_counts.count(offers)
        except RuntimeError as error:
            raise NotNow(f"Nothing was counted: {error}") from error
        self.advance()
        headings = "variant", *(label for _, label, _, _ in COUNTED)
        rows = {
            work.variant: [shown(getattr(work, what)) for what, *_ in COUNTED] for work in counts
        }
        self.table.value = static.table(headings, rows, align="right")
        self.show((plots.counts(counts), counted(offers, counts)))


def counted(offers: int, counts: list[operation_counts.OperationCounts]) -> str:
    """Say which variants ask for the most and the least, and what is not counted."""
    most = max(counts, key=lambda work: work.allocations)
    none = [work.variant for work in counts if work.allocations == 0]
    sentence = (
        f"{offers} offers, per market: {most.variant} asks for {shown(most.allocations)} blocks "
        f"of memory, the most; none: {', '.join(none) or 'no variant'}."
    )
    if any(work.comparisons for work in counts):
        longest = max(counts, key=lambda work: work.comparisons or 0)
        pairs = shown(longest.comparisons)
        sentence += f" {longest.variant} compares {pairs} pairs of offers to sort them."
    return f"{sentence} A dash: not counted."
