"""Benchmark cases that step the learning environment: its backends and its frozen variants."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from market_py.benchmark import timing
from market_py.benchmark.agreement import verify_alike
from market_py.benchmark.cases.case import BenchmarkCase, Setup
from market_py.benchmark.inputs import DISTINCT
from market_py.env.buffers import StepBuffers
from market_py.env.model import Model
from market_py.env.state import EnvState
from market_py.env.stepper import available_steppers, make_stepper
from market_py.env.system import System
from market_py.validation import Float64Array

MARKETS = 1024
"""Markets stepped together."""
AGENTS = 10
ONE_MARKET_AGENTS = (5, 20, 100)
DISTINCT_ACTIONS = 16
"""Distinct arrays of actions for many markets; for one market as many as in any race."""

NUMBA_STEP, PYTHON_STEP = "numba-step", "python-step"


def step_case(markets: int, agents: int, threads: int, **options: Any) -> BenchmarkCase:
    """Make a case that steps so many markets per call; options are fields of `BenchmarkCase`."""
    distinct = DISTINCT_ACTIONS if markets > 1 else DISTINCT

    def set_up(seed: int) -> Setup:
        inputs = _make_actions(markets, agents, distinct, seed)
        # Each candidate draws its own noise: rewards are compared without it.
        noiseless = _candidates(markets, agents, threads, demand_noise=0.0)
        verify_alike(noiseless, inputs[:DISTINCT_ACTIONS], _differ, "step")
        return Setup(_candidates(markets, agents, threads), inputs)

    return BenchmarkCase(
        "steps" if markets > 1 else "one step",
        f"{threads} thread{'s' if threads > 1 else ''}",
        agents,
        set_up,
        markets=markets,
        threads=(threads,),
        **options,
    )


def _make_actions(markets: int, agents: int, distinct: int, seed: int) -> list[Any]:
    """Draw actions: an array of shape (markets, agents, 2), and those of market 0 by agent."""
    rng = np.random.default_rng([seed, markets, agents])
    names = System.random(agents).names
    shape = (markets, agents)
    made = []
    for _ in range(distinct):
        actions = np.stack([rng.uniform(0, 0.5, shape), rng.uniform(-2, 2, shape)], axis=2)
        made.append((actions, dict(zip(names, actions[0], strict=True))))
    return made


def _candidates(markets: int, agents: int, threads: int, **rules: Any) -> dict[str, timing.Call]:
    """Make candidates that take actions and return whether an episode ended, and the rewards."""
    from market_py.env.variants import NumbaStep, PythonStep

    model = Model(System.random(agents), **rules)
    found: dict[str, timing.Call] = {}
    if markets > 1:
        found[NUMBA_STEP] = partial(_array_step, NumbaStep(model, markets, threads=threads))
    else:
        found[PYTHON_STEP] = partial(_agent_step, PythonStep(model))
    for name in reversed(available_steppers()):
        stepper = make_stepper(model, name, autoreset=True, threads=threads)
        state, buffers = EnvState.at_start(markets), StepBuffers.of(model, markets)
        state.seeds[:] = np.arange(markets)
        found[name] = partial(_whole_step, stepper, state, buffers)
    return found


def _array_step(stepper: Any, actions: Float64Array, by_agent: Any) -> tuple[Any, Any]:
    _, rewards, ended = stepper.step(actions)
    return ended, rewards


def _agent_step(stepper: Any, actions: Float64Array, by_agent: Any) -> tuple[Any, Any]:
    _, rewards, ended = stepper.step(by_agent)
    return [ended], [*rewards.values()]


def _whole_step(
    stepper: Any, state: EnvState, buffers: StepBuffers, actions: Float64Array, by_agent: Any
) -> tuple[Any, Any]:
    """Step by one call of a backend, into the same arrays each time."""
    stepper.step(state, actions, buffers)
    return buffers.ended, buffers.rewards


def _differ(one: Any, other: Any, actions: object) -> bool:
    """Say whether episodes end otherwise, or rewards differ by more than a billionth of one."""
    (ended, rewards), (other_ended, other_rewards) = one, other
    gaps = np.abs(np.reshape(other_rewards, np.shape(rewards)) - np.asarray(rewards))
    return not (np.array_equal(ended, other_ended) and np.all(gaps <= 1e-9))
