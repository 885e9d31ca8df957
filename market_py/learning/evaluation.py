"""Lets policies bid in markets on which they were not trained."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from market_py.env import MarketVectorEnv, System
from market_py.validation import Float64Array, check_integer

EVALUATION_SEED = 1 << 40
"""Seed of markets on which no learner trains."""
LARGEST_COUNT = 2**31


class Evaluation(NamedTuple):
    """Results of policies, without their random variation, in an episode of some markets."""

    prices: Float64Array
    """Prices, €/MWh, shape (T, B)."""
    markups: Float64Array
    """Markups, €/MWh, shape (T, B, N)."""
    withheld: Float64Array
    """Withheld capacity, MW, shape (T, B, N)."""
    dispatch: Float64Array
    """Dispatch, MW, shape (T, B, N)."""
    rewards: Float64Array
    """Rewards of an episode, shape (B, N)."""


def evaluate(
    act: Callable[[Float64Array], Float64Array],
    system: System,
    rules: dict[str, Any],
    markets: int = 64,
    seed: int = EVALUATION_SEED,
) -> Evaluation:
    """Let a policy bid for an episode in each market.

    Parameters
    ----------
    act : callable
        Maps observations, shape (B, N, F), to actions, shape (B, N, 2).
    system, rules
        As for `market_py.env.MarketVectorEnv`.
    markets : int
        Number of markets, B; >= 1.
    seed : int
        Seed of their noise; by default one on which no learner trains.
    """
    markets = check_integer("markets", markets, 1, LARGEST_COUNT)
    others = MarketVectorEnv(system, markets, **{**rules, "copy": True})
    observations, _ = others.reset(seed=seed)
    rewards = np.zeros((markets, system.generators))
    prices, acted, dispatch = [], [], []
    for _ in range(system.hours):
        acted.append(act(observations))
        observations, paid, _, _, infos = others.step(acted[-1])
        rewards += paid
        prices.append(infos["price"])
        dispatch.append(infos["dispatch"])
    actions = np.array(acted)
    return Evaluation(
        np.array(prices),
        np.tanh(actions[..., 1]) * others.model.max_bid_delta,
        actions[..., 0] * system.capacities,
        np.array(dispatch),
        rewards,
    )
