"""Races that a claim may cite: the learner's own and those of the stored run."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

from market_py.benchmark import machine
from market_py.benchmark.reference import place, reference
from market_py.benchmark.results import Kind
from market_py.benchmark.timing import Race

CITABLE: tuple[Kind, ...] = ("single", "ladder", "repeated", "batch", "distributions")
"""Sections of the stored run that are about clearing."""


class Evidence(NamedTuple):
    """A race, and where it was run."""

    race: Race
    distribution: str
    markets: int
    """Per call."""
    where: str
    """The machine."""

    def __str__(self) -> str:
        calls = f"{self.markets:,} markets a call" if self.markets > 1 else "one market a call"
        return f"{self.distribution}, N = {self.race.size:,}, {calls}, {self.where}"


@cache
def here() -> str:
    """Say on which machine this is."""
    found = machine.record()
    return f"{found['cpu']}, {found['cores']} cores"


def citable(own: Sequence[Evidence]) -> list[Evidence]:
    """A learner's own races, then those of the stored run, distinct random markets first."""
    results = reference()
    stored = (
        Evidence(timed.race, timed.distribution, timed.markets, place(results))
        for timed in results.of_kind(*CITABLE)
    )
    return [*own, *stored]
