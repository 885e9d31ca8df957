"""Races that a claim may cite: the learner's own and those of the stored run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from market_py.benchmark import machine
from market_py.benchmark.reference import place, reference
from market_py.benchmark.results import Kind
from market_py.benchmark.timing import Race

CITABLE: tuple[Kind, ...] = ("single", "ladder", "repeated", "batch", "distributions")
"""Sections of the stored run that are about clearing."""
REPEATED = "repeated"
"""The distribution of one market, repeated."""


@dataclass(frozen=True)
class Evidence:
    """A race, and where it was run."""

    race: Race
    distribution: str
    markets: int
    """Per call."""
    where: str
    """The machine."""

    def __str__(self) -> str:
        """Say what was raced, and where."""
        calls = f"{self.markets:,} markets a call" if self.markets > 1 else "one market a call"
        return f"{self.distribution}, N = {self.race.size:,}, {calls}, {self.where}"


def stored() -> list[Evidence]:
    """The races of the stored run, those of distinct random markets first."""
    results = reference()
    return [
        Evidence(timed.race, timed.distribution, timed.markets, place(results))
        for kind in CITABLE
        for timed in results.of_kind(kind)
    ]


@cache
def here() -> str:
    """Say on which machine this is."""
    found = machine.record()
    return f"{found['cpu']}, {found['cores']} cores"


def citable(own: list[Evidence]) -> Iterator[Evidence]:
    """A learner's own races, then the stored ones."""
    yield from own
    yield from stored()
