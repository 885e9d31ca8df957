"""The panel of notebook 09 that sweeps agents, markets and threads."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from market_py.benchmark import timing
from market_py.benchmark.cases.steps import AGENTS, step_case
from market_py.benchmark.timing import Race
from market_py.env import available_steppers
from market_py.plots.axes import Interval
from market_py.workshop.lessons.n09_environment import plots
from market_py.workshop.widgets.panel import Shown
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


def step_sweep_panel(
    sweeps: Mapping[str, Sequence[StepPoint]] = SWEEPS, rounds: int = 7, **options: Any
) -> SweepPanel:
    """Race the steps at one point after the other; where the sweeps meet they share a race."""
    points = (point for points in sweeps.values() for point in points)
    cases = {point: step_case(**point._asdict()) for point in points}

    def answer(races: Mapping[StepPoint, Race]) -> Shown:
        return draw(sweeps, races), summary(sweeps, races)

    empty = draw(sweeps, {})
    return SweepPanel("Sweep", {}, lambda: cases, answer, empty, rounds=rounds, **options)


def draw(sweeps: Mapping[str, Sequence[StepPoint]], races: Mapping[StepPoint, Race]) -> bytes:
    """Draw market-steps per second against what varies."""
    found: dict[str, dict[int, dict[str, Interval]]] = {}
    for name, points in sweeps.items():
        found[name] = {
            getattr(point, name): speeds(races[point]) if point in races else {} for point in points
        }
    return plots.step_sweep(found)


def summary(sweeps: Mapping[str, Sequence[StepPoint]], races: Mapping[StepPoint, Race]) -> str:
    """Say how fast steps are in the middle, and what each number changes."""
    centre = StepPoint() if StepPoint() in races else next(iter(races))
    told = ", ".join(
        f"{name} {median / 1e6:.2f}" for name, (_, median, _) in speeds(races[centre]).items()
    )
    said = [f"{centre}, in millions of market-steps per second: {told}"]
    fastest = available_steppers()[0]
    for name, points in sweeps.items():
        done = [point for point in points if point in races]
        if len(done) > 1:
            first, last = done[0], done[-1]
            gain = timing.ratio_of_medians(
                races[first].rounds[fastest], races[last].rounds[fastest]
            )
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
