"""Compiled loops of a step: those before the clearing and those after it.

They do not call the clearing kernels. numba's cache checks for changes in this file only, so it
would return machine code with outdated clearing kernels.
"""

from __future__ import annotations

import math

import numpy as np

from market_py.backends.compilation import compiled
from market_py.env.noise import MULTIPLIERS, ROUNDS, WEYL

_M0, _M1 = np.uint64(MULTIPLIERS[0]), np.uint64(MULTIPLIERS[1])
_W0, _W1 = np.uint64(WEYL[0]), np.uint64(WEYL[1])
_LOW, _HALF, _SHIFT, _ZERO = np.uint64(0xFFFFFFFF), np.uint64(32), np.uint64(11), np.uint64(0)
_UNIT = 2.0**-53


@compiled(nogil=True)
def are_allowed(actions):  # type: ignore[no-untyped-def]
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
def offer(actions, offering, bids, quantities):  # type: ignore[no-untyped-def]
    """Turn actions into offers."""
    capacities, costs, max_bid_delta = offering
    for market in range(actions.shape[0]):
        for agent in range(actions.shape[1]):
            markup = math.tanh(actions[market, agent, 1]) * max_bid_delta
            bids[market, agent] = costs[agent] + markup
            quantities[market, agent] = (1.0 - actions[market, agent, 0]) * capacities[agent]


@compiled(nogil=True)
def demands(words, profile, demand):  # type: ignore[no-untyped-def]
    """Compute the demand of the hour of each market."""
    for market in range(demand.size):
        demand[market] = _demand(words, market, profile)


@compiled(nogil=True)
def pay(bids, offering, paying, demand, prices, dispatch, rewards):  # type: ignore[no-untyped-def]
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
def observe(words, profile, shown, observations):  # type: ignore[no-untyped-def]
    """Fill observations of the hour that each state tells."""
    for market in range(words.shape[1]):
        _show(words, market, profile, shown, observations)


@compiled(nogil=True)
def move_on(  # type: ignore[no-untyped-def]
    words, profile, shown, autoreset, observations, final_observations, ended
):
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
def _show(words, market, profile, shown, observations):  # type: ignore[no-untyped-def]
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
def _demand(words, market, profile):  # type: ignore[no-untyped-def]
    """Compute the demand of the hour of a market."""
    seed, episode, hour = words[0, market], words[1, market], words[2, market]
    demand, (deviation, low, high) = profile
    # The hour after the last is observed only; it has the demand of the first.
    expected = demand[int(hour) % demand.size]
    if deviation > 0.0:
        return expected + min(max(deviation * _normal(seed, episode, hour), low), high)
    return expected


@compiled(nogil=True)
def _normal(seed, episode, hour):  # type: ignore[no-untyped-def]
    """Return a standard normal number (Philox4x64-10, Box-Muller); see `market_py.env.noise`."""
    a, b, c, d = episode, hour, _ZERO, _ZERO
    key, other_key = seed, _ZERO
    for _ in range(ROUNDS):
        low, low_carried = _multiply(a, _M0)
        high, high_carried = _multiply(c, _M1)
        a, b, c, d = high_carried ^ b ^ key, high, low_carried ^ d ^ other_key, low
        key, other_key = key + _W0, other_key + _W1
    radius = (float(a >> _SHIFT) + 0.5) * _UNIT
    angle = (float(b >> _SHIFT) + 0.5) * _UNIT
    return math.sqrt(-2.0 * math.log(radius)) * math.cos(2.0 * math.pi * angle)


@compiled(nogil=True)
def _multiply(one, other):  # type: ignore[no-untyped-def]
    """Return the lower and the upper word of a product, by long multiplication in 32-bit digits."""
    one_low, one_high = one & _LOW, one >> _HALF
    other_low, other_high = other & _LOW, other >> _HALF
    crossed, crossed_too = one_low * other_high, one_high * other_low
    middle = (one_low * other_low >> _HALF) + (crossed & _LOW) + (crossed_too & _LOW)
    upper = one_high * other_high + (crossed >> _HALF) + (crossed_too >> _HALF)
    return one * other, upper + (middle >> _HALF)
