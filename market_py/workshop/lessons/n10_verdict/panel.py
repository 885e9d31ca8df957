"""The panels of notebook 10: what each fix saved, and what would be chosen in one's own case."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from market_py.benchmark import timing
from market_py.benchmark.cases.case import BenchmarkCase
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
    duration,
    stored_cases,
)
from market_py.workshop.lessons.n10_verdict.evidence import REPEATED, Evidence, here
from market_py.workshop.lessons.n10_verdict.plots import decision_picture, waterfall
from market_py.workshop.widgets.controls import choice, slider, stepper
from market_py.workshop.widgets.panel import Job, NotNow, Shown
from market_py.workshop.widgets.sweep import installed, without_rust

STORED, OWN = "the stored run", "my own"
INPUTS = {"distinct markets": "random", "one market, repeated": REPEATED}
"""Distributions of inputs on which the ladder is timed, by what they are called."""
LADDER_SIZES = (20, 50, LADDER_SIZE, 1000)
TIMED_VARIANTS = tuple(
    dict.fromkeys(
        variant for order in ORDERS for fix in order.fixes for variant in (fix.before, fix.after)
    )
)


class EvidencePanel(Job):
    """A panel that answers from the stored run, or from what was measured here by button.

    A subclass answers the controls in `answer`, and makes what is measured in `case`. The rounds
    and other options are fields of the case.
    """

    run_when_shown = False  # There is something to show without.

    def __init__(
        self,
        label: str,
        controls: Mapping[str, Any],
        rounds: int = timing.ROUNDS,
        **options: Any,
    ) -> None:
        self.controls = dict(controls)
        self._options: dict[str, Any] = {"rounds": rounds, **options}
        self.measured: dict[Any, Evidence] = {}
        """Races that were run here, by what the controls said."""
        super().__init__(label, rounds, self.answer(), controls)
        self.follow(self.answer)

    @property
    def evidence(self) -> list[Evidence]:
        """What was measured here."""
        return [*self.measured.values()]

    def answer(self) -> Shown:
        """Return the picture and the sentence for the values of the controls."""
        raise NotImplementedError

    def case(self) -> tuple[Any, BenchmarkCase]:
        """Make the case for the values of the controls, and its key."""
        raise NotImplementedError

    def work(self) -> None:
        """Run the chosen race; an unfinished one is dropped."""
        key, case = self.case()
        self.doing.value = f"{case.label} …"
        race = case.race(self.advance, self.is_stopped)
        self.measured[key] = Evidence(race, case.distribution, case.markets, here())
        self.show(self.answer())


class WaterfallPanel(EvidencePanel):
    """What each fix saves, in a chosen order."""

    def __init__(self, **options: Any) -> None:
        controls = {
            "source": choice("timings", [STORED, OWN]),
            "order": choice("order of the fixes", [order.name for order in ORDERS]),
            "inputs": choice("inputs", list(INPUTS)),
            "size": stepper("offers N of my own", LADDER_SIZES, LADDER_SIZE),
        }
        super().__init__("Measure my own", controls, **options)

    @property
    def _key(self) -> tuple[str, int]:
        """Distribution of inputs and number of offers of one's own race."""
        return INPUTS[self.chosen["inputs"]], self.chosen["size"]

    def race(self) -> Race | None:
        """The race that is shown; None where it has not been run."""
        if self.chosen["source"] == STORED:
            return reference().find("ladder", self._key[0], LADDER_SIZE)
        own = self.measured.get(self._key)
        return own.race if own else None

    def savings(self, order: str) -> list[Saving]:
        """What each fix of an order saves in the race that is shown; empty where it cannot say."""
        race, (wanted,) = self.race(), [it for it in ORDERS if it.name == order]
        return savings(race, wanted) if race is not None and _complete(race, wanted) else []

    def answer(self) -> Shown:
        """Draw the waterfall that is chosen."""
        source, order, inputs, _ = self.chosen.values()
        race, found = self.race(), self.savings(order)
        if race is None:
            said = f"Not measured yet: press the button.{without_rust()}"
        elif not found:
            said = f"{order} was not measured.{without_rust()}"
        else:
            where = f"Stored ({place(reference())})" if source == STORED else _measured_here()
            said = f"{where}, {inputs}, N = {race.size}. {order}: {waterfall_sentence(race, found)}"
        return waterfall(race, found), said

    def case(self) -> tuple[Any, BenchmarkCase]:
        """Make a case of all variants at the chosen size."""
        distribution, offers = self._key
        names = installed(TIMED_VARIANTS)
        case = single_case(distribution, offers, names, kind="ladder", **self._options)
        return (distribution, offers), case

    def work(self) -> None:
        """Run the race, and show it instead of the stored one."""
        super().work()
        self.controls["source"].value = OWN
        self.wait()


def _measured_here() -> str:
    return f"Measured here ({here()})"


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


MOST_OFFERS = 2_000_000
"""In a batch that is measured here: more would take much memory."""


class DecisionPanel(EvidencePanel):
    """Sliders for one's own case and plan: which backend costs less."""

    def __init__(self, **options: Any) -> None:
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
        super().__init__("Measure my case", controls, **options)

    @property
    def _key(self) -> Case:
        """What the sliders say of a call; one market is cleared by one thread."""
        offers, markets, threads, *_ = self.chosen.values()
        return Case(offers, markets, threads if markets > 1 else 1)

    @property
    def plan(self) -> Plan:
        """What the sliders say of the studies."""
        *_, total, share, studies, numba, rust, worth = self.chosen.values()
        return Plan(total, share / 100, studies, {"numba": numba, "rust": rust}, worth / 100)

    def answer(self) -> Shown:
        """Decide, if the case was measured here or for the stored run."""
        case, plan = self._key, self.plan
        if case in self.measured:
            race, where = self.measured[case].race, _measured_here()
        elif case in stored_cases():
            race, where = stored_cases()[case], f"Stored ({place(reference())})"
        else:
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

    def case(self) -> tuple[Case, BenchmarkCase]:
        """Make a case of both backends."""
        case = self._key
        if case.offers * case.markets > MOST_OFFERS:
            most = MOST_OFFERS // case.offers
            raise NotNow(f"Too large to measure here: take at most {most:,} markets a call.")
        make: Any = single_case
        options = self._options
        if case.markets > 1:
            make = batch_case
            options = options | {"markets": case.markets, "threads": (case.threads,)}
        return case, make(case.distribution, case.offers, installed(BACKENDS), **options)
