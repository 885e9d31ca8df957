"""What numba compiles of a step: the loops before and after the clearing.

Clearing has kernels of its own, in another file: numba's cache would not notice that those have
changed, if one function called all.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from market_py.env.noise import MULTIPLIERS, ROUNDS, WEYL

_M0, _M1 = np.uint64(MULTIPLIERS[0]), np.uint64(MULTIPLIERS[1])
_W0, _W1 = np.uint64(WEYL[0]), np.uint64(WEYL[1])
_LOW, _HALF, _SHIFT, _ZERO = np.uint64(0xFFFFFFFF), np.uint64(32), np.uint64(11), np.uint64(0)
_UNIT = 2.0**-53


@njit(cache=True, nogil=True)
def are_allowed(actions):  # type: ignore[no-untyped-def]
    """Whether all actions lie within their bounds."""
    refused = False
    for market in range(actions.shape[0]):
        for agent in range(actions.shape[1]):
            withheld, markup = actions[market, agent, 0], actions[market, agent, 1]
            refused |= not ((withheld >= 0.0) & (withheld <= 1.0))
            refused |= not ((markup >= -10.0) & (markup <= 10.0))
    return not refused


@njit(cache=True, nogil=True)
def offer(actions, capacities, costs, max_bid_delta, bids, quantities):  # type: ignore[no-untyped-def]
    """Turn actions into offers."""
    for market in range(actions.shape[0]):
        for agent in range(actions.shape[1]):
            markup = math.tanh(actions[market, agent, 1]) * max_bid_delta
            bids[market, agent] = costs[agent] + markup
            quantities[market, agent] = (1.0 - actions[market, agent, 0]) * capacities[agent]


@njit(cache=True, nogil=True)
def demands(seeds, episodes, hours, profile, noise, demand):  # type: ignore[no-untyped-def]
    """Compute the demand of the hour that each clock shows."""
    for market in range(seeds.size):
        # After the last hour the profile begins again.
        demand[market] = profile[int(hours[market]) % profile.size]
        if noise[0] > 0.0:
            drawn = noise[0] * _normal(seeds[market], episodes[market], hours[market])
            demand[market] += min(max(drawn, noise[1]), noise[2])


@njit(cache=True, nogil=True)
def pay(bids, costs, penalties, scale, demand, prices, dispatch, rewards):  # type: ignore[no-untyped-def]
    """Compute the rewards."""
    for market in range(demand.size):
        served = 0.0
        for agent in range(costs.size):
            served += dispatch[market, agent]
        unserved = max(demand[market] - served, 0.0) * penalties[1]
        for agent in range(costs.size):
            markup = bids[market, agent] - costs[agent]
            profit = (prices[market] - costs[agent]) * dispatch[market, agent]
            rewards[market, agent] = (profit - penalties[0] * markup**2 - unserved) * scale


@njit(cache=True, nogil=True)
def show(hours, demand, template, demand_scale, time, observations):  # type: ignore[no-untyped-def]
    """Fill the observations of the hour that each clock shows."""
    told = time.shape[1]
    features = template.shape[1]
    for market in range(hours.size):
        hour = int(hours[market])
        for agent in range(template.shape[0]):
            for feature in range(1, features - told):
                observations[market, agent, feature] = template[agent, feature]
            observations[market, agent, 0] = demand[market] * demand_scale
            for feature in range(told):
                observations[market, agent, features - told + feature] = time[hour, feature]


@njit(cache=True, nogil=True)
def move_on(episodes, hours, last, autoreset, ended, observations, final_observations):  # type: ignore[no-untyped-def]
    """Begin anew where the last hour is over, keep the final observations; tell if any is."""
    any_ended = False
    for market in range(hours.size):
        ended[market] = hours[market] == last
        if ended[market]:
            any_ended = True
            final_observations[market] = observations[market]
            if autoreset:
                episodes[market] += np.uint64(1)
                hours[market] = _ZERO
    return any_ended


@njit(cache=True, nogil=True)
def _normal(seed, episode, hour):  # type: ignore[no-untyped-def]
    """Draw from the standard normal distribution (Box and Muller, Philox4x64-10)."""
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


@njit(cache=True, nogil=True)
def _multiply(one, other):  # type: ignore[no-untyped-def]
    """Return the lower and the upper word of a product."""
    one_low, one_high = one & _LOW, one >> _HALF
    other_low, other_high = other & _LOW, other >> _HALF
    crossed, crossed_too = one_low * other_high, one_high * other_low
    middle = (one_low * other_low >> _HALF) + (crossed & _LOW) + (crossed_too & _LOW)
    upper = one_high * other_high + (crossed >> _HALF) + (crossed_too >> _HALF)
    return one * other, upper + (middle >> _HALF)
