# mypy: allow-untyped-defs
"""The numba backend of the environment: compiled loops over chunks of markets."""

from __future__ import annotations

import math
from functools import partial

import numpy as np

from market_py.backends.compilation import compiled
from market_py.backends.numba_kernels import clear_rows
from market_py.backends.threads import parallel_for
from market_py.env.actions import check_actions
from market_py.env.buffers import StepBuffers
from market_py.env.model import Model
from market_py.env.noise import MULTIPLIERS, ROUNDS, WEYL, multiply, open_unit
from market_py.env.state import EnvState
from market_py.validation import Float64Array, check_threads

_M0, _M1 = np.uint64(MULTIPLIERS[0]), np.uint64(MULTIPLIERS[1])
_W0, _W1 = np.uint64(WEYL[0]), np.uint64(WEYL[1])
_ZERO = np.uint64(0)
# These formulas of `market_py.env.noise` compile for single words as they are.
_multiply, _open_unit = compiled(nogil=True)(multiply), compiled(nogil=True)(open_unit)

AGENTS_PER_SHARE = 1 << 12
"""About this many agents are handed to a thread at a time."""


class Stepper:
    """Steps markets; see `market_py.env.backends.numpy.Stepper`."""

    def __init__(self, model: Model, *, autoreset: bool, threads: int | None = None) -> None:
        self._model, self._threads = model, check_threads(threads)
        system, template = model.system, model.template
        # To numba an array that may not be written to is of another type.
        profile = system.demand.copy(), tuple(model.noise)
        shown = template.features, template.demand_scale, template.time
        offering = system.capacities.copy(), system.costs.copy(), model.max_bid_delta
        cap = math.nan if model.price_cap is None else model.price_cap
        clearing = model.ties == "pro_rata", np.array([cap])
        paying = model.markup_penalty, model.unserved_penalty, model.reward_scale
        self._rules = profile, shown, offering, clearing, paying, autoreset
        self._offers = np.empty((2, 0, model.agents))

    def observe(self, state: EnvState, observations: Float64Array) -> None:
        """Fill observations of the hour that each state tells."""
        profile, shown, *_ = self._rules
        _observe(state.words, profile, shown, observations)

    def step(self, state: EnvState, actions: Float64Array, buffers: StepBuffers) -> None:
        """Step all markets by an hour; fill the buffers."""
        if not _are_allowed(actions):
            check_actions(actions)
        markets, agents = len(actions), self._model.agents
        if self._offers.shape[1] < markets:
            self._offers = np.empty((2, markets, agents))
        step = partial(_step, state.words, actions, self._offers, *self._rules, *buffers)
        cleared = parallel_for(step, markets, max(1, AGENTS_PER_SHARE // agents), self._threads)
        assert cleared, "what a model lets agents offer is a market"


@compiled(nogil=True)
def _step(
    words, actions, offers, profile, shown, offering, clearing, paying, autoreset,
    observations, final_observations, rewards, ended, demand, prices, dispatch, start, stop,
):  # fmt: skip
    """Step some of the markets by an hour, in one compiled call; tell if they were markets."""
    words, dispatch = words[:, start:stop], dispatch[start:stop]
    demand, prices = demand[start:stop], prices[start:stop]
    bids, quantities = offers[0, start:stop], offers[1, start:stop]
    pro_rata, cap = clearing
    _offer(actions[start:stop], offering, bids, quantities)
    for market in range(demand.size):
        demand[market] = _demand(words, market, profile)
    if not clear_rows(bids, quantities, demand, pro_rata, cap, prices, dispatch, 0, demand.size):
        return False
    _pay(bids, offering, paying, demand, prices, dispatch, rewards[start:stop])
    observations, final_observations = observations[start:stop], final_observations[start:stop]
    _move_on(words, profile, shown, autoreset, observations, final_observations, ended[start:stop])
    return True


@compiled(nogil=True)
def _are_allowed(actions):
    """Whether all actions lie within their bounds."""
    # `not` refuses NaN too; without an early exit LLVM vectorises the loop.
    refused = False
    for market in range(actions.shape[0]):
        for agent in range(actions.shape[1]):
            withheld, markup = actions[market, agent, 0], actions[market, agent, 1]
            refused |= not ((withheld >= 0.0) & (withheld <= 1.0))
            refused |= not ((markup >= -10.0) & (markup <= 10.0))
    return not refused


@compiled(nogil=True)
def _offer(actions, offering, bids, quantities):
    """Turn actions into offers."""
    capacities, costs, max_bid_delta = offering
    for market in range(actions.shape[0]):
        for agent in range(actions.shape[1]):
            markup = math.tanh(actions[market, agent, 1]) * max_bid_delta
            bids[market, agent] = costs[agent] + markup
            quantities[market, agent] = (1.0 - actions[market, agent, 0]) * capacities[agent]


@compiled(nogil=True)
def _pay(bids, offering, paying, demand, prices, dispatch, rewards):
    """Compute the rewards."""
    costs = offering[1]
    markup_penalty, unserved_penalty, reward_scale = paying
    for market in range(demand.size):
        served = 0.0
        for agent in range(costs.size):
            served += dispatch[market, agent]
        unserved = max(demand[market] - served, 0.0) * unserved_penalty
        for agent in range(costs.size):
            markup = bids[market, agent] - costs[agent]
            profit = (prices[market] - costs[agent]) * dispatch[market, agent]
            reward = profit - markup_penalty * markup**2 - unserved
            rewards[market, agent] = reward * reward_scale


@compiled(nogil=True)
def _observe(words, profile, shown, observations):
    """Fill observations of the hour that each state tells."""
    for market in range(words.shape[1]):
        _show(words, market, profile, shown, observations)


@compiled(nogil=True)
def _move_on(words, profile, shown, autoreset, observations, final_observations, ended):
    """Move to the next hour; after the last, store its observation and begin an episode."""
    for market in range(ended.size):
        words[2, market] += np.uint64(1)
        _show(words, market, profile, shown, observations)
        ended[market] = words[2, market] == profile[0].size
        if ended[market]:
            final_observations[market] = observations[market]
            if autoreset:
                words[1, market] += np.uint64(1)
                words[2, market] = _ZERO
                _show(words, market, profile, shown, observations)


@compiled(nogil=True)
def _show(words, market, profile, shown, observations):
    """Fill the observations of a market."""
    template, demand_scale, time = shown
    times, features = time.shape[1], template.shape[1]
    demand, hour = _demand(words, market, profile) * demand_scale, int(words[2, market])
    for agent in range(template.shape[0]):
        for feature in range(1, features - times):
            observations[market, agent, feature] = template[agent, feature]
        observations[market, agent, 0] = demand
        for feature in range(times):
            observations[market, agent, features - times + feature] = time[hour, feature]


@compiled(nogil=True)
def _demand(words, market, profile):
    """Compute the demand of the hour of a market."""
    seed, episode, hour = words[0, market], words[1, market], words[2, market]
    demand, (deviation, low, high) = profile
    # The hour after the last is observed only; it has the demand of the first.
    expected = demand[int(hour) % demand.size]
    if deviation > 0.0:
        return expected + min(max(deviation * _normal(seed, episode, hour), low), high)
    return expected


@compiled(nogil=True)
def _normal(seed, episode, hour):
    """Return a standard normal number (Philox4x64-10, Box-Muller); see `market_py.env.noise`."""
    a, b, c, d = episode, hour, _ZERO, _ZERO
    key, other_key = seed, _ZERO
    for _ in range(ROUNDS):
        low, low_carried = _multiply(a, _M0)
        high, high_carried = _multiply(c, _M1)
        a, b, c, d = high_carried ^ b ^ key, high, low_carried ^ d ^ other_key, low
        key, other_key = key + _W0, other_key + _W1
    radius, angle = _open_unit(a), _open_unit(b)
    return math.sqrt(-2.0 * math.log(radius)) * math.cos(2.0 * math.pi * angle)
