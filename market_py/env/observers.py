"""Observers: what an agent is shown of the hour to come.

An observation is a row of features: demand first, then what stays the same for an agent, then the
time. All backends fill demand and time into the same template.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np

from market_py.env.system import System
from market_py.validation import Float64Array

Observer = Literal["simple", "simple_v2", "simple_v3", "basic"]
OBSERVERS: tuple[Observer, ...] = ("simple", "simple_v2", "simple_v3", "basic")


class Template(NamedTuple):
    """An observation with gaps."""

    features: Float64Array
    """Shape (N, F); zero where demand and time go."""
    demand_scale: float
    """What demand is multiplied with."""
    time: Float64Array
    """The last features, of each hour and of the one after the last, shape (T + 1, C)."""
    names: tuple[str, ...]
    """Of the features, with units."""


def template(system: System, observer: Observer) -> Template:
    """Prepare the observations of a system.

    ``simple``
        demand, own capacity and own cost as shares of the largest, hour / 24;
    ``simple_v2``
        the same and weekday / 7;
    ``simple_v3``
        the same with hour and weekday as pairs of sine and cosine;
    ``basic``
        demand and own capacity in MW, the costs of the others in €/MWh, their capacities in MW.

    Raises
    ------
    ValueError
        There is no such observer.
    """
    if observer not in OBSERVERS:
        raise ValueError(
            f"observer = {observer!r}: must be one of {', '.join(map(repr, OBSERVERS))}"
        )
    hours = system.first_hour % 168 + np.arange(system.hours + 1)
    hour, weekday = hours % 24 / 24, hours // 24 % 7 / 7
    if observer == "basic":
        return _basic(system)
    times = {
        "simple": {"hour / 24": hour},
        "simple_v2": {"hour / 24": hour, "weekday / 7": weekday},
        "simple_v3": {
            "sin(hour)": np.sin(2 * np.pi * hour),
            "cos(hour)": np.cos(2 * np.pi * hour),
            "sin(weekday)": np.sin(2 * np.pi * weekday),
            "cos(weekday)": np.cos(2 * np.pi * weekday),
        },
    }[observer]
    own = [system.capacities / system.capacities.max(), system.costs / system.costs.max()]
    gap = np.zeros(system.generators)
    features = np.stack([gap, *own, *[gap] * len(times)], axis=1)
    names = ("demand / largest", "own capacity / largest", "own cost / largest", *times)
    return Template(features, 1 / float(system.demand.max()), np.stack([*times.values()], 1), names)


def _basic(system: System) -> Template:
    others = [np.delete(np.arange(system.generators), i) for i in range(system.generators)]
    rows = [
        [0.0, system.capacities[i], *system.costs[other], *system.capacities[other]]
        for i, other in enumerate(others)
    ]
    number = system.generators - 1
    names = (
        "demand, MW",
        "own capacity, MW",
        *(f"cost of other {i}, €/MWh" for i in range(number)),
        *(f"capacity of other {i}, MW" for i in range(number)),
    )
    return Template(np.array(rows), 1.0, np.empty((system.hours + 1, 0)), names)
