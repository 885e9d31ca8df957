"""Compute which backend suits a use case, from a race and a plan."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import NamedTuple

import numpy as np

from market_py.benchmark.cases.clearing import threaded
from market_py.benchmark.reference import reference
from market_py.benchmark.timing import Race, Ratio, Verdict
from market_py.workshop.widgets.sentence import counted

BACKENDS = ("numba", "rust")
"""Between which there is to be decided."""
THREADS = (1, 2, 4)


class Case(NamedTuple):
    """What is to be cleared in a call."""

    offers: int
    markets: int
    threads: int

    @property
    def distribution(self) -> str:
        """Of the inputs."""
        return "random" if self.markets == 1 else "own bids"

    @property
    def call(self) -> str:
        """How many markets a call clears, in words."""
        if self.markets == 1:
            return "one market a call"
        return f"{self.markets:,} markets a call on {counted(self.threads, 'thread')}"

    def __str__(self) -> str:
        return f"{self.offers:,} offers, {self.call}"


class Plan(NamedTuple):
    """What is to be done with it, and what it is worth."""

    study: float
    """Hours that a study takes, if it is done with numba."""
    share: float
    """Of these hours that are clearing."""
    studies: int
    hours: Mapping[str, float]
    """To write and to maintain each backend, of a developer."""
    worth: float
    """Of an hour of computing, in hours of work."""


class Decision(NamedTuple):
    """What follows from a race of both backends and from a plan."""

    ratio: Ratio
    """How many times as fast Rust clears."""
    verdict: Verdict
    """Of Rust over numba."""
    clearing: dict[str, float]
    """Hours of a study."""
    rest: float
    """Hours of a study that are not clearing, the same with both."""
    saved: Ratio
    """Hours of a study that Rust saves."""
    gained: Ratio
    """Hours of work that Rust saves in all studies, its own included."""

    @property
    def cheaper(self) -> str | None:
        """The backend that costs less in all; None where the interval does not say."""
        if self.gained.low > 0:
            return "rust"
        return "numba" if self.gained.high < 0 else None


def decide(race: Race, case: Case, plan: Plan) -> Decision:
    """Work out what a race says about a plan."""
    names = {name: threaded(name, case.threads) for name in BACKENDS}
    medians = {name: float(np.median(race.rounds[it])) for name, it in names.items()}
    hours = plan.study * plan.share / medians["numba"]
    clearing = {name: median * hours for name, median in medians.items()}
    saved = _scaled(race.difference(names["numba"], names["rust"]), hours)
    return Decision(
        race.speedup(names["rust"], over=names["numba"]),
        race.verdict(names["rust"], over=names["numba"]),
        clearing,
        plan.study * (1 - plan.share),
        saved,
        _scaled(saved, plan.worth * plan.studies, plan.hours["numba"] - plan.hours["rust"]),
    )


def _scaled(found: Ratio, factor: float, start: float = 0.0) -> Ratio:
    return Ratio(*(start + factor * number for number in (found.value, found.low, found.high)))


@cache
def stored_cases() -> dict[Case, Race]:
    """Return the cases that the stored run answers."""
    answered = {}
    for timed, threads in itertools.product(reference().of_kind("single", "batch"), THREADS):
        case = Case(timed.race.size, timed.markets, threads)
        names = {threaded(name, threads) for name in BACKENDS}
        if timed.distribution == case.distribution and names <= set(timed.race.rounds):
            answered[case] = timed.race
    return answered


def unit_of(hours: float) -> tuple[float, str]:
    """Return a unit that suits a time, in hours, and its name."""
    units = ((24.0, "days"), (1.0, "h"), (1 / 60, "min"), (1 / 3600, "s"))
    return next((unit for unit in units if hours >= unit[0]), (1 / 3.6e6, "ms"))


def duration(hours: float) -> str:
    """Show a time in a unit that suits it."""
    unit, name = unit_of(hours)
    return f"{hours / unit:.3g} {name}"


def listed(cases: Iterable[Case]) -> str:
    """Name cases, those with as many markets and threads together."""
    groups: dict[str, list[str]] = {}
    for case in cases:
        groups.setdefault(case.call, []).append(f"{case.offers:,}")
    return "; ".join(f"{call}, of {', '.join(offers)} offers" for call, offers in groups.items())


def sentence(decision: Decision, plan: Plan) -> str:
    """Say what a decision rests on, what it saves, and who costs less."""
    said = (
        f"rust clears {decision.ratio} times as fast as numba: {decision.verdict}. A study "
        f"takes {duration(plan.study)} with numba, {duration(decision.clearing['numba'])} of it "
        "clearing; "
    )
    if decision.verdict == "indistinguishable":
        return said + "nothing can be said of what rust saves. Choose by something else."
    who, other = ("rust", "numba") if decision.saved.value > 0 else ("numba", "rust")
    said += f"{who} saves {_amount(decision.saved, duration)} of that. "
    if decision.cheaper is None:
        return said + f"In {plan.studies:,} studies, and the work counted: indistinguishable."
    said += (
        f"In {plan.studies:,} studies, and the work counted, {decision.cheaper} costs less, by "
        f"{_amount(decision.gained, '{:,.1f}'.format)} hours of work."
    )
    extra = plan.hours[who] - plan.hours[other]
    worth = plan.worth * abs(decision.saved.value)
    if extra > 0 and worth > 0:
        said += f" What {who} takes more to write comes back after {extra / worth:,.0f} studies."
    return said


def _amount(found: Ratio, show: Callable[[float], str]) -> str:
    """Show a difference, whichever way it goes, with its interval."""
    low, high = sorted((abs(found.low), abs(found.high)))
    return f"{show(abs(found.value))} [{show(low)}, {show(high)}]"
