"""Benchmark cases of proximal policy optimization: updates, and whole steps of training."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from market_py.benchmark import alternatives, timing
from market_py.benchmark.agreement import verify_alike
from market_py.benchmark.cases.case import BenchmarkCase, Setup
from market_py.env import System
from market_py.learning.arrays import Float32Array
from market_py.learning.numpy_ppo import Samples
from market_py.learning.ppo import PPO, UPDATES
from market_py.registry import available_backends

AGENTS, MARKETS, HOURS = 10, 64, 128
"""Sizes of a rollout."""
SAMPLES = AGENTS * MARKETS * HOURS
EPOCHS = 4
INPUTS = 2
"""Distinct rollouts; all their samples are distinct."""
ROUNDS = 9
"""At most: a call takes up to seconds."""
TOLERANCE = 0.05
"""Largest difference of two updates as a share of the update: rounding adds up over minibatches."""


def update_case(shared: bool, **options: Any) -> BenchmarkCase:
    """Make a case that updates all networks by a rollout; options are fields of `BenchmarkCase`."""

    def set_up(seed: int) -> Setup:
        learner = _learner("numpy", 1, seed, shared=shared)
        inputs = [(learner.samples(learner.rollout()),) for _ in range(INPUTS)]
        rng = np.random.default_rng(seed)
        number = len(inputs[0][0].returns)
        order = np.array([rng.permutation(number) for _ in range(EPOCHS)], np.uint32)
        candidates: dict[str, timing.Call] = {
            label: partial(_update, learner, backend, threads, order)
            for label, (backend, threads) in _backends().items()
        }
        if alternatives.has("torch"):
            # On one thread, as ours; more do not pay for networks of this size.
            candidates["torch"] = alternatives.ppo_update(
                learner.shape, learner.parameters, order, learner.settings
            )
        verify = partial(verify_alike, differences=_differ, what="learn")
        return Setup(candidates, inputs, verify)

    name = "shared" if shared else "independent"
    return BenchmarkCase("ppo update", name, AGENTS, set_up, **options)


def training_case(**options: Any) -> BenchmarkCase:
    """Make a case of a whole step of training: a rollout, and the update that follows."""

    def set_up(seed: int) -> Setup:
        candidates = {
            label: partial(_train, _learner(backend, threads, seed))
            for label, (backend, threads) in _backends().items()
        }
        return Setup(candidates, [(number,) for number in range(INPUTS)])

    return BenchmarkCase("ppo training", "independent", AGENTS, set_up, **options)


def _backends() -> dict[str, tuple[str, int]]:
    """Return backends and numbers of threads, by what the candidates are called."""
    known = {"numpy": ("numpy", 1), "rust": ("rust", 1), "rust, 2 threads": ("rust", 2)}
    return {label: it for label, it in known.items() if it[0] in available_backends()}


def _learner(backend: str, threads: int, seed: int, shared: bool = False) -> PPO:
    return PPO(
        System.random(AGENTS, seed=seed),
        num_envs=MARKETS,
        num_steps=HOURS,
        update_epochs=EPOCHS,
        shared=shared,
        seed=seed,
        backend=backend,
        threads=threads,
    )


def _update(learner: PPO, backend: str, threads: int, order: Any, samples: Samples) -> Float32Array:
    """Update the first networks; return what the parameters changed by."""
    parameters = learner.parameters.copy()
    moments = np.zeros((2, *parameters.shape), np.float32)
    settings = learner.settings
    UPDATES[backend](learner.shape, parameters, moments, 0, samples, order, settings, threads)
    return np.subtract(parameters, learner.parameters)


def _train(learner: PPO, number: int) -> None:
    learner.update(learner.rollout())


def _differ(one: Any, other: Any, inputs: object) -> bool:
    return not np.linalg.norm(other - one) <= TOLERANCE * np.linalg.norm(one)
