"""What planners ask: how much load a unit carries, and how much capacity a system needs.

Both search by bisection with the exact indices. L. L. Garver, "Effective load carrying capability
of generating units", IEEE Trans. PAS-85 no. 8 (1966) 910-919.
"""

from __future__ import annotations

from numpy.typing import ArrayLike

from market_py.reliability.bisection import largest
from market_py.reliability.capacity import HourlyCapacity
from market_py.reliability.system import LARGEST, System, Unit
from market_py.validation import Float64Array, check_scalar

ONE_DAY_IN_TEN_YEARS = 0.1
"""A usual target of planners, days of lost load a year."""
HOURS_PER_DAY = 24


def load_carrying_capability(system: System, added: Unit | ArrayLike) -> float:
    """Return the effective load-carrying capability of a unit or of an hourly output, MW.

    With the addition, the system carries so much more load in every hour at the same loss of load.

    Parameters
    ----------
    system : System
        The system without the addition.
    added : Unit or array_like, shape (hours,)
        A unit; or the output of each hour, MW, such as that of wind.

    Raises
    ------
    TypeError, ValueError
        As for `System`; or the system never loses load, so that nothing can be compared.

    Examples
    --------
    >>> from market_py.reliability import rts79
    >>> unit = Unit("gas", 100.0, 0.04)
    >>> round(load_carrying_capability(rts79.system(), unit))
    94
    """
    if isinstance(added, Unit):
        larger, most = system.with_units(added), float(added.capacity)
        loads = larger.loads
    else:
        larger = system
        profile = system.loads - system.with_profile(added).loads
        loads, most = system.loads - profile, float(profile.max())
    before = HourlyCapacity.of(system).shortfalls(system.loads)[0].sum()
    if before == 0:
        raise ValueError("system: never loses load, so no capability can be told from another")
    capacity = HourlyCapacity.of(larger)

    def is_carried(more: float) -> bool:
        return bool(capacity.shortfalls(loads + more)[0].sum() <= before)

    return largest(is_carried, 0.0, most)


def reserve_margin(system: System, target: float = ONE_DAY_IN_TEN_YEARS) -> float:
    """Return the reserve margin with which a system loses load on so many days a year.

    All loads are scaled by the same factor, until the expected number of days with a loss of load,
    each counted by its most probable hour, is the target. The margin is the installed capacity
    over the peak load then, less one.

    Parameters
    ----------
    system : System
        The system, whose hours are whole days.
    target : float
        Days a year; above 0.

    Raises
    ------
    TypeError, ValueError
        The hours are not whole days, or the target is not above 0 and below the number of days that
        have a load.

    Examples
    --------
    >>> from market_py.reliability import rts79
    >>> f"{reserve_margin(rts79.system()):.1%}"
    '37.1%'
    """
    if system.hours % HOURS_PER_DAY:
        raise ValueError(f"system: must have whole days, got {system.hours} hours")
    peaks = system.loads.reshape(-1, HOURS_PER_DAY).max(axis=1)
    peaks = peaks[peaks > 0]
    target = check_scalar("target", target, negative=False, most=LARGEST)
    if not 0 < target < len(peaks):
        raise ValueError(f"target = {target}: must be above 0 and below the {len(peaks)} days")
    capacity, installed = HourlyCapacity.of(system), float(system.capacities.sum())

    def is_safe(scale: float) -> bool:
        return bool(daily_loss_of_load(capacity, scale * system.loads) <= target)

    # With twice the installed capacity as the peak of the calmest day, all days are short.
    scale = largest(is_safe, 0.0, float(2 * installed / peaks.min()))
    return installed / (scale * float(peaks.max())) - 1


def daily_loss_of_load(capacity: HourlyCapacity, loads: Float64Array) -> float:
    """Return the expected number of days with a loss of load, by the most probable hour of each."""
    probability, _ = capacity.shortfalls(loads)
    return float(probability.reshape(-1, HOURS_PER_DAY).max(axis=1).sum())
