"""A power system: generating units, and the load of each hour."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from market_py.validation import (
    Float64Array,
    Rule,
    at_most,
    check_integer,
    check_real,
    check_vector,
)

LARGEST = 1e100
"""Largest size of a capacity, load or price: no sum or product of them overflows."""


@dataclass(frozen=True)
class Unit:
    """One generating unit. `System` checks its numbers."""

    name: str
    capacity: float
    """MW"""
    forced_outage_rate: float
    """Share of time out of service; equals MTTR / (MTTF + MTTR)."""
    fuel_cost: float = 0.0
    """$/MWh"""
    om_cost: float = 0.0
    """Variable operation and maintenance, $/MWh."""
    mttf: float | None = None
    """Mean time to failure, h; only sequential outages need it."""
    mttr: float | None = None
    """Mean time to repair, h."""
    fuel: str = ""
    technology: str = ""
    planned: tuple[tuple[int, int], ...] = ()
    """Planned outages, each from its first hour of the year, counted from 0, to the hour after."""


RULES: dict[str, Rule] = {
    "capacity": (
        lambda value: (value > 0) & (value <= LARGEST),
        f"above 0 and at most {LARGEST:g}",
    ),
    "forced_outage_rate": (
        lambda value: (value >= 0) & (value <= 1),
        "a share, from 0 to 1 (5 % is 0.05)",
    ),
    "fuel_cost": at_most(LARGEST),
    "om_cost": at_most(LARGEST),
}
"""What numbers of a unit must be, and in which words."""


@dataclass(frozen=True, eq=False)
class System:
    """Generating units that serve a load, hour by hour of a year.

    Parameters
    ----------
    units : sequence of Unit
        The generating units; they offer their capacity at fuel plus variable O&M cost.
    loads : array_like, shape (hours,)
        Load of each hour, MW.

    Raises
    ------
    TypeError, ValueError
        There is no unit or no hour, or a number is not finite or out of its range. The message
        names the unit and the field, or the hour.

    Examples
    --------
    >>> units = [Unit("coal", 100.0, 0.05, 20.0), Unit("gas", 50.0, 0.1, 60.0)]
    >>> system = System(units, [80.0, 120.0])
    >>> system.hours, system.prices
    (2, array([20., 60.]))
    """

    units: tuple[Unit, ...]
    loads: Float64Array
    capacities: Float64Array = field(init=False)
    """MW, shape (units,)."""
    outage_rates: Float64Array = field(init=False)
    """Forced outage rates, shape (units,)."""
    prices: Float64Array = field(init=False)
    """Costs of fuel and O&M, $/MWh, shape (units,)."""
    in_service: NDArray[np.bool_] = field(init=False)
    """Whether a unit has no planned outage, shape (hours, units)."""

    def __init__(self, units: Sequence[Unit], loads: ArrayLike) -> None:
        rows = []
        for index, unit in enumerate(units):
            if not isinstance(unit, Unit):
                raise TypeError(f"units[{index}]: must be a Unit, got {type(unit).__name__}")
            named = f"units[{index}] ({unit.name})"
            values = ((it, getattr(unit, it), rule) for it, rule in RULES.items())
            rows.append([check_real(f"{named}: {it}", value, rule) for it, value, rule in values])
        if not rows:
            raise ValueError("units: must hold at least one unit")
        loads = check_vector("loads", loads, negative=False, holds="hour", most=LARGEST)
        capacities, outage_rates, fuel, om = np.array(rows).T.copy()
        in_service = np.ones((len(loads), len(rows)), bool)
        for index, unit in enumerate(units):
            for start, stop in unit.planned:
                named = f"units[{index}] ({unit.name}): planned"
                stop = check_integer(named, stop, 1, len(loads))
                in_service[check_integer(named, start, 0, stop - 1) : stop, index] = False
        parts = {"loads": loads, "capacities": capacities, "outage_rates": outage_rates}
        parts |= {"prices": fuel + om, "in_service": in_service}
        object.__setattr__(self, "units", tuple(units))
        for name, values in parts.items():
            kept = values.copy()
            kept.flags.writeable = False
            object.__setattr__(self, name, kept)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.units, self.loads)

    @property
    def hours(self) -> int:
        """Number of hours."""
        return len(self.loads)

    def with_units(self, *units: Unit) -> System:
        """Return the system with more units."""
        return System((*self.units, *units), self.loads)

    def with_loads(self, loads: ArrayLike) -> System:
        """Return the system with other loads, MW."""
        return System(self.units, loads)

    def with_profile(self, output: ArrayLike) -> System:
        """Return the system with an hourly output, MW, subtracted from its loads.

        It may be that of wind or of sun. More output than load is not used.
        """
        output = check_vector("output", output, negative=False, holds="hour", most=LARGEST)
        if len(output) != self.hours:
            raise ValueError(f"output: must have {self.hours} hours like loads, got {len(output)}")
        return self.with_loads(np.maximum(self.loads - output, 0))
