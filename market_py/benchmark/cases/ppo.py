"""Benchmark cases about proximal policy optimization: a rollout, an update, and both together."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from market_py.benchmark import alternatives, timing
from market_py.benchmark.agreement import verify_alike
from market_py.benchmark.cases.case import BenchmarkCase, Setup
from market_py.benchmark.cases.clearing import threaded
from market_py.env import System
from market_py.learning import PPO
from market_py.learning.arrays import Float32Array
from market_py.learning.ppo import UPDATES
from market_py.registry import available_backends

KIND = "ppo"
MARKETS, AGENTS = 64, 10
HOURS = 128
"""Hours of a rollout."""
EPOCHS = 4
"""How often an update goes through the samples."""
NETWORKS = {"shared": True, "independent": False}
ROUNDS = 7
LEARNERS = 2
"""Learners that are timed, each with thousands of distinct samples: a round takes seconds."""
TOLERANCE = 0.01
"""Largest difference of two results, by their norm: they round in single precision."""


def ppo_cases(hours: int, threads: tuple[int, ...], **options: Any) -> Iterator[BenchmarkCase]:
    """Make all cases about rollouts of so many hours; options are fields of `BenchmarkCase`."""
    calls = {"rollout": _rollouts, "update": _updates, "training": _training}
    for call, set_up in calls.items():
        for networks in NETWORKS:
            yield BenchmarkCase(
                KIND,
                f"{call}, {networks}",
                hours * MARKETS * AGENTS,
                partial(set_up, networks, hours, threads),
                threads=threads,
                **options,
            )


def _rollouts(networks: str, hours: int, threads: tuple[int, ...], seed: int) -> Setup:
    """Time rollouts of new learners, one for each input."""

    def act(learner: PPO) -> Any:
        return learner.rollout().rewards.mean(axis=(0, 1))

    return _learners(act, networks, hours, threads, seed)


def _training(networks: str, hours: int, threads: tuple[int, ...], seed: int) -> Setup:
    """Time rollouts and updates of new learners, one for each input."""

    def train(learner: PPO) -> Any:
        before = learner.parameters
        list(learner.train(1))
        return learner.parameters - before

    return _learners(train, networks, hours, threads, seed)


def _learners(
    run: Callable[[PPO], Any], networks: str, hours: int, threads: tuple[int, ...], seed: int
) -> Setup:
    def call(backend: str, number: int, learner_seed: int) -> Any:
        learner = _learner(networks, hours, learner_seed, backend=backend, threads=number)
        with threadpool_limits(1):
            return run(learner)

    candidates = {
        name: partial(call, backend, number) for name, backend, number in _backends(threads)
    }
    inputs = [(it,) for it in _seeds(seed)]
    return Setup(candidates, inputs, partial(verify_alike, differences=_differ, what="learn"))


def _updates(networks: str, hours: int, threads: tuple[int, ...], seed: int) -> Setup:
    """Time updates of the same networks by the same samples in the same order."""
    learners = [_learner(networks, hours, it) for it in _seeds(seed)]
    shape, settings = learners[0].shape, learners[0].settings
    rng = np.random.default_rng([seed, hours])
    inputs = []
    for learner in learners:
        samples = learner.samples(learner.rollout())
        number = len(samples.returns)
        order = np.array([rng.permutation(number) for _ in range(EPOCHS)], np.uint32)
        inputs.append((learner.parameters, samples, order))

    def ours(backend: str, number: int, before: Float32Array, samples: Any, order: Any) -> Any:
        parameters, moments = before.copy(), np.zeros((2, *before.shape), np.float32)
        with threadpool_limits(1):
            UPDATES[backend](shape, parameters, moments, 0, samples, order, settings, number)
        return parameters - before

    candidates: dict[str, timing.Call] = {}
    for name, backend, number in _backends(threads):
        if backend == "rust" and alternatives.has("torch"):
            candidates.setdefault("torch", alternatives.ppo_update(shape, settings))
        candidates[name] = partial(ours, backend, number)
    return Setup(candidates, inputs, partial(verify_alike, differences=_differ, what="learn"))


def _seeds(seed: int) -> list[int]:
    return [int(it) for it in np.random.default_rng(seed).integers(0, 2**32, LEARNERS)]


def _learner(networks: str, hours: int, seed: int, **options: Any) -> PPO:
    options |= {"num_envs": MARKETS, "num_steps": hours, "shared": NETWORKS[networks]}
    return PPO(System.random(AGENTS), update_epochs=EPOCHS, seed=seed, **options)


def _backends(threads: tuple[int, ...]) -> Iterator[tuple[str, str, int]]:
    """Yield name, backend and number of threads of each of our candidates."""
    yield "numpy", "numpy", 1
    if "rust" in available_backends():
        for number in threads:
            yield threaded("rust", number), "rust", number


def _differ(one: Any, other: Any, inputs: object) -> bool:
    """Say whether two arrays differ by more than a share of the norm of one."""
    return not np.linalg.norm(np.subtract(other, one)) <= TOLERANCE * np.linalg.norm(one)
