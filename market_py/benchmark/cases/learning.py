"""Replay buffers and policies, raced against what users have instead."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from market_py.benchmark import alternatives, timing
from market_py.benchmark import inputs as inputs_
from market_py.benchmark.results import Kind
from market_py.learning.policy import MLPPolicy
from market_py.learning.replay import BACKENDS, ReplayBuffer
from market_py.registry import available_backends

CAPACITY = 1_000_000
OBSERVATION, ACTION = 32, 2
"""Values of an observation and of an action, of the replay buffers."""
DRAWN = 256
"""Transitions of a batch."""
UNIFORM, PRIORITISED, UPDATE = "uniform sample", "prioritised sample", "priority update"
LAYERS = (8, 64, 64, 2)
"""Values of an observation, outputs of each layer."""
ROWS = (1, 64, 4096)
SECONDS_PER_ROW = 5e-7
"""A guess, for the time left."""
TOLERANCE = 1e-5
"""Of single precision, relative to one at least."""

OURS = tuple(reversed(BACKENDS))


@dataclass(frozen=True)
class LearningCase:
    """A race to be run: one kind of call, by everybody who offers it."""

    kind: Kind
    distribution: str
    offers: int
    """Rows of a call."""
    rounds: int
    sample_seconds: float
    seed: int
    capacity: int
    """Of the buffers."""
    markets: int = 1
    threads: tuple[int, ...] = (1,)

    @property
    def label(self) -> str:
        """What to call it while it runs."""
        return f"{self.kind}, {self.distribution}, {self.offers:,} rows"

    @property
    def seconds_per_round(self) -> float:
        """A guess, for the time left."""
        return 6 * max(self.sample_seconds, inputs_.DISTINCT * self.offers * SECONDS_PER_ROW)

    def race(
        self, progress: Callable[[], object], is_stopped: Callable[[], bool] = lambda: False
    ) -> timing.Race:
        """Verify that what is drawn is whole, and what is answered right; then race.

        Raises
        ------
        Disagreement, Stopped
            As `market_py.benchmark.timing.race`.
        """
        rng = np.random.default_rng([self.seed, self.offers])
        if self.kind == "policy":
            candidates, inputs = _policy_candidates(self.offers, rng), self._observations(rng)
            may_differ: tuple[str, ...] = ()
        else:
            transitions = _transitions(self.capacity, rng)
            candidates, inputs = self._buffers(transitions), self._priorities(rng)
            may_differ = tuple(candidates)  # Each draws its own.
        race = timing.race(
            candidates,
            inputs,
            may_differ=may_differ,
            rounds=self.rounds,
            sample_seconds=self.sample_seconds,
            progress=progress,
            is_stopped=is_stopped,
            seed=self.seed,
        )
        return replace(race, offers=self.offers, disagreements={})

    def _observations(self, rng: np.random.Generator) -> list[Any]:
        shape = self.offers, LAYERS[0]
        observations = rng.normal(size=(inputs_.DISTINCT, *shape)).astype(np.float32)
        # The last one makes a billionth of it the tolerance.
        return [(values, values, TOLERANCE * 1e9) for values in observations]

    def _priorities(self, rng: np.random.Generator) -> list[Any]:
        places = rng.integers(0, self.capacity, (inputs_.DISTINCT, self.offers))
        return list(zip(places, rng.exponential(size=places.shape), places, strict=True))

    def _buffers(self, transitions: alternatives.Transitions) -> dict[str, timing.Clear]:
        """The alternatives first, then our backends."""
        found: dict[str, timing.Clear] = {}
        if self.distribution == UNIFORM:
            for name, draw in alternatives.uniform(transitions):
                found[name] = _drawing(name, draw, self.offers)
        else:
            for name, draw, update in alternatives.prioritised(transitions):
                drawing = _drawing(name, draw, self.offers)
                found[name] = drawing if self.distribution == PRIORITISED else _updating(update)
        for name in OURS:
            if name not in available_backends():
                continue
            buffer = ReplayBuffer(
                self.capacity,
                OBSERVATION,
                ACTION,
                prioritised=self.distribution != UNIFORM,
                alpha=alternatives.ALPHA,
                backend=name,
            )
            buffer.add(*transitions)
            drawing = _drawing(name, _our_draw(buffer), self.offers)
            updating = _updating(buffer.update_priorities)
            found[name] = updating if self.distribution == UPDATE else drawing
        return found


def _transitions(capacity: int, rng: np.random.Generator) -> alternatives.Transitions:
    """Make rows that tell their number, which a float32 holds, in each part."""
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


RESULT = np.zeros(1), np.zeros((1, 1))
"""Stands for a price and a dispatch."""


def _drawing(name: str, draw: alternatives.Draw, number: int) -> timing.Clear:
    """Refuse a candidate that draws torn rows."""
    parts = [np.asarray(part) for part in draw(number)]
    rows = parts[2]
    if len(rows) != number or not all(np.array_equal(rows, parts[at][:, 0]) for at in (0, 1, 3)):
        raise timing.Disagreement(f"{name} draws what was not stored")
    if not np.array_equal(parts[4].astype(bool), rows % 2 == 0):
        raise timing.Disagreement(f"{name} loses the ends of episodes")

    def call(places: Any, priorities: Any, unit: Any) -> Any:
        draw(number)
        return RESULT

    return call


def _updating(update: alternatives.Update) -> timing.Clear:
    def call(places: Any, priorities: Any, unit: Any) -> Any:
        update(places, priorities)
        return RESULT

    return call


def _policy_candidates(rows: int, rng: np.random.Generator) -> dict[str, timing.Clear]:
    """NumPy first, then the alternatives, then Rust, which may use all cores for many rows."""
    weights = [
        (rng.normal(size=shape) / np.sqrt(shape[1])).astype(np.float32)
        for shape in zip(LAYERS[1:], LAYERS, strict=False)
    ]
    biases = [rng.normal(0, 0.1, size).astype(np.float32) for size in LAYERS[1:]]
    answers: dict[str, alternatives.Answer] = {"numpy": MLPPolicy(weights, biases, backend="numpy")}
    answers |= alternatives.policies((weights, biases), rows)
    if "rust" in available_backends():
        answers["rust"] = MLPPolicy(weights, biases, backend="rust")
        if rows == ROWS[-1]:
            answers["rust, 1 thread"] = MLPPolicy(weights, biases, backend="rust", threads=1)
    return {name: _answering(answer) for name, answer in answers.items()}


def _answering(answer: alternatives.Answer) -> timing.Clear:
    def call(observations: Any, same: Any, unit: Any) -> Any:
        return 0.0, answer(observations)

    return call


def learning_cases(
    capacity: int, rounds: int, sample_seconds: float, seed: int
) -> Iterator[LearningCase]:
    """Every race: replay buffers, then policies."""
    for distribution in (UNIFORM, PRIORITISED, UPDATE):
        yield LearningCase("replay", distribution, DRAWN, rounds, sample_seconds, seed, capacity)
    for rows in ROWS:
        yield LearningCase("policy", "tanh", rows, rounds, sample_seconds, seed, capacity)
