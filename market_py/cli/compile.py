"""Compile the numba functions now, for numba's cache: later calls start at once."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from functools import partial

import numpy as np
from tqdm import tqdm

from market_py import registry
from market_py.env import MarketVectorEnv, System


def main(arguments: list[str]) -> int:
    """Call every numba function once; return the exit status."""
    argparse.ArgumentParser("python -m market_py compile", description=__doc__).parse_args(
        arguments
    )
    if "numba" not in registry.available_backends():
        print("numba is not installed: there is nothing to compile.")
        return 0
    with tqdm(_calls().items(), leave=False, disable=None) as calls:
        for name, call in calls:
            calls.set_description(f"compiling {name}")
            call()
    return 0


def _calls() -> dict[str, Callable[[], object]]:
    """Return a call of each function, with arguments of the usual types."""
    market = np.array([10.0, 20.0]), np.array([50.0, 50.0]), 70.0
    batch = market[0][None], market[1][None], np.array([70.0]), 1
    calls: dict[str, Callable[[], object]] = {"the environment": _step}
    numba = [name for name, variant in registry.VARIANTS.items() if variant.language == "numba"]
    for name, function in registry.get_candidates(["numba", *numba]).items():
        calls[name] = partial(function, *market)
    for name, batch_function in registry.get_batch_candidates(["numba", *numba]).items():
        calls[f"{name} for batches"] = partial(batch_function, *batch)
    return calls


def _step() -> None:
    environment = MarketVectorEnv(System.random(2), backend="numba")
    environment.reset(seed=0)
    environment.step(np.zeros(environment.action_space.shape, np.float32))
