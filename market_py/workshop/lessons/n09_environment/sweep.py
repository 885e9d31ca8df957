"""The panel of notebook 09 that sweeps agents, markets and threads."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, NamedTuple

from market_py.benchmark import timing
from market_py.benchmark.cases.case import BenchmarkCase
from market_py.benchmark.cases.steps import AGENTS, step_case
from market_py.benchmark.timing import Race
from market_py.env import available_steppers
from market_py.plots.axes import Interval
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

    point_label = "{}"

    def __init__(
        self,
        sweeps: Mapping[str, tuple[StepPoint, ...]] = SWEEPS,
        rounds: int = 7,
        **options: Any,
    ) -> None:
        self._sweeps = sweeps
        super().__init__("Sweep", rounds=rounds, **options)

    def cases(self) -> dict[StepPoint, BenchmarkCase]:
        """Make a case for each point; where the sweeps meet they share it."""
        points = (point for points in self._sweeps.values() for point in points)
        return {point: step_case(**point._asdict(), **self.options) for point in points}

    def draw(self) -> bytes:
        """Draw market-steps per second against what varies."""
        sweeps: dict[str, dict[int, dict[str, Interval]]] = {name: {} for name in self._sweeps}
        for name, points in self._sweeps.items():
            for point in points:
                race = self.races.get(point)
                sweeps[name][getattr(point, name)] = speeds(race) if race else {}
        return plots.step_sweep(sweeps)

    def summary(self) -> str:
        """Say how fast steps are in the middle, and what each number changes."""
        centre = StepPoint() if StepPoint() in self.races else next(iter(self.races))
        told = ", ".join(
            f"{name} {median / 1e6:.2f}"
            for name, (_, median, _) in speeds(self.races[centre]).items()
        )
        said = [f"{centre}, in millions of market-steps per second: {told}"]
        fastest = available_steppers()[0]
        for name, points in self._sweeps.items():
            done = [point for point in points if point in self.races]
            if len(done) > 1:
                first, last = done[0], done[-1]
                times = (self.races[point].rounds[fastest] for point in (first, last))
                gain = timing.ratio_of_medians(*times)
                said.append(
                    f"from {getattr(first, name):,} to {getattr(last, name):,} {name} those "
                    f"of {fastest} become {gain} times as many"
                )
        return "; ".join(said) + "."


def speeds(race: Race) -> dict[str, Interval]:
    """Market-steps per second of each candidate: lower quartile, median and upper quartile."""
    quartiles = {name: race.quartiles(name) for name in race.candidates}
    return {
        name: (1e9 / high, 1e9 / median, 1e9 / low)
        for name, (low, median, high) in quartiles.items()
    }
