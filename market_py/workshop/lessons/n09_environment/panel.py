"""The panels of notebook 09 that time the parts of a step, and steps."""

from __future__ import annotations

import os
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
from market_py.workshop.lessons.n09_environment import plots
from market_py.workshop.widgets.panel import Shown
from market_py.workshop.widgets.sentence import counted
from market_py.workshop.widgets.sweep import SweepPanel

PARTS = ("offers", "clearing", "rewards", "observations")


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
