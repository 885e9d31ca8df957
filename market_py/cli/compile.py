"""Compile now what would delay the first calls: numba functions, and what Rust cells need."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec

import numpy as np
from tqdm import tqdm

from market_py import registry
from market_py.env import MarketVectorEnv, System
from market_py.env.variants import NumbaStep
from market_py.reliability import adequacy
from market_py.reliability import system as reliability


def main(arguments: list[str]) -> int:
    """Call every numba function once, if numba is installed; return the exit status."""
    parser = argparse.ArgumentParser("python -m market_py compile", description=__doc__)
    parser.parse_args(arguments)
    calls = _calls() if "numba" in registry.available_backends() else []
    for call in tqdm(calls, "compiling with numba", leave=False, disable=None):
        call()
    if find_spec("IPython"):
        from market_py.workshop.playground import cell

        if cell.has_cargo():
            cell.compile_dependencies()
    return 0


def _calls() -> list[Callable[[], object]]:
    """Return a call of each function, with arguments of the usual types."""
    bids, quantities, demand = np.array([10.0, 20.0]), np.array([50.0, 50.0]), 70.0
    backend = registry.get_backend("numba")
    batch = partial(backend.market_clearing_batch, bids[None], quantities[None], [demand])
    names = [name for name, variant in registry.VARIANTS.items() if variant.language == "numba"]
    sides = (bids, quantities) * 2
    auction = partial(backend.auction_clearing, *sides)
    auctions = partial(backend.auction_clearing_batch, *(orders[None] for orders in sides))
    functions = backend.market_clearing, *map(registry.get_variant, names)
    markets = (partial(it, bids, quantities, demand) for it in functions)
    return [_step, _years, batch, auction, auctions, *markets]


def _years() -> None:
    """Simulate a year, with capacities of 32 bits and of 64."""
    for capacity in (1.0, 0.1):
        system = reliability.System([reliability.Unit("", capacity, 0.1)], [1.0])
        adequacy.simulate(1, system, backend="numba")


def _step() -> None:
    """Step the environment and its numba variant, on one thread and in parallel."""
    environment = MarketVectorEnv(System.random(2), backend="numba")
    environment.reset(seed=0)
    actions = np.zeros(environment.action_space.shape, np.float32)
    environment.step(actions)
    for threads in (1, 2):
        NumbaStep(environment.model, len(actions), threads=threads).step(actions.astype(float))
