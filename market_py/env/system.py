"""A system of generators, and the demand that they bid for."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from market_py import rts79
from market_py.validation import Floats, check_vector


@dataclass(frozen=True, eq=False)
class System:
    """Generators that bid in every hour of an episode.

    Parameters
    ----------
    capacities : array_like, shape (N,)
        MW; finite and >= 0, one at least > 0.
    costs : array_like, shape (N,)
        Marginal costs, €/MWh; finite, one at least > 0.
    demand : array_like, shape (T,)
        Demand in each hour of an episode, MW; finite and >= 0, one at least > 0.
    names : sequence of str, optional
        Of the generators, all different; by default ``unit_0`` and so on.
    first_hour : int
        Hours from Monday's first to the first of the episode.

    Raises
    ------
    TypeError, ValueError
        As `market_py.market_clearing`.
    """

    capacities: Floats
    costs: Floats
    demand: Floats
    names: tuple[str, ...] = field(default=())
    first_hour: int = 0

    def __init__(
        self,
        capacities: ArrayLike,
        costs: ArrayLike,
        demand: ArrayLike,
        names: tuple[str, ...] | list[str] = (),
        first_hour: int = 0,
    ) -> None:
        arrays = {
            "capacities": check_vector("capacities", capacities, negative=False),
            "costs": check_vector("costs", costs, negative=True),
            "demand": check_vector("demand", demand, negative=False),
        }
        offers = len(arrays["capacities"])
        if len(arrays["costs"]) != offers:
            raise ValueError(
                f"costs: must have {offers} generators like capacities, got {len(arrays['costs'])}"
            )
        for name, array in arrays.items():
            if array.max() <= 0:
                raise ValueError(f"{name}: one at least must be > 0")
            array = array.copy()
            array.flags.writeable = False
            object.__setattr__(self, name, array)
        given = tuple(names) or tuple(f"unit_{i}" for i in range(offers))
        if len(given) != offers or len(set(given)) != offers:
            raise ValueError(f"names: must be {offers} different ones, got {given}")
        if first_hour < 0:
            raise ValueError(f"first_hour = {first_hour}: must be at least 0")
        object.__setattr__(self, "names", given)
        object.__setattr__(self, "first_hour", int(first_hour))

    @classmethod
    def rts79(cls, *, week: int = 51, hours: int = 24) -> System:
        """Make the IEEE Reliability Test System (see `market_py.rts79`).

        Parameters
        ----------
        week : int
            1 to 52; the episode begins with its Monday.
        hours : int
            Length of the episode.
        """
        first = (week - 1) * 168
        if not 1 <= week <= 52:
            raise ValueError(f"week = {week}: must be in 1 to 52")
        if not 1 <= hours <= rts79.HOURS - first:
            raise ValueError(f"hours = {hours}: must be in 1 to {rts79.HOURS - first}")
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
            How many.
        hours : int
            Length of the episode.
        seed : int
            The same seed gives the same system.
        """
        rng = np.random.default_rng([seed, generators, hours])
        capacities = rng.uniform(20, 200, generators).round(1)
        day = 0.6 + 0.25 * np.sin(2 * np.pi * (np.arange(hours) % 24 - 9) / 24)
        return cls(capacities, rng.uniform(5, 60, generators).round(2), day * capacities.sum())

    @property
    def generators(self) -> int:
        """Their number, ``N``."""
        return len(self.capacities)

    @property
    def hours(self) -> int:
        """Length of an episode, ``T``."""
        return len(self.demand)
