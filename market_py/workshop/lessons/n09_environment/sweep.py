"""The panel of notebook 09 that varies agents, markets and threads."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from market_py.benchmark import timing
from market_py.benchmark.cases.steps import AGENTS, step_case
from market_py.benchmark.timing import Race
from market_py.env import available_steppers
from market_py.workshop.lessons.n09_environment import plots
from market_py.workshop.widgets.sweep import SweepPanel

MARKETS = 256
"""Fewer than in the benchmark, so that the slowest points take seconds."""


class StepPoint(NamedTuple):
    """A point of a sweep: what is stepped, and on how many threads."""

    agents: int = AGENTS
    markets: int = MARKETS
    threads: int = 1

    def __str__(self) -> str:
        """Name all three, in a label or a sentence."""
        some = "threads" if self.threads > 1 else "thread"
        return f"{self.agents:,} agents, {self.markets:,} markets, {self.threads} {some}"


def threads_here() -> tuple[int, ...]:
    """Return one, two, four … until all cores of this machine are at work."""
    cores = max(2, os.cpu_count() or 1)
    doubled = [2**power for power in range(cores.bit_length()) if 2**power < cores]
    return (*doubled, cores)


SWEEPS = {
    "agents": tuple(StepPoint(agents=number) for number in (2, 5, 10, 20, 50, 100)),
    "markets": tuple(StepPoint(markets=number) for number in (1, 4, 16, 64, 256, 1024, 4096)),
    "threads": tuple(StepPoint(threads=number) for number in threads_here()),
}
"""One number varies in each; the others stay where all three sweeps meet."""


class StepSweepPanel(SweepPanel):
    """Race the steps at one point after the other."""

    races: dict[StepPoint, Race]

    def __init__(
        self,
        sweeps: Mapping[str, tuple[StepPoint, ...]] = SWEEPS,
        rounds: int = 7,
        **options: Any,
    ) -> None:
        self._sweeps = sweeps
        super().__init__("Sweep", rounds=rounds, **options)

    def points(self) -> list[StepPoint]:
        """All points; where the sweeps meet they share a race."""
        return list(dict.fromkeys(point for points in self._sweeps.values() for point in points))

    def race_at(self, point: StepPoint) -> Race:
        """Race the steps of all backends."""
        case = step_case(point.markets, point.agents, point.threads, **self.options)
        return case.race(**self.watched)

    def draw(self) -> bytes:
        """Draw market-steps per second against what varies."""
        return plots.step_sweep(
            {
                name: {
                    getattr(point, name): speeds(self.races[point], point.markets)
                    if point in self.races
                    else {}
                    for point in points
                }
                for name, points in self._sweeps.items()
            }
        )

    def summary(self) -> str:
        """Say how fast steps are in the middle, and what each number changes."""
        centre = StepPoint() if StepPoint() in self.races else next(iter(self.races))
        told = ", ".join(
            f"{name} {median / 1e6:.2f}"
            for name, (_, median, _) in speeds(self.races[centre], centre.markets).items()
        )
        said = [f"{centre}, in millions of market-steps per second: {told}"]
        fastest = available_steppers()[0]
        for name, points in self._sweeps.items():
            done = [point for point in points if point in self.races]
            if len(done) > 1:
                gain = change(self.races, done[0], done[-1], fastest)
                said.append(
                    f"from {getattr(done[0], name):,} to {getattr(done[-1], name):,} {name} those "
                    f"of {fastest} become {gain} times as many"
                )
        return "; ".join(said) + "."


def speeds(race: Race, markets: int) -> dict[str, tuple[float, float, float]]:
    """Market-steps per second of each candidate: lower quartile, median and upper quartile."""
    found = {}
    for name in race.candidates:
        low, median, high = markets * 1e9 / np.array(race.quartiles(name))[::-1]
        found[name] = float(low), float(median), float(high)
    return found


def change(
    races: Mapping[StepPoint, Race], one: StepPoint, other: StepPoint, name: str
) -> timing.Ratio:
    """How many times as many market-steps per second a candidate takes at the other point."""
    return timing.ratio_of_medians(
        races[one].rounds[name] / one.markets, races[other].rounds[name] / other.markets
    )
