"""The panel of notebook 09 that sweeps agents, markets and threads."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from market_py.benchmark import timing
from market_py.benchmark.cases.steps import AGENTS, step_case
from market_py.benchmark.timing import Race
from market_py.env import available_steppers
from market_py.workshop.lessons.n09_environment.plots import StepSweepPicture
from market_py.workshop.widgets.panel import Job

MARKETS = 256
"""Fewer than in the benchmark, so that the dearest points take seconds."""
ROUNDS = 7


class Point(NamedTuple):
    """What is stepped, and on how many threads."""

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
    "agents": tuple(Point(agents=number) for number in (2, 5, 10, 20, 50, 100)),
    "markets": tuple(Point(markets=number) for number in (1, 4, 16, 64, 256, 1024, 4096)),
    "threads": tuple(Point(threads=number) for number in threads_here()),
}
"""One number varies in each; the others stay where all three sweeps meet."""


class StepSweepPanel(Job):
    """Race the steps at one point after the other.

    Parameters
    ----------
    sweeps : mapping of str to tuple of Point
        By the name of what varies.
    rounds : int
        Samples of each candidate at each point.
    sample_seconds : float
        Shortest duration of a sample.
    """

    def __init__(
        self,
        sweeps: Mapping[str, tuple[Point, ...]] = SWEEPS,
        rounds: int = ROUNDS,
        sample_seconds: float = timing.SAMPLE_SECONDS,
    ) -> None:
        self._sweeps, self._rounds, self._sample_seconds = sweeps, rounds, sample_seconds
        self._picture = StepSweepPicture(
            {
                name: [getattr(point, name) for point in points]
                for name, points in self._sweeps.items()
            }
        )
        self.races: dict[Point, Race] = {}
        """Of the points that are done; times are per call."""
        # Where the sweeps meet they share a race.
        self._points = list(dict.fromkeys(point for points in sweeps.values() for point in points))
        first = self._drawn(), "Nothing has been timed yet."
        super().__init__("Sweep", len(self._points) * rounds, first, self._picture.width)

    def work(self) -> None:
        """Race at one point after the other; what is finished is kept when stopped."""
        self.races = {}
        for point in self._points:
            self.doing.value = f"{point} …"
            case = step_case(
                point.markets,
                point.agents,
                point.threads,
                rounds=self._rounds,
                sample_seconds=self._sample_seconds,
            )
            try:
                self.races[point] = case.race(self.advance, self.is_stopped)
            except timing.Stopped:
                break
            self.show((self._drawn(), self._say()))
        self.show((self._drawn(), self._say()))

    def _drawn(self) -> bytes:
        return self._picture.show(
            {
                name: {
                    getattr(point, name): speeds(self.races[point], point.markets)
                    for point in points
                    if point in self.races
                }
                for name, points in self._sweeps.items()
            }
        )

    def _say(self) -> str:
        if not self.races:
            return "Stopped before the first point was done."
        centre = Point() if Point() in self.races else next(iter(self.races))
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


def change(races: Mapping[Point, Race], one: Point, other: Point, name: str) -> timing.Ratio:
    """How many times as many market-steps per second a candidate takes at the other point."""
    return timing.ratio_of_medians(
        races[one].rounds[name] / one.markets, races[other].rounds[name] / other.markets
    )
