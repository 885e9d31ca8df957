"""Steps of the learning environment, raced: the backends against two frozen ways to step."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from market_py.benchmark import inputs as inputs_
from market_py.benchmark import timing
from market_py.benchmark.results import Kind
from market_py.env.buffers import StepBuffers
from market_py.env.model import Model
from market_py.env.state import EnvState
from market_py.env.stepper import Stepper, available_steppers, make_stepper
from market_py.env.system import System
from market_py.validation import Float64Array

MARKETS = 1024
"""Stepped together."""
AGENTS = 10
ONE_MARKET_AGENTS = (5, 20, 100)
INPUTS = 16
"""Distinct arrays of actions for many markets; for one market as many as in any race."""
SECONDS_PER_AGENT = 100e-9
"""A guess, for the time left."""

NUMBA_STEP, PYTHON_STEP = "numba-step", "python-step"


@dataclass(frozen=True)
class StepCase:
    """A race to be run: many markets, or one, on so many threads."""

    markets: int
    offers: int
    """Agents per market."""
    number: int
    """Of threads."""
    rounds: int
    sample_seconds: float
    seed: int

    @property
    def kind(self) -> Kind:
        """Section of a run."""
        return "steps" if self.markets > 1 else "one step"

    @property
    def distribution(self) -> str:
        """What tells it from other races of its section and size."""
        return f"{self.number} thread{'s' if self.number > 1 else ''}"

    @property
    def threads(self) -> tuple[int, ...]:
        """That candidates are given."""
        return (self.number,)

    @property
    def label(self) -> str:
        """What to call it while it runs."""
        return f"{self.kind}, {self.distribution}, N = {self.offers:,}"

    @property
    def seconds_per_round(self) -> float:
        """A guess, for the time left."""
        inputs = INPUTS if self.markets > 1 else inputs_.DISTINCT
        once = inputs * self.markets * self.offers * SECONDS_PER_AGENT
        return 6 * max(self.sample_seconds, once)

    def race(
        self, progress: Callable[[], object], is_stopped: Callable[[], bool] = lambda: False
    ) -> timing.Race:
        """Verify that all pay the same rewards where there is no noise; then race, with noise.

        Raises
        ------
        Disagreement, Stopped
            As `market_py.benchmark.timing.race`.
        """
        inputs = self._inputs()
        timing.verify(self._candidates(demand_noise=0.0), inputs[:INPUTS])
        candidates = self._candidates()
        race = timing.race(
            candidates,
            inputs,
            may_differ=candidates,  # Each draws its own noise.
            rounds=self.rounds,
            sample_seconds=self.sample_seconds,
            progress=progress,
            is_stopped=is_stopped,
            seed=self.seed,
        )
        return replace(race, offers=self.offers, disagreements={})

    def _inputs(self) -> list[Any]:
        """Make actions: as an array, and the first market's by agent; 1 is what rewards are of."""
        rng = np.random.default_rng([self.seed, self.markets, self.offers])
        names = System.random(self.offers).names
        shape = (self.markets, self.offers)
        made = []
        for _ in range(INPUTS if self.markets > 1 else inputs_.DISTINCT):
            actions = np.stack([rng.uniform(0, 0.5, shape), rng.uniform(-2, 2, shape)], axis=2)
            made.append((actions, dict(zip(names, actions[0], strict=True)), 1.0))
        return made

    def _candidates(self, **rules: Any) -> dict[str, timing.Clear]:
        """From actions to whether an episode has ended, and the rewards."""
        from market_py.env.variants import NumbaStep, PythonStep

        system = System.random(self.offers)
        model = Model(system, **rules)
        found: dict[str, timing.Clear] = {}
        if self.markets > 1:
            found[NUMBA_STEP] = _array_step(NumbaStep(model, self.markets, threads=self.number))
        else:
            found[PYTHON_STEP] = _agent_step(PythonStep(model))
        for name in reversed(available_steppers()):
            stepper = make_stepper(model, name, autoreset=True, threads=self.number)
            found[name] = _whole_step(stepper, model, self.markets)
        return found


def _array_step(stepper: Any) -> timing.Clear:
    def step(actions: Float64Array, by_agent: Any, unit: Any) -> tuple[Any, Any]:
        _, rewards, ended = stepper.step(actions)
        return ended, rewards

    return step


def _agent_step(stepper: Any) -> timing.Clear:
    def step(actions: Float64Array, by_agent: Any, unit: Any) -> tuple[Any, Any]:
        _, rewards, ended = stepper.step(by_agent)
        return [ended], [*rewards.values()]

    return step


def _whole_step(stepper: Stepper, model: Model, markets: int) -> timing.Clear:
    """One call of a backend, into the same arrays each time."""
    state, buffers = EnvState.at_start(markets), StepBuffers.of(model, markets)
    state.seeds[:] = np.arange(markets)

    def step(actions: Float64Array, by_agent: Any, unit: Any) -> tuple[Any, Any]:
        stepper.step(state, actions, buffers)
        return buffers.ended, buffers.rewards

    return step


def step_cases(
    threads: tuple[int, ...], rounds: int, sample_seconds: float, seed: int
) -> Iterator[StepCase]:
    """Every race: many markets on each number of threads, then one market of each size."""
    for number in threads:
        yield StepCase(MARKETS, AGENTS, number, rounds, sample_seconds, seed)
    for agents in ONE_MARKET_AGENTS:
        yield StepCase(1, agents, 1, rounds, sample_seconds, seed)
