"""Observers: what an agent sees of the next hour.

An observation is a row of features: demand, then constants of the agent, then the time. All
backends fill demand and time into the same template; `market_py.env.history` adds the memory.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np

from market_py.env.system import System
from market_py.validation import Float64Array

Observer = Literal["simple", "simple_v2", "simple_v3", "basic", "history"]
OBSERVERS: tuple[Observer, ...] = ("simple", "simple_v2", "simple_v3", "basic", "history")
HISTORY = 3, 4
"""Where ``history`` has the last price and the own last dispatch."""


class Template(NamedTuple):
    """Observations in which demand and time are left to fill in."""

    features: Float64Array
    """Features of each agent, shape (N, F); zero where demand and time go."""
    demand_scale: float
    """Factor from demand in MW to the first feature."""
    time: Float64Array
    """Last features of each hour and of the hour after the last, shape (T + 1, C)."""


def template(system: System, observer: Observer) -> Template:
    """Prepare the observations of a system.

    All features but the time are shares of the largest value in the system: of the profile's
    largest demand (noise may lift demand above 1), of the largest capacity, of the largest cost.

    ``simple``
        demand, own capacity, own cost, hour / 24;
    ``simple_v2``
        the same and weekday / 7;
    ``simple_v3``
        the same with hour and weekday as pairs of sine and cosine;
    ``basic``
        demand, own capacity, the costs of the others, their capacities;
    ``history``
        demand, own capacity, own cost, the last price as a share of the largest cost, the share of
        the own capacity that was dispatched last (both zero in the first hour), hour / 24.
    """
    if observer not in OBSERVERS:
        raise ValueError(
            f"observer = {observer!r}: must be one of {', '.join(map(repr, OBSERVERS))}"
        )
    hours = system.first_hour % 168 + np.arange(system.hours + 1)
    hour, weekday = hours % 24 / 24, hours // 24 % 7 / 7
    angles = 2 * np.pi * hour, 2 * np.pi * weekday
    time = {
        "simple": [hour],
        "simple_v2": [hour, weekday],
        "simple_v3": [turn(angle) for angle in angles for turn in (np.sin, np.cos)],
        "basic": [],
        "history": [hour],
    }[observer]
    capacities = system.capacities / system.capacities.max()
    costs = system.costs / system.costs.max()
    generators, gap = range(system.generators), [0.0] * len(time)
    if observer == "basic":
        rows = [
            [0.0, capacities[i], *np.delete(costs, i), *np.delete(capacities, i)]
            for i in generators
        ]
    else:
        memory = [0.0] * len(HISTORY) * (observer == "history")
        rows = [[0.0, capacities[i], costs[i], *memory, *gap] for i in generators]
    times = np.array(time).reshape(len(time), len(hours)).T
    return Template(np.array(rows), 1 / float(system.demand.max()), np.ascontiguousarray(times))
