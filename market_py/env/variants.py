"""Two frozen variants of a step, which the backends are compared with.

Frozen means that nobody changes their speed. `PythonStep` has the published form: a Python loop
over the agents around a call of the published clearing function. `NumbaStep` is what a user of
numba would write: one compiled loop over the markets, optionally parallel, with the published
clearing function inside. Both skip all checks, and draw the noise of an episode at reset.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numba
import numpy as np
from numba import prange

from market_py.backends.compilation import compiled
from market_py.env.model import Model
from market_py.validation import Float64Array
from market_py.variants.numba import numba_sort


class PythonStep:
    """One market, agent by agent; the observer is ``simple``."""

    def __init__(self, model: Model) -> None:
        system = model.system
        self._model = model
        self._agents = list(system.names)
        self._capacities = dict(zip(self._agents, system.capacities.tolist(), strict=True))
        self._costs = dict(zip(self._agents, system.costs.tolist(), strict=True))
        self._largest = (system.demand.max(), system.capacities.max(), system.costs.max())
        self.reset(0)

    def reset(self, seed: int) -> dict[str, Float64Array]:
        """Begin an episode."""
        self._hour, self._demand = 0, _noisy(self._model, np.random.default_rng(seed))
        return self.observe()

    def step(
        self, actions: dict[str, Float64Array]
    ) -> tuple[dict[str, Float64Array], dict[str, float], bool]:
        """Step by an hour; the next episode begins after the last."""
        bids, quantities = self.offer(actions)
        price, dispatch = self.clear(bids, quantities)
        rewards = self.pay(bids, price, dispatch)
        self._hour += 1
        ended = self._hour == self._model.system.hours
        if ended:
            self._hour = 0
        return self.observe(), rewards, ended

    def offer(self, actions: dict[str, Float64Array]) -> tuple[dict[str, float], dict[str, float]]:
        """Turn actions into bids and quantities."""
        bids, quantities = {}, {}
        for agent, action in actions.items():
            bids[agent] = self._costs[agent] + np.tanh(action[1]) * self._model.max_bid_delta
            quantities[agent] = (1 - action[0]) * self._capacities[agent]
        return bids, quantities

    def clear(
        self, bids: dict[str, float], quantities: dict[str, float]
    ) -> tuple[float, Float64Array]:
        """Clear the hour."""
        price, dispatch = numba_sort(
            np.array([bids[agent] for agent in self._agents]),
            np.array([quantities[agent] for agent in self._agents]),
            self._demand[self._hour],
        )
        return price, dispatch

    def pay(self, bids: dict[str, float], price: float, dispatch: Float64Array) -> dict[str, float]:
        """Compute the rewards."""
        model = self._model
        unserved = max(0.0, self._demand[self._hour] - dispatch.sum())
        rewards = {}
        for i, agent in enumerate(self._agents):
            cost = self._costs[agent]
            reward = (price - cost) * dispatch[i]
            reward -= model.markup_penalty * (bids[agent] - cost) ** 2
            reward -= model.unserved_penalty * unserved
            rewards[agent] = reward * model.reward_scale
        return rewards

    def observe(self) -> dict[str, Float64Array]:
        """Show the hour to each agent."""
        return {agent: self._observe(agent) for agent in self._agents}

    def _observe(self, agent: str) -> Float64Array:
        demand, capacity, cost = self._largest
        hour = (self._model.system.first_hour + self._hour) % 24
        return np.array(
            [
                self._demand[self._hour] / demand,
                self._capacities[agent] / capacity,
                self._costs[agent] / cost,
                hour / 24,
            ]
        )


class NumbaStep:
    """Many markets in one compiled loop; the observer is ``simple``."""

    def __init__(self, model: Model, markets: int, *, threads: int = 1) -> None:
        system = model.system
        rng = np.random.default_rng(0)
        self._demand = np.array([_noisy(model, rng) for _ in range(markets)])
        self._hours = np.zeros(markets, dtype=np.int64)
        self._system = system.capacities.copy(), system.costs.copy(), system.demand.copy()
        self._rules: tuple[Any, ...] = (
            float(model.max_bid_delta),
            float(model.markup_penalty),
            float(model.unserved_penalty),
            float(model.reward_scale),
            system.first_hour,
        )
        self._results = (
            np.empty((markets, model.agents, 4)),
            np.empty((markets, model.agents)),
            np.empty(markets, dtype=bool),
        )
        # numba refuses more threads than it has started with.
        self._threads = min(threads, numba.config.NUMBA_NUM_THREADS)  # type: ignore[attr-defined]
        self._step: Callable[..., None] = _numba_step if threads == 1 else _numba_step_parallel

    def step(self, actions: Float64Array) -> tuple[Any, ...]:
        """Step all by an hour, by actions of shape (B, N, 2); the next episode begins by itself."""
        numba.set_num_threads(self._threads)
        self._step(actions, self._hours, self._demand, *self._system, *self._rules, *self._results)
        return self._results


def _noisy(model: Model, rng: np.random.Generator) -> Float64Array:
    """Draw the demand of an episode."""
    deviation, low, high = model.noise
    drawn = rng.normal(0, deviation, model.system.hours)
    noisy: Float64Array = model.system.demand + np.clip(drawn, low, high)
    return noisy


def _step_markets(  # type: ignore[no-untyped-def]
    actions, hours, demand, capacities, costs, profile,
    max_bid_delta, markup_penalty, unserved_penalty, reward_scale, first_hour,
    observations, rewards, ended,
):  # fmt: skip
    largest, biggest, highest = profile.max(), capacities.max(), costs.max()
    for market in prange(hours.size):
        bids, quantities = np.empty(costs.size), np.empty(costs.size)
        for agent in range(costs.size):
            bids[agent] = costs[agent] + math.tanh(actions[market, agent, 1]) * max_bid_delta
            quantities[agent] = (1.0 - actions[market, agent, 0]) * capacities[agent]
        asked = demand[market, hours[market]]
        price, dispatch = numba_sort(bids, quantities, asked)
        unserved = max(asked - dispatch.sum(), 0.0)
        for agent in range(costs.size):
            reward = (price - costs[agent]) * dispatch[agent]
            reward -= markup_penalty * (bids[agent] - costs[agent]) ** 2
            rewards[market, agent] = (reward - unserved_penalty * unserved) * reward_scale
        hours[market] += 1
        ended[market] = hours[market] == profile.size
        if ended[market]:
            hours[market] = 0
        for agent in range(costs.size):
            observations[market, agent, 0] = demand[market, hours[market]] / largest
            observations[market, agent, 1] = capacities[agent] / biggest
            observations[market, agent, 2] = costs[agent] / highest
            observations[market, agent, 3] = (first_hour + hours[market]) % 24 / 24


_numba_step = compiled()(_step_markets)
_numba_step_parallel = compiled(parallel=True)(_step_markets)
