"""Benchmark cases that compare replay buffers and policies with those of other libraries."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from market_py.benchmark import alternatives, timing
from market_py.benchmark.agreement import verify_alike
from market_py.benchmark.cases.case import BenchmarkCase, Setup
from market_py.benchmark.inputs import DISTINCT
from market_py.learning.policy import MLPPolicy
from market_py.learning.replay import BACKENDS, ReplayBuffer
from market_py.registry import available_backends

CAPACITY = 1_000_000
OBSERVATION, ACTION = 32, 2
"""Values per observation and per action in the replay buffers."""
DRAWN = 256
"""Transitions per call."""
UNIFORM, PRIORITISED, UPDATE = "uniform sample", "prioritised sample", "priority update"
LAYERS = (8, 64, 64, 2)
"""Values of an observation, then outputs of each layer."""
ROWS = (1, 64, 4096)
TOLERANCE = 1e-5
"""Largest difference between two policies' outputs, whose rounding is that of float32."""


def replay_case(
    call: str, capacity: int = CAPACITY, *, drawn: int = DRAWN, **options: Any
) -> BenchmarkCase:
    """Make a case about `UNIFORM`, `PRIORITISED` or `UPDATE` of so many transitions per call.

    Options are fields of `BenchmarkCase`.
    """

    def set_up(seed: int) -> Setup:
        rng = np.random.default_rng([seed, drawn])
        transitions = _transitions(capacity, rng)
        indices = rng.integers(0, capacity, (DISTINCT, drawn))
        inputs = list(zip(indices, rng.exponential(size=indices.shape), strict=True))
        # Each buffer draws other rows: `_drawing` checks that they are whole.
        return Setup(_buffers(call, transitions, drawn), inputs)

    return BenchmarkCase("replay", call, drawn, set_up, **options)


def policy_case(rows: int, **options: Any) -> BenchmarkCase:
    """Make a case about policy inference for so many rows of observations."""

    def set_up(seed: int) -> Setup:
        rng = np.random.default_rng([seed, rows])
        candidates = _policy_candidates(rows, rng)
        observations = rng.normal(size=(DISTINCT, rows, LAYERS[0])).astype(np.float32)
        verify = partial(verify_alike, differences=_differ, what="answer")
        return Setup(candidates, [(values,) for values in observations], verify)

    return BenchmarkCase("policy", "tanh", rows, set_up, **options)


def _differ(one: Any, other: Any, inputs: object) -> bool:
    """Say whether outputs of policies differ by more than the tolerance of single precision."""
    return not np.abs(np.asarray(other) - np.asarray(one)).max() <= TOLERANCE


def _buffers(
    call: str, transitions: alternatives.Transitions, drawn: int
) -> dict[str, timing.Call]:
    """Fill the buffers, alternatives first, and return what is called of each."""
    prioritised = call != UNIFORM
    buffers = alternatives.buffers(transitions, prioritised)
    for name in reversed(BACKENDS):
        if name in available_backends():
            size = len(transitions.rewards), OBSERVATION, ACTION
            ours = ReplayBuffer(
                *size, prioritised=prioritised, alpha=alternatives.ALPHA, backend=name
            )
            ours.add(*transitions)
            buffers[name] = _our_draw(ours), ours.update_priorities
    drawing = {name: _drawing(name, draw, drawn) for name, (draw, _) in buffers.items()}
    return {name: update for name, (_, update) in buffers.items()} if call == UPDATE else drawing


def _transitions(capacity: int, rng: np.random.Generator) -> alternatives.Transitions:
    """Make transitions that hold their index in each part; a float32 represents it exactly."""
    numbers = np.arange(capacity, dtype=np.float32)
    observations = rng.random((capacity, OBSERVATION), np.float32)
    next_observations = rng.random((capacity, OBSERVATION), np.float32)
    actions = rng.random((capacity, ACTION), np.float32)
    for part in (observations, next_observations, actions):
        part[:, 0] = numbers
    return alternatives.Transitions(
        observations, actions, numbers, next_observations, numbers % 2 == 0
    )


def _our_draw(buffer: ReplayBuffer) -> alternatives.Draw:
    return lambda number: buffer.sample(number, beta=alternatives.BETA)[:5]


def _drawing(name: str, draw: alternatives.Draw, number: int) -> timing.Call:
    """Refuse a candidate that mixes parts of different transitions."""
    parts = [np.asarray(part) for part in draw(number)]
    rows = parts[2]
    if len(rows) != number or not all(np.array_equal(rows, parts[at][:, 0]) for at in (0, 1, 3)):
        raise timing.Disagreement(f"{name} draws what was not stored")
    if not np.array_equal(parts[4].astype(bool), rows % 2 == 0):
        raise timing.Disagreement(f"{name} loses the ends of episodes")

    return lambda indices, priorities: draw(number)


def _policy_candidates(rows: int, rng: np.random.Generator) -> dict[str, timing.Call]:
    """Make NumPy's, the alternatives', then Rust's policy, which may use all cores."""
    weights = [
        (rng.normal(size=shape) / np.sqrt(shape[1])).astype(np.float32)
        for shape in zip(LAYERS[1:], LAYERS, strict=False)
    ]
    biases = [rng.normal(0, 0.1, size).astype(np.float32) for size in LAYERS[1:]]
    answers: dict[str, timing.Call] = {"numpy": MLPPolicy(weights, biases, backend="numpy")}
    answers |= alternatives.policies((weights, biases), rows)
    if "rust" in available_backends():
        answers["rust"] = MLPPolicy(weights, biases, backend="rust")
        if rows == ROWS[-1]:
            answers["rust, 1 thread"] = MLPPolicy(weights, biases, backend="rust", threads=1)
    return answers
