"""A program of a user with types, which type checkers check; a test runs it too."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import market_py
import rust_market
from market_py import env
from market_py.learning import PPO
from market_py.reliability import adequacy
from market_py.reliability.system import System, Unit

Prices = NDArray[np.float64]


def clear_day(bids: Prices, quantities: Prices, demand: Prices) -> tuple[Prices, float]:
    """Clear the hours of a day; return the prices, and what the buyers pay."""
    prices, dispatch = market_py.market_clearing_batch(bids, quantities, demand, ties="pro_rata")
    return prices, float((prices[:, None] * dispatch).sum())


def clear_one(backend: str) -> tuple[float, Prices]:
    """Clear one market by a backend, or by the extension itself."""
    if backend == "rust":
        return rust_market.market_clearing([30.0, 10.0], [100.0, 100.0], 150.0, price_cap=4000.0)
    return market_py.market_clearing([30.0, 10.0], [100.0, 100.0], 150.0, backend=backend)


def clear_auction() -> tuple[float, Prices, Prices]:
    """Clear an auction with orders on both sides."""
    price, sold, bought = market_py.auction_clearing([10.0], [5.0], [20.0], [5.0], k=0.5)
    low, high = market_py.price_interval([10.0], [5.0], [20.0], [5.0])
    assert low <= price <= high
    return price, sold, bought


def learn(path: Path) -> list[float]:
    """Train agents that bid, and return the mean reward after each update."""
    learner = PPO(env.System.random(3), num_envs=2, num_steps=4)
    return [float(update.rewards.mean()) for update in learner.train(2, checkpoint=path)]


def lost_hours(years: int) -> float:
    """Simulate a system of two units."""
    units = [Unit("one", 60.0, 0.1, fuel_cost=10.0), Unit("two", 50.0, 0.2)]
    found = adequacy.simulate(years, System(units, [50.0] * 24))
    return found.loss_of_load.mean


def replay() -> int:
    """Keep transitions in a buffer of the extension."""
    buffer = rust_market.ReplayBuffer(8, 1, 1, seed=0, alpha=None)
    one = np.ones((4, 1), np.float32)
    buffer.add(one, one, np.ones(4, np.float32), one, np.zeros(4, np.bool_))
    return len(buffer)
