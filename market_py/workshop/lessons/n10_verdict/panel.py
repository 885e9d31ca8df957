"""The panels of notebook 10: how much each fix saves, and which backend suits your case."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from market_py.benchmark import timing
from market_py.benchmark.cases.case import BenchmarkCase
from market_py.benchmark.cases.clearing import batch_case, single_case, threaded
from market_py.benchmark.reference import place, reference
from market_py.benchmark.report.waterfall import ORDERS, Saving, savings
from market_py.benchmark.settings import LADDER_SIZE
from market_py.benchmark.timing import Race
from market_py.workshop.lessons.n10_verdict import decision
from market_py.workshop.lessons.n10_verdict.decision import Case
from market_py.workshop.lessons.n10_verdict.evidence import Evidence, here
from market_py.workshop.lessons.n10_verdict.plots import decision_picture, waterfall
from market_py.workshop.playground import variants as added_variants
from market_py.workshop.widgets.controls import choice, slider, stepper
from market_py.workshop.widgets.panel import Job, NotNow, Shown
from market_py.workshop.widgets.sweep import installed, without_rust

STORED, OWN = "the stored run", "my own"
INPUTS = {"distinct markets": "random", "one market, repeated": "repeated"}
"""Distributions of inputs on which the ladder is timed, by what they are called."""
LADDER_SIZES = (20, 50, LADDER_SIZE, 1000)
TIMED_VARIANTS = tuple(
    dict.fromkeys(
        variant for order in ORDERS for fix in order.fixes for variant in (fix.before, fix.after)
    )
)


class EvidencePanel(Job):
    """A panel that answers from the stored run, or from what was measured here by button.

    `answer` takes what was measured here and the values of the controls. `case` takes these values;
    it returns what the button races, and under which key to keep it.
    """

    shows_a_stored_run = True

    def __init__(
        self,
        label: str,
        controls: Mapping[str, Any],
        answer: Callable[..., Shown],
        case: Callable[..., tuple[Any, BenchmarkCase]],
        rounds: int = timing.ROUNDS,
        **options: Any,
    ) -> None:
        self.controls = dict(controls)
        self._answer, self._case = answer, case
        self._options: dict[str, Any] = {"rounds": rounds, **options}
        self.measured: dict[Any, Evidence] = {}
        super().__init__(label, rounds, self._current(), controls)
        self.follow(self._current)

    @property
    def evidence(self) -> list[Evidence]:
        """What was measured here."""
        return [*self.measured.values()]

    def _current(self) -> Shown:
        return self._answer(self.measured, **self.chosen)

    def work(self) -> None:
        """Run the chosen race; an unfinished one is dropped."""
        key, case = self._case(**self.chosen)
        self.doing.value = f"{case.label} …"
        race = replace(case, **self._options).race(self.advance, self.is_stopped)
        self.measured[key] = Evidence(race, case.distribution, case.markets, here())
        self.show(self._current())


def _where(is_stored: bool) -> str:
    return f"Stored ({place(reference())})" if is_stored else f"Measured here ({here()})"


class WaterfallPanel(EvidencePanel):
    """What each fix saves, in a chosen order."""

    def __init__(self, **options: Any) -> None:
        controls = {
            "source": choice("timings", [STORED, OWN]),
            "order": choice("order of the fixes", [order.name for order in ORDERS]),
            "inputs": choice("inputs", list(INPUTS)),
            "size": stepper("offers N of my own", LADDER_SIZES, LADDER_SIZE),
        }
        super().__init__("Measure my own", controls, self._draw, _ladder_case, **options)

    def race(self) -> Race | None:
        """The race that is shown; None where it has not been run."""
        source, _, inputs, size = self.chosen.values()
        if source == STORED:
            return reference().find("ladder", INPUTS[inputs], LADDER_SIZE)
        own = self.measured.get((inputs, size))
        return own.race if own else None

    def savings(self, order: str) -> list[Saving]:
        """What each fix of an order saves in the race that is shown; empty where it cannot say."""
        (wanted,) = [it for it in ORDERS if it.name == order]
        return savings(self.race(), wanted)

    def _draw(self, _: object, source: str, order: str, inputs: str, **__: Any) -> Shown:
        """Draw the waterfall that is chosen."""
        race, found = self.race(), self.savings(order)
        if race is None:
            said = f"Not measured yet: press the button.{without_rust()}"
        elif not found:
            said = f"{order} was not measured.{without_rust()}"
        else:
            said = f"{_where(source == STORED)}, {inputs}, N = {race.size}. {order}: "
            said += waterfall_sentence(race, found) + own_sentence(race)
        return waterfall(race, found, own_variants(race)), said

    def work(self) -> None:
        """Run the race, and show it instead of the stored one."""
        super().work()
        self.controls["source"].value = OWN
        self.wait()


def own_variants(race: Race | None) -> list[str]:
    """Return the learner's variants among the candidates of a race."""
    return [name for name in added_variants() if race and name in race.candidates]


def own_sentence(race: Race) -> str:
    """Say how the learner's variants did, or how to add one."""
    if not added_variants():
        return (
            " You have no variant of your own yet: the exercises of 05 to 07 add them, and so does "
            "playground.add."
        )
    if not (own := own_variants(race)):
        return " Your variants were not timed in this run: choose your own timings."
    first = race.candidates[0]
    said = [f"{it} {race.quartiles(it)[1]:,.0f} ns" for it in own]
    return f" Your variants: {', '.join(said)}; {first} takes {race.quartiles(first)[1]:,.0f} ns."


def _ladder_case(inputs: str, size: int, **_: Any) -> tuple[tuple[str, int], BenchmarkCase]:
    names = installed((*TIMED_VARIANTS, *added_variants()))
    return (inputs, size), single_case(INPUTS[inputs], size, names, kind="ladder")


def waterfall_sentence(race: Race, found: list[Saving]) -> str:
    """Say what was saved by what, what is left, and which savings may be zero."""
    first, last = found[0].fix.before, found[-1].fix.after
    medians = {name: float(np.median(race.rounds[name])) for name in (first, last)}
    saved = [f"{it.fix.removed} {it.nanoseconds.value:,.0f} ({it.share:.0%})" for it in found]
    lost = [it.fix.removed for it in found if it.nanoseconds.low <= 0 <= it.nanoseconds.high]
    sentence = (
        f"{first} takes {medians[first]:,.0f} ns, {last} {medians[last]:,.0f} ns. What was "
        f"removed, and the ns that it saved: {'; '.join(saved)}."
    )
    if lost:
        sentence += f" Indistinguishable from 0: {'; '.join(lost)}."
    return sentence


FOLDED = ("markets", "threads", "numba", "rust", "worth")
"""Controls of the decision that few people change."""


def decision_panel(**options: Any) -> EvidencePanel:
    """Sliders for one's own case and plan: which backend costs less."""
    powers = (1, 3, 10, 30, 100, 300, 1000, 3000, 10_000)
    controls = {
        "offers": stepper("offers a market", (5, 10, 20, 32, 50, 100, 200, 1000, 10_000), 32),
        "study": stepper("hours a study, with numba", powers, 10),
        "share": slider("share of clearing", 30, 1, 100, 1, "%"),
        "studies": stepper("studies", powers, 100),
        "markets": stepper("markets a call", (1, 10, 100, 1000, 10_000), 10_000),
        "threads": stepper("threads", decision.THREADS, 1),
        "numba": slider("to write it in numba", 20, 0, 200, 5, "h"),
        "rust": slider("to write it in Rust", 60, 0, 200, 5, "h"),
        "worth": slider("worth of a computed hour", 20, 0, 100, 5, "%"),
    }
    for control in controls.values():
        control.style = {"description_width": "17em"}
    panel = EvidencePanel("Measure my case", controls, _decide, _decision_case, **options)
    panel.fold("how you clear, and what work is worth", FOLDED)
    return panel


def _decide(measured: Mapping[Case, Evidence], **chosen: Any) -> Shown:
    """Decide, if the case was measured here or for the stored run."""
    case, plan, stored = _case(**chosen), _plan(**chosen), decision.stored_cases()
    race = measured[case].race if case in measured else stored.get(case)
    if race is None:
        said = f"This case has not been measured yet: {case}. Press the button. "
        return decision_picture(None, plan), f"{said}Stored: {decision.listed(stored)}."
    if threaded("rust", case.threads) not in race.rounds:
        said = f"{case}: numba alone was measured.{without_rust()}"
        return decision_picture(None, plan), said
    decided = decision.decide(race, case, plan)
    said = f"{_where(case not in measured)}, {case}. {decision.sentence(decided, plan)}"
    return decision_picture(decided, plan), said


def _case(offers: int, markets: int, threads: int, **_: Any) -> Case:
    """Make the case of the sliders; one market is cleared by one thread."""
    return Case(offers, markets, threads if markets > 1 else 1)


def _plan(
    study: int, share: int, studies: int, numba: int, rust: int, worth: int, **_: Any
) -> decision.Plan:
    hours = {"numba": numba, "rust": rust}
    return decision.Plan(study, share / 100, studies, hours, worth / 100)


MOST_OFFERS = 2_000_000
"""In a batch that is measured here: more would take much memory."""


def _decision_case(**chosen: Any) -> tuple[Case, BenchmarkCase]:
    case = _case(**chosen)
    if case.offers * case.markets > MOST_OFFERS:
        most = MOST_OFFERS // case.offers
        raise NotNow(f"Too large to measure here: take at most {most:,} markets a call.")
    wanted = case.distribution, case.offers, installed(decision.BACKENDS)
    if case.markets == 1:
        return case, single_case(*wanted)
    return case, batch_case(*wanted, markets=case.markets, threads=(case.threads,))
