"""Compute which backend suits a use case, from a race and a plan."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import numpy as np

from market_py.benchmark.cases.clearing import threaded
from market_py.benchmark.reference import reference
from market_py.benchmark.results import Kind
from market_py.benchmark.timing import Race, Ratio, Verdict

BACKENDS = ("numba", "rust")
"""Between which there is to be decided."""
KINDS: tuple[Kind, ...] = ("single", "batch")
"""Of races that decide."""
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
        threads = "1 thread" if self.threads == 1 else f"{self.threads} threads"
        return f"{self.markets:,} markets a call on {threads}"

    def __str__(self) -> str:
        """Say it in words."""
        return f"{self.offers:,} offers, {self.call}"


@dataclass(frozen=True)
class Plan:
    """What is to be done with it, and what it is worth."""

    markets: float
    """Cleared in a study."""
    share: float
    """Of the time of a study that is clearing, if it is done with numba."""
    studies: int
    hours: dict[str, float]
    """To write and to maintain each backend, of a developer."""
    worth: float
    """Of an hour of computing, in hours of work."""


@dataclass(frozen=True)
class Decision:
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
    hours = plan.markets / case.markets / 3600e9
    clearing = {name: float(np.median(race.rounds[it])) * hours for name, it in names.items()}
    saved = _scaled(race.difference(names["numba"], names["rust"]), hours)
    return Decision(
        race.speedup(names["rust"], over=names["numba"]),
        race.verdict(names["rust"], over=names["numba"]),
        clearing,
        clearing["numba"] * (1 - plan.share) / plan.share,
        saved,
        _scaled(saved, plan.worth * plan.studies, plan.hours["numba"] - plan.hours["rust"]),
    )


def _scaled(found: Ratio, factor: float, start: float = 0.0) -> Ratio:
    return Ratio(*(start + factor * number for number in (found.value, found.low, found.high)))


@cache
def stored_cases() -> dict[Case, Race]:
    """Return the cases that the stored run answers."""
    answered = {}
    for kind in KINDS:
        for timed, threads in itertools.product(reference().of_kind(kind), THREADS):
            case = Case(timed.race.size, timed.markets, threads)
            names = {threaded(name, threads) for name in BACKENDS}
            if timed.distribution == case.distribution and names <= set(timed.race.rounds):
                answered[case] = timed.race
    return answered
