"""Generators, and the demand that they bid for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from market_py.reliability import rts79
from market_py.validation import Float64Array, check_integer, check_seed, check_vector

LARGEST = 1e100
"""Largest number in MW or €/MWh, so that products of two and sums stay far from overflow."""
SMALLEST = 1 / LARGEST
"""Smallest number that others are divided by."""


@dataclass(frozen=True, eq=False)
class System:
    """Generators that bid in every hour of an episode.

    Parameters
    ----------
    capacities : array_like, shape (N,)
        Capacities, MW, from 0 to 1e100; the largest is at least 1e-100, as for costs and demand.
    costs : array_like, shape (N,)
        Marginal costs, €/MWh, from -1e100 to 1e100.
    demand : array_like, shape (T,)
        Demand in each hour of an episode, MW, from 0 to 1e100.
    names : sequence of str, optional
        Names of the generators, all different; by default ``unit_0`` and so on.
    first_hour : int
        Hours from the first hour of a Monday to the first hour of the episode; >= 0.

    Examples
    --------
    >>> system = System([100, 50], [10, 30], [60, 120])
    >>> system.generators, system.hours, system.names
    (2, 2, ('unit_0', 'unit_1'))
    """

    capacities: Float64Array
    costs: Float64Array
    demand: Float64Array
    names: tuple[str, ...] = ()
    first_hour: int = 0

    def __init__(
        self,
        capacities: ArrayLike,
        costs: ArrayLike,
        demand: ArrayLike,
        names: Sequence[str] = (),
        first_hour: int = 0,
    ) -> None:
        for name, value, negative, holds in (
            ("capacities", capacities, False, "generator"),
            ("costs", costs, True, "generator"),
            ("demand", demand, False, "hour"),
        ):
            array = check_vector(name, value, negative=negative, holds=holds, most=LARGEST).copy()
            if array.max() < SMALLEST:
                raise ValueError(f"{name}: one at least must be >= {SMALLEST:g}")
            array.flags.writeable = False
            object.__setattr__(self, name, array)
        offers = self.generators
        if len(self.costs) != offers:
            raise ValueError(
                f"costs: must have {offers} generators like capacities, got {len(self.costs)}"
            )
        given = _check_names(names) or tuple(f"unit_{i}" for i in range(offers))
        if len(given) != offers or len(set(given)) != offers:
            raise ValueError(f"names: must be {offers} different ones, got {given}")
        object.__setattr__(self, "names", given)
        object.__setattr__(self, "first_hour", check_integer("first_hour", first_hour, 0))

    def __reduce__(self) -> tuple[Any, ...]:
        # The constructor makes the copy: arrays that pickle restores are writeable.
        parts = self.capacities, self.costs, self.demand, self.names, self.first_hour
        return type(self), parts

    @classmethod
    def rts79(cls, *, week: int = 51, hours: int = 24) -> System:
        """Return the IEEE Reliability Test System (see `market_py.reliability.rts79`).

        Parameters
        ----------
        week : int
            Week of the year, 1 to 52; the episode begins with its Monday.
        hours : int
            Length of the episode, from 1 to the hours that are left in the year.
        """
        first = (check_integer("week", week, 1, 52) - 1) * 168
        hours = check_integer("hours", hours, 1, rts79.HOURS - first)
        return cls(
            [unit.capacity for unit in rts79.UNITS],
            [unit.fuel_cost + unit.om_cost for unit in rts79.UNITS],
            rts79.hourly_loads()[first : first + hours],
            [unit.name for unit in rts79.UNITS],
        )

    @classmethod
    def random(cls, generators: int, *, hours: int = 24, seed: int = 0) -> System:
        """Draw generators, and a demand that varies with the hour of the day.

        Parameters
        ----------
        generators : int
            Number of generators; >= 1.
        hours : int
            Length of the episode; >= 1.
        seed : int
            The same seed gives the same system.
        """
        generators = check_integer("generators", generators, 1)
        hours, seed = check_integer("hours", hours, 1), check_seed(seed)
        rng = np.random.default_rng([seed, generators, hours])
        capacities = rng.uniform(20, 200, generators).round(1)
        day = 0.6 + 0.25 * np.sin(2 * np.pi * (np.arange(hours) % 24 - 9) / 24)
        return cls(capacities, rng.uniform(5, 60, generators).round(2), day * capacities.sum())

    @property
    def generators(self) -> int:
        """Number of generators, ``N``."""
        return len(self.capacities)

    @property
    def hours(self) -> int:
        """Hours of an episode, ``T``."""
        return len(self.demand)


def _check_names(names: Sequence[str]) -> tuple[str, ...]:
    """Return the names, but refuse a single string, which is a sequence of strings too."""
    if isinstance(names, str):
        raise TypeError(f"names = {names!r}: must be a sequence of strings, not one")
    given = tuple(names)
    for at, name in enumerate(given):
        if not isinstance(name, str):
            raise TypeError(f"names[{at}] = {name!r}: must be a string")
    return given
