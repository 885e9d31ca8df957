"""The IEEE Reliability Test System of 1979: 32 generating units and 8736 hours of load.

Sources
-------
IEEE Committee Report, "IEEE Reliability Test System", IEEE Trans. PAS-98 no. 6 (1979) 2047-2054:
units, outage data and load. R. N. Allan, R. Billinton, N. M. K. Abdel-Gawad, "The IEEE Reliability
Test System: extensions to and evaluation of the generating system", IEEE Trans. PWRS-1 no. 4
(1986) 1-7, and R. Billinton, R. N. Allan, *Reliability Evaluation of Power Systems* (2nd ed.,
Plenum 1996), appendix: operating costs. Prices are dollars of that time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Literal

import numpy as np

from market_py.reliability.system import System, Unit
from market_py.validation import Float64Array, check_scalar

Fuel = Literal["oil", "coal", "nuclear", "hydro"]


def _units() -> tuple[Unit, ...]:
    groups: list[tuple[int, float, Fuel, str, float, float, float, float, float]] = [
        # number, MW, fuel, technology, FOR, MTTF h, MTTR h, fuel $/MWh, O&M $/MWh
        (5, 12, "oil", "steam", 0.02, 2940, 60, 27.60, 0.90),
        (4, 20, "oil", "combustion turbine", 0.10, 450, 50, 43.50, 5.00),
        (6, 50, "hydro", "hydro", 0.01, 1980, 20, 0.00, 0.00),
        (4, 76, "coal", "steam", 0.02, 1960, 40, 14.40, 0.90),
        (3, 100, "oil", "steam", 0.04, 1200, 50, 23.00, 0.80),
        (4, 155, "coal", "steam", 0.04, 960, 40, 11.64, 0.80),
        (3, 197, "oil", "steam", 0.05, 950, 50, 22.08, 0.70),
        (1, 350, "coal", "steam", 0.08, 1150, 100, 11.40, 0.70),
        (2, 400, "nuclear", "steam", 0.12, 1100, 150, 6.00, 0.30),
    ]
    return tuple(
        Unit(
            f"{fuel} {capacity:g} MW #{number + 1}",
            capacity,
            outage_rate,
            fuel_cost,
            om_cost,
            mttf,
            mttr,
            fuel,
            technology,
        )
        for count, capacity, fuel, technology, outage_rate, mttf, mttr, fuel_cost, om_cost in groups
        for number in range(count)
    )


UNITS = _units()
"""The 32 units, 3405 MW together."""

ANNUAL_PEAK = 2850.0
"""MW"""

HOURS = 52 * 7 * 24
"""Hours of the load model, from midnight before the first Monday."""

# Weekly peak in per cent of the annual peak, weeks 1 to 52.
# fmt: off
_WEEKS = [
    86.2, 90.0, 87.8, 83.4, 88.0, 84.1, 83.2, 80.6, 74.0, 73.7, 71.5, 72.7, 70.4,
    75.0, 72.1, 80.0, 75.4, 83.7, 87.0, 88.0, 85.6, 81.1, 90.0, 88.7, 89.6, 86.1,
    75.5, 81.6, 80.1, 88.0, 72.2, 77.6, 80.0, 72.9, 72.6, 70.5, 78.0, 69.5, 72.4,
    72.4, 74.3, 74.4, 80.0, 88.1, 88.5, 90.9, 94.0, 89.0, 94.2, 97.0, 100.0, 95.2,
]
# fmt: on
# Daily peak in per cent of the weekly peak, Monday to Sunday.
_DAYS = [93, 100, 98, 96, 94, 77, 75]
# Hourly load in per cent of the daily peak, from midnight: weekday, weekend.
_WINTER = (
    "67 63 60 59 59 60 74 86 95 96 96 95 95 95 93 94 99 100 100 96 91 83 73 63",
    "78 72 68 66 64 65 66 70 80 88 90 91 90 88 87 87 91 100 99 97 94 92 87 81",
)
_SUMMER = (
    "64 60 58 56 56 58 64 76 87 95 99 100 99 100 100 97 96 96 93 92 92 93 87 72",
    "74 70 66 65 64 62 62 66 81 86 91 93 93 92 91 91 92 94 95 95 100 93 88 80",
)
_BETWEEN = (
    "63 62 60 58 59 65 72 85 95 99 100 99 93 92 90 88 90 92 96 98 96 90 80 70",
    "75 73 69 66 65 65 68 74 83 89 92 94 91 90 90 86 85 88 92 100 97 95 90 85",
)


def _season(week: int) -> tuple[str, str]:
    """Hourly profiles of a week, counted from 1."""
    if week <= 8 or week >= 44:
        return _WINTER
    return _SUMMER if 18 <= week <= 30 else _BETWEEN


def hourly_loads(annual_peak: float = ANNUAL_PEAK) -> Float64Array:
    """Return the load of each hour of the year, shape (8736,), MW; hour 0 begins on Monday, 00:00.

    A peak that is not a finite number >= 0 raises a TypeError or a ValueError.

    Examples
    --------
    >>> from market_py.reliability import rts79
    >>> loads = rts79.hourly_loads()
    >>> float(loads.max()), round(loads.sum() / 1000)  # MW, GWh/year
    (2850.0, 15297)
    """
    annual_peak = check_scalar("annual_peak", annual_peak, negative=False)
    percents = [
        weekly * daily * hourly
        for week, weekly in enumerate(_WEEKS, start=1)
        for day, daily in enumerate(_DAYS)
        for hourly in map(int, _season(week)[day >= 5].split())
    ]
    return np.array(percents) / 100**3 * annual_peak


def offers(
    fuel_prices: Mapping[Fuel, float] | None = None, out: str | Iterable[str] = ()
) -> tuple[Float64Array, Float64Array]:
    """Return the offers of all units at their marginal cost: fuel and variable O&M.

    Parameters
    ----------
    fuel_prices : mapping, optional
        Factor on the price of a fuel, such as ``{"oil": 1.5}``; 1 where a fuel is not named.
    out : str or iterable of str
        Names of units on outage; they offer nothing.

    Returns
    -------
    bids, quantities : ndarray, shape (32,)
        Prices, $/MWh, and capacities, MW.

    Raises
    ------
    TypeError, ValueError
        There is no such fuel or unit, or a number is not finite and >= 0.

    Examples
    --------
    >>> from market_py import market_clearing
    >>> from market_py.reliability import rts79
    >>> price, dispatch = market_clearing(*rts79.offers(out="nuclear 400 MW #1"), 2850)
    >>> price  # $/MWh; the oil unit of 100 MW is marginal.
    23.8
    """
    factors = {unit.fuel: 1.0 for unit in UNITS}
    for fuel, factor in (fuel_prices or {}).items():
        if fuel not in factors:
            raise ValueError(f"fuel_prices: {fuel!r} is no fuel of the system")
        factors[fuel] = check_scalar(f"fuel_prices[{fuel!r}]", factor, negative=False)
    missing = {out} if isinstance(out, str) else set(out)
    for stranger in missing - {unit.name for unit in UNITS}:
        raise ValueError(f"out: {stranger!r} is no unit of the system")
    bids = np.array([unit.fuel_cost * factors[unit.fuel] + unit.om_cost for unit in UNITS])
    quantities = np.array([0.0 if unit.name in missing else unit.capacity for unit in UNITS])
    return bids, quantities


@cache
def system(annual_peak: float = ANNUAL_PEAK) -> System:
    """Return all units with the load of each hour, whose highest is `annual_peak`, MW.

    Examples
    --------
    >>> from market_py.reliability import rts79
    >>> rts79.system().hours
    8736
    """
    return System(UNITS, hourly_loads(annual_peak))


def given_system(given: System | None) -> System:
    """Return the system that is given, or the RTS-79; anything else raises a TypeError."""
    if given is None:
        return system()
    if not isinstance(given, System):
        raise TypeError(f"system: must be a System, got {type(given).__name__}")
    return given
