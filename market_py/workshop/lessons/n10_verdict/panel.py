"""The panels of notebook 10: how much each fix saves, and which backend suits your case."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

import market_py
from market_py.benchmark import timing
from market_py.benchmark.cases.clearing import batch_case, single_case, threaded
from market_py.benchmark.reference import place, reference
from market_py.benchmark.report.waterfall import ORDERS, Order, Saving, savings
from market_py.benchmark.settings import LADDER_SIZE
from market_py.benchmark.timing import Race
from market_py.workshop.lessons.n10_verdict.decision import (
    BACKENDS,
    THREADS,
    Case,
    Decision,
    Plan,
    decide,
    stored_cases,
)
from market_py.workshop.lessons.n10_verdict.evidence import REPEATED, Evidence, here
from market_py.workshop.lessons.n10_verdict.plots import decision_picture, waterfall
from market_py.workshop.widgets.controls import choice, slider, stepper
from market_py.workshop.widgets.panel import ExploringJob, NotNow, Shown
from market_py.workshop.widgets.sweep import without_rust

STORED, OWN = "the stored run", "my own"
INPUTS = {"distinct markets": "random", "one market, repeated": REPEATED}
"""Distributions of inputs on which the ladder is timed, by what they are called."""
LADDER_SIZES = (20, 50, LADDER_SIZE, 1000)
TIMED_VARIANTS = tuple(
    dict.fromkeys(
        variant for order in ORDERS for fix in order.fixes for variant in (fix.before, fix.after)
    )
)


class WaterfallPanel(ExploringJob):
    """What each fix saves, in a chosen order: from the stored run, or measured by button.

    Parameters
    ----------
    rounds : int
        Samples of each variant.
    sample_seconds : float
        Shortest duration of a sample.
    """

    def __init__(
        self, rounds: int = timing.ROUNDS, sample_seconds: float = timing.SAMPLE_SECONDS
    ) -> None:
        self._options: dict[str, Any] = {"rounds": rounds, "sample_seconds": sample_seconds}
        self.measured: dict[tuple[str, int], Race] = {}
        """By the distribution of inputs and the number of offers."""
        controls = {
            "source": choice("timings", [STORED, OWN]),
            "order": choice("order of the fixes", [order.name for order in ORDERS]),
            "inputs": choice("inputs", list(INPUTS)),
            "size": stepper("offers N of my own", LADDER_SIZES, LADDER_SIZE),
        }
        super().__init__("Measure my own", rounds, controls)

    def race(self) -> Race | None:
        """The race that is shown; None where it has not been run."""
        distribution = INPUTS[self.controls["inputs"].value]
        if self.controls["source"].value == STORED:
            return reference().find("ladder", distribution, LADDER_SIZE)
        return self.measured.get((distribution, self.controls["size"].value))

    def savings(self, order: str) -> list[Saving]:
        """What each fix of an order saves in the race that is shown; empty where it cannot say."""
        race, (wanted,) = self.race(), [it for it in ORDERS if it.name == order]
        return savings(race, wanted) if race is not None and _complete(race, wanted) else []

    @property
    def evidence(self) -> list[Evidence]:
        """What was measured here."""
        return [
            Evidence(race, distribution, 1, here())
            for (distribution, _), race in self.measured.items()
        ]

    def answer(self) -> Shown:
        """Draw the waterfall that is chosen."""
        order, race = self.controls["order"].value, self.race()
        found = self.savings(order)
        if race is None:
            said = "Not measured yet: press the button."
            return waterfall(None, []), said + without_rust()
        if not found:
            return waterfall(None, []), f"{order} was not measured.{without_rust()}"
        stored = self.controls["source"].value == STORED
        where = f"Stored ({place(reference())})" if stored else f"Measured here ({here()})"
        inputs = self.controls["inputs"].value
        start = f"{where}, {inputs}, N = {race.size}. {order}: "
        return waterfall(race, found), start + waterfall_sentence(race, found)

    def work(self) -> None:
        """Time all variants at the chosen size; an unfinished race is dropped."""
        distribution, offers = INPUTS[self.controls["inputs"].value], self.controls["size"].value
        usable = market_py.available_variants()
        variants = tuple(name for name in TIMED_VARIANTS if name in usable)
        self.doing.value = f"markets of {offers} offers …"
        case = single_case(distribution, offers, variants, kind="ladder", **self._options)
        race = case.race(self.advance, self.is_stopped)
        self.measured[distribution, offers] = race
        self.controls["source"].value = OWN
        self.wait()
        self.show(self.answer())


def _complete(race: Race, order: Order) -> bool:
    return all({fix.before, fix.after} <= set(race.rounds) for fix in order.fixes)


def waterfall_sentence(race: Race, found: list[Saving]) -> str:
    """Say what was saved by what, what is left, and which savings may be zero."""
    first, last = found[0].fix.before, found[-1].fix.after
    medians = {name: float(np.median(race.rounds[name])) for name in (first, last, *race.baselines)}
    said = [f"{it.fix.removed} {it.nanoseconds:z,.0f} ns ({it.share:.0%})" for it in found]
    lost = [it.fix.removed for it in found if it.nanoseconds.low <= 0 <= it.nanoseconds.high]
    left = ", ".join(f"{name} takes {medians[name]:,.0f}" for name in race.baselines)
    sentence = (
        f"{first} takes {medians[first]:,.0f} ns. Removed, and saved by that: {'; '.join(said)}. "
        f"{last} is left with {medians[last]:,.0f} ns; {left}."
    )
    if lost:
        sentence += f" Indistinguishable from 0: {'; '.join(lost)}."
    return sentence


def _listed(cases: Iterable[Case]) -> str:
    """Name cases, those with as many markets and threads together."""
    groups: dict[str, list[str]] = {}
    for case in cases:
        groups.setdefault(case.call, []).append(f"{case.offers:,}")
    return "; ".join(f"{call}, of {', '.join(offers)} offers" for call, offers in groups.items())


def decision_sentence(decision: Decision, plan: Plan) -> str:
    """Say what a decision rests on, what it saves, and who costs less."""
    whole = decision.clearing["numba"] + decision.rest
    said = (
        f"rust clears {decision.ratio} times as fast as numba: {decision.verdict}. A study of "
        f"{plan.markets:,.0f} markets takes {duration(whole)} with numba, "
        f"{duration(decision.clearing['numba'])} of it clearing; "
    )
    if decision.verdict == "indistinguishable":
        return said + "nothing can be said of what rust saves. Choose by something else."
    saved, gained = decision.saved, decision.gained
    who, other = ("rust", "numba") if saved.value > 0 else ("numba", "rust")
    ends = sorted(abs(end) for end in (saved.low, saved.high))
    said += (
        f"{who} saves {duration(abs(saved.value))} of that "
        f"[{duration(ends[0])}, {duration(ends[1])}]. "
    )
    if decision.cheaper is None:
        return said + f"In {plan.studies:,} studies, and the work counted: indistinguishable."
    ends = sorted(abs(end) for end in (gained.low, gained.high))
    said += (
        f"In {plan.studies:,} studies, and the work counted, {decision.cheaper} costs less, by "
        f"{abs(gained.value):,.1f} [{ends[0]:,.1f}, {ends[1]:,.1f}] hours of work."
    )
    extra = plan.hours[who] - plan.hours[other]
    worth = plan.worth * abs(saved.value)
    if extra > 0 and worth > 0:
        said += f" What {who} takes more to write comes back after {extra / worth:,.0f} studies."
    return said


def duration(hours: float) -> str:
    """Show a time in a unit that suits it."""
    for unit, name in ((24.0, "days"), (1.0, "h"), (1 / 60, "min"), (1 / 3600, "s")):
        if hours >= unit:
            return f"{hours / unit:.3g} {name}"
    return f"{hours * 3.6e6:.3g} ms"


MOST_OFFERS = 2_000_000
"""In a batch that is measured here: more would take much memory."""


class DecisionPanel(ExploringJob):
    """Sliders for one's own case; answered from the stored run, or measured by button.

    Parameters
    ----------
    rounds : int
        Samples of each backend.
    sample_seconds : float
        Shortest duration of a sample.
    """

    def __init__(
        self, rounds: int = timing.ROUNDS, sample_seconds: float = timing.SAMPLE_SECONDS
    ) -> None:
        self._options: dict[str, Any] = {"rounds": rounds, "sample_seconds": sample_seconds}
        self.measured: dict[Case, Race] = {}
        tens = [10**power for power in range(3, 13)]
        controls = {
            "offers": stepper("offers a market", (5, 10, 20, 32, 50, 100, 200, 1000, 10_000), 32),
            "markets": stepper("markets a call", (1, 10, 100, 1000, 10_000), 10_000),
            "threads": stepper("threads", THREADS, 1),
            "total": stepper("markets a study", tens, 10**9),
            "share": slider("share of clearing", 30, 1, 100, 1, "%"),
            "studies": stepper("studies", (1, 3, 10, 30, 100, 300, 1000, 3000, 10_000), 100),
            "numba": slider("to write it in numba", 20, 0, 200, 5, "h"),
            "rust": slider("to write it in Rust", 20, 0, 200, 5, "h"),
            "worth": slider("worth of a computed hour", 20, 0, 100, 5, "%"),
        }
        for control in controls.values():
            control.style = {"description_width": "17em"}
        super().__init__("Measure my case", rounds, controls)

    @property
    def case(self) -> Case:
        """What the sliders say of a call; one market is cleared by one thread."""
        offers, markets, threads = (
            self.controls[name].value for name in ("offers", "markets", "threads")
        )
        return Case(offers, markets, threads if markets > 1 else 1)

    @property
    def plan(self) -> Plan:
        """What the sliders say of the studies."""
        value = self.chosen
        hours = {name: float(value[name]) for name in BACKENDS}
        return Plan(
            value["total"], value["share"] / 100, value["studies"], hours, value["worth"] / 100
        )

    @property
    def evidence(self) -> list[Evidence]:
        """What was measured here."""
        return [
            Evidence(race, case.distribution, case.markets, here())
            for case, race in self.measured.items()
        ]

    def answer(self) -> Shown:
        """Decide, if the case was measured here or for the stored run."""
        case, plan = self.case, self.plan
        race, where = self.measured.get(case), f"Measured here ({here()})"
        if race is None:
            race, where = stored_cases().get(case), f"Stored ({place(reference())})"
        if race is None:
            said = (
                f"This case has not been measured yet: {case}. Press the button. "
                f"Stored: {_listed(stored_cases())}."
            )
            return decision_picture(None, plan), said
        if threaded("rust", case.threads) not in race.rounds:
            said = f"{case}: numba alone was measured.{without_rust()}"
            return decision_picture(None, plan), said
        decision = decide(race, case, plan)
        said = f"{where}, {case}. {decision_sentence(decision, plan)}"
        return decision_picture(decision, plan), said

    def work(self) -> None:
        """Race the backends in this case."""
        case = self.case
        if case.offers * case.markets > MOST_OFFERS:
            most = MOST_OFFERS // case.offers
            raise NotNow(f"Too large to measure here: take at most {most:,} markets a call.")
        self.doing.value = f"{case} …"
        usable = tuple(name for name in BACKENDS if name in market_py.available_backends())
        make: Any = single_case
        options = self._options
        if case.markets > 1:
            make = batch_case
            options = options | {"markets": case.markets, "threads": (case.threads,)}
        timed = make(case.distribution, case.offers, usable, **options)
        self.measured[case] = timed.race(self.advance, self.is_stopped)
        self.show(self.answer())
