"""The panels of notebook 09: time the parts of a step, steps and calls; train agents."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from market_py import env
from market_py.benchmark import timing
from market_py.benchmark.cases.steps import AGENTS, step_case
from market_py.benchmark.inputs import DISTINCT
from market_py.benchmark.report.picture import times
from market_py.benchmark.timing import Race
from market_py.env.variants import PythonStep
from market_py.learning import Evaluation, EvolutionStrategy
from market_py.learning.theory import COMPETITION, PIVOTAL
from market_py.workshop.lessons.n09_environment import plots
from market_py.workshop.widgets.controls import choice, stepper
from market_py.workshop.widgets.panel import Job, Shown
from market_py.workshop.widgets.sentence import counted
from market_py.workshop.widgets.sweep import SweepPanel

PARTS = ("offers", "clearing", "rewards", "observations")
SYSTEMS = {"competition": COMPETITION, "pivotal": PIVOTAL}
FRAME_SECONDS = 0.5


def parts_of_a_step(agents: int = 20, rounds: int = 15) -> dict[str, tuple[float, float, float]]:
    """Time the parts of a step of the published shape: quartiles of each part, µs."""
    system = env.System.random(agents)
    stepper = PythonStep(env.Model(system))
    rng = np.random.default_rng(0)
    inputs: list[Any] = []
    for _ in range(DISTINCT):
        values = np.stack([rng.uniform(0, 0.5, agents), rng.uniform(-2, 2, agents)], axis=1)
        actions = dict(zip(system.names, values, strict=True))
        inputs.append((actions, stepper.offer(actions)))
    cleared = stepper.clear(*inputs[0][1])
    parts = {
        "offers": lambda actions, offers: stepper.offer(actions),
        "clearing": lambda actions, offers: stepper.clear(*offers),
        "rewards": lambda actions, offers: stepper.pay(offers[0], *cleared),
        "observations": lambda actions, offers: stepper.observe(),
    }
    race = timing.race(parts, inputs, rounds=rounds, loops=1)
    return {name: times([race], name, 1e3)[0] for name in PARTS}


def clearing_share(parts: dict[str, tuple[float, float, float]]) -> float:
    """Return the share of the step that is clearing, of the medians."""
    return parts["clearing"][1] / sum(median for _, median, _ in parts.values())


MARKETS = 256
"""Fewer than in the benchmark, so that the slowest points take seconds."""


class StepPoint(NamedTuple):
    """A point of a sweep: what is stepped, and on how many threads."""

    agents: int = AGENTS
    markets: int = MARKETS
    threads: int = 1

    def __str__(self) -> str:
        stepped = f"{counted(self.agents, 'agent')}, {counted(self.markets, 'market')}"
        return f"{stepped}, {counted(self.threads, 'thread')}"


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
        return plots.step_sweep(sweeps, races), sweep_summary(sweeps, races)

    empty = plots.step_sweep(sweeps, {})
    return SweepPanel("Sweep", {}, lambda: cases, answer, empty, rounds=rounds, **options)


def sweep_summary(
    sweeps: Mapping[str, Sequence[StepPoint]], races: Mapping[StepPoint, Race]
) -> str:
    """Say how fast steps are in the middle, and what each number changes."""
    centre = StepPoint() if StepPoint() in races else next(iter(races))
    told = ", ".join(
        f"{name} {median / 1e6:.2f}" for name, (_, median, _) in plots.speeds(races[centre]).items()
    )
    said = [f"{centre}, in millions of market-steps per second: {told}"]
    fastest = env.available_steppers()[0]
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


class LearningPanel(Job):
    """Let generators learn, seed after seed, and watch the price."""

    def __init__(self) -> None:
        self.prices: list[list[float]] = []
        self.evaluations: list[Evaluation] = []
        self.seconds = self.seconds_stepping = 0.0
        self.controls = {
            "system": choice("system", list(SYSTEMS)),
            "generations": stepper("generations", [20, 50, 100, 200, 400], 200),
            "seeds": stepper("seeds", [1, 2, 3, 5], 3),
        }
        first = self._drawn(), "Nothing has been learned yet."
        super().__init__("Learn", 600, first, self.controls)

    def work(self) -> None:
        """Learn with one seed after the other, until all are done or until stopped."""
        chosen = self.chosen
        self.prices, self.evaluations = [], []
        self.seconds = self.seconds_stepping = 0.0
        self.bar.max = chosen["generations"] * chosen["seeds"]
        for seed in range(chosen["seeds"]):
            if self.is_stopped():
                break
            self._learn(EvolutionStrategy(SYSTEMS[chosen["system"]], seed=seed), chosen)
        self.show((self._drawn(), self._say()))

    def _learn(self, learner: EvolutionStrategy, chosen: dict[str, int]) -> None:
        self.prices.append([])
        drawn = start = time.perf_counter()
        for done in learner.train(chosen["generations"]):
            self.prices[-1].append(done.price)
            self.advance()
            if self.is_stopped():
                break
            if (before := time.perf_counter()) > drawn + FRAME_SECONDS:
                self.show((self._drawn(), f"{counted(len(self.prices), 'seed')} so far …"))
                drawn = time.perf_counter()
                start += drawn - before  # Drawing is not learning.
        self.seconds += time.perf_counter() - start
        self.seconds_stepping += learner.seconds_stepping
        self.evaluations.append(learner.evaluate())

    def _drawn(self) -> bytes:
        found = [it.prices for it in self.evaluations]
        return plots.learning(self.prices, found, self.chosen["generations"])

    @property
    def stepping_share(self) -> float | None:
        """Share of the time of learning that steps of the markets took; None before any."""
        return self.seconds_stepping / self.seconds if self.seconds else None

    def _say(self) -> str:
        if not self.evaluations:
            return "Stopped before the first seed had begun."
        means = [float(found.prices.mean()) for found in self.evaluations]
        return (
            f"{counted(len(means), 'seed')}: in markets outside the training the mean price is "
            f"{np.mean(means):.1f} €/MWh ({min(means):.1f} to {max(means):.1f}); the cost is "
            f"{plots.COST:.0f}. Learning took {self.seconds:.1f} s, {self.stepping_share:.0%} of "
            f"it steps of the markets."
        )
