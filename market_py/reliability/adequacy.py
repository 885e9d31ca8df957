"""Adequacy of a power system: how often, and by how much, demand is not met.

In every hour each unit is available or out, independently of other hours and units; its forced
outage rate is the probability that it is out. The available units are the offers of the hour's
market. If demand exceeds these offers, there is a loss of load. `simulate` draws and clears the
markets of any number of years. `exact` computes loss of load and unserved energy by convolution,
without prices. Both follow the clearing contract: available capacity meets a load if it is at least
the load less one part in 10^9.

R. Billinton, R. N. Allan, *Reliability Evaluation of Power Systems* (2nd ed., Plenum 1996).
"""

from __future__ import annotations

import math
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import accumulate, islice
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from market_py.backends.constants import COVERAGE
from market_py.registry import default_backend, get_backend
from market_py.reliability import rts79
from market_py.validation import (
    MAX_THREADS,
    Float64Array,
    check_integer,
    check_real,
    check_scalar,
    check_vector,
)

VALUE_OF_LOST_LOAD = 1000.0
"""$/MWh"""

LARGEST = 1e100
"""Largest size of a capacity, load or price: no sum or product of them overflows."""

MOST_LEVELS = 50_000
"""Levels of available capacity above which `exact` merges neighbours."""

LEAST_PROBABILITY = 1e-200
"""Levels of available capacity that are less probable do not count in `exact`."""


class Indices(NamedTuple):
    """The two indices of adequacy."""

    loss_of_load: float
    """Loss of load expectation, h/year."""
    unserved_energy: float
    """Expected unserved energy, MWh/year."""


@dataclass(frozen=True)
class Estimate:
    """A mean over years, updated one year at a time (Welford's recurrence)."""

    years: int = 0
    mean: float = 0.0
    _squares: float = 0.0

    def add(self, value: float) -> Estimate:
        """Return the estimate of one more year."""
        years = self.years + 1
        change = value - self.mean
        mean = self.mean + change / years
        return Estimate(years, mean, self._squares + change * (value - mean))

    @property
    def standard_error(self) -> float:
        """Standard error of the mean; infinite before the second year."""
        if self.years < 2:
            return math.inf
        return math.sqrt(self._squares / (self.years - 1) / self.years)

    @property
    def interval(self) -> tuple[float, float]:
        """95 % confidence interval of the mean (normal)."""
        reach = 1.959964 * self.standard_error
        return self.mean - reach, self.mean + reach

    def __str__(self) -> str:
        """Show the mean and its interval."""
        low, high = self.interval
        return f"{self.mean:,.3f} [{low:,.3f}, {high:,.3f}]"


@dataclass(frozen=True)
class Simulation:
    """The result of some simulated years."""

    loss_of_load: Estimate = Estimate()
    """h/year."""
    unserved_energy: Estimate = Estimate()
    """MWh/year."""
    hours_at_price: Counter[float] = field(default_factory=Counter)
    """Hours at each price, $/MWh; a shortage is at the value of lost load."""

    @property
    def years(self) -> int:
        """Number of years."""
        return self.loss_of_load.years

    @property
    def mean_price(self) -> float:
        """Mean over all hours, $/MWh."""
        hours = self.hours_at_price.total()
        return sum(price * count for price, count in self.hours_at_price.items()) / hours

    def add(self, year: Year) -> Simulation:
        """Return the simulation of one more year."""
        return Simulation(
            self.loss_of_load.add(year.short_hours),
            self.unserved_energy.add(year.unserved),
            self.hours_at_price + year.hours_at_price,
        )


class Year(NamedTuple):
    """The result of one simulated year."""

    short_hours: int
    unserved: float
    """MWh."""
    hours_at_price: Counter[float]


def simulate(
    years: int, *, progress: Callable[[], object] = lambda: None, **options: Any
) -> Simulation:
    """Simulate years of outages and clear every hour.

    Parameters
    ----------
    years : int
        Number of years, at least one.
    progress : callable
        Called after each year, without arguments.
    **options
        All options of `simulate_yearly`, which also lists the errors.

    Examples
    --------
    >>> from market_py.reliability import adequacy
    >>> found = adequacy.simulate(3, seed=1)
    >>> found.years, found.hours_at_price.total()
    (3, 26208)
    """
    found = Simulation()
    for found in simulate_yearly(years, **options):  # noqa: B007 - the last one is the result
        progress()
    return found


def simulate_yearly(
    years: int,
    *,
    seed: int = 0,
    units: Sequence[rts79.Unit] = rts79.UNITS,
    loads: ArrayLike | None = None,
    value_of_lost_load: float = VALUE_OF_LOST_LOAD,
    backend: str | None = None,
    threads: int = 1,
) -> Iterator[Simulation]:
    """Simulate as `simulate` does, and return an iterator over the result after each year.

    The result depends on the seed and the number of years only: each year has a random stream of
    its own, and years are added in order, whatever the number of threads. Memory does not grow
    with the number of years. The simulation ends when its caller asks for no more years.

    Parameters
    ----------
    years : int
        Number of years, at least one.
    seed : int
        Seed of all random numbers, at least zero.
    units : sequence of Unit
        The generating units; they offer their capacity at fuel plus variable O&M cost.
    loads : array_like, shape (hours,), optional
        Demand of each hour of the year, MW; by default that of the RTS-79.
    value_of_lost_load : float
        Price of a shortage, $/MWh.
    backend : str, optional
        Name of the backend that clears the markets; by default the fastest.
    threads : int
        Number of years that are simulated at the same time.

    Raises
    ------
    TypeError, ValueError
        No year, no thread, or a negative seed; no unit, or a number of a unit that is out of its
        range; loads that are not finite numbers >= 0, or none; a value of lost load that is not
        finite; no such backend.
    """
    years = check_integer("years", years, 1)
    threads = min(check_integer("threads", threads, 1), MAX_THREADS)
    seed = check_integer("seed", seed, 0)
    clear = (default_backend() if backend is None else get_backend(backend)).market_clearing_batch
    fleet = _check_units(units)
    demand = _check_loads(loads)
    lost = check_scalar("value_of_lost_load", value_of_lost_load, negative=True, most=LARGEST)
    outages = _Outages(fleet, len(demand))
    bids = fleet.costs
    # The backend knows by exact sums which hours are short. A cap that no unit asks tells them
    # apart from hours in which a unit asks the value of lost load.
    cap = np.nextafter(bids.max(), np.inf)
    levels = np.append(np.unique(bids), cap)

    def one(year: int) -> Year:
        offered = outages.draw(seed, year)
        prices, _ = clear(bids, offered, demand, price_cap=cap, threads=1)
        short = prices == cap
        hours = np.bincount(np.searchsorted(levels, prices), minlength=len(levels))
        at_price: Counter[float] = Counter()
        for price, count in zip([*levels[:-1].tolist(), lost], hours.tolist(), strict=True):
            at_price[price] += count
        unserved = demand[short] - offered[short].sum(axis=1)
        return Year(int(short.sum()), float(unserved.sum()), +at_price)

    return islice(
        accumulate(_in_order(one, years, threads), Simulation.add, initial=Simulation()), 1, None
    )


def _in_order(one: Callable[[int], Year], years: int, threads: int) -> Iterator[Year]:
    """Years in order, a few of them computed ahead."""
    if threads == 1:
        yield from map(one, range(years))
        return
    todo = iter(range(years))
    pool = ThreadPoolExecutor(threads)
    try:
        ahead: deque[Future[Year]] = deque(pool.submit(one, y) for y in islice(todo, 2 * threads))
        while ahead:
            yield ahead.popleft().result()
            ahead.extend(pool.submit(one, year) for year in islice(todo, 1))
    finally:
        pool.shutdown(cancel_futures=True)


class _Outages(threading.local):
    """What units offer in each hour of a year.

    Each thread has working memory of its own and keeps it: to map fresh pages for every year costs
    more than to clear it.
    """

    def __init__(self, fleet: _Fleet, hours: int) -> None:
        self._fleet = fleet
        self._offered = np.empty((hours, len(fleet.capacities)))
        self._up = np.empty(self._offered.shape, dtype=bool)

    def draw(self, seed: int, year: int) -> Float64Array:
        """Draw a year from its own stream, over the one before."""
        rng = np.random.Generator(np.random.PCG64DXSM(np.random.SeedSequence([seed, year])))
        rng.random(out=self._offered)
        np.greater_equal(self._offered, self._fleet.outage_rates, out=self._up)
        np.multiply(self._up, self._fleet.capacities, out=self._offered)
        return self._offered


def draw_year(
    year: int, seed: int = 0, units: Sequence[rts79.Unit] = rts79.UNITS, hours: int = rts79.HOURS
) -> Float64Array:
    """Draw what the units offer in each hour of a year, as `simulate` does.

    Parameters
    ----------
    year : int
        Number of the year, from zero.
    seed : int
        Seed of all years, at least zero.
    units : sequence of Unit
        The generating units.
    hours : int
        Number of hours, at least one.

    Returns
    -------
    ndarray, shape (hours, units)
        The capacity of a unit that is up, 0 for one that is down, MW.

    Raises
    ------
    TypeError, ValueError
        A number is out of its range, or there is no unit.

    Examples
    --------
    >>> from market_py.reliability import adequacy
    >>> adequacy.draw_year(0).shape
    (8736, 32)
    """
    year, seed = check_integer("year", year, 0), check_integer("seed", seed, 0)
    return _Outages(_check_units(units), check_integer("hours", hours, 1)).draw(seed, year)


def exact(units: Sequence[rts79.Unit] = rts79.UNITS, loads: ArrayLike | None = None) -> Indices:
    """Compute the indices from the distribution of the available capacity.

    Units are convolved one by one. Levels of available capacity that differ by less than one part
    in 10^12 count as one. Where more than `MOST_LEVELS` remain, those of one cell of a grid of
    `MOST_LEVELS` cells are replaced by their mean. The time is therefore proportional to the
    number of units. A unit moves a level by less than a cell, so with N units each index lies
    between those of loads that are smaller, and larger, by N / `MOST_LEVELS` of the whole
    capacity. The error is usually far smaller, as the mean capacity does not change. Nothing is
    replaced where the capacities are multiples of a common step and at most `MOST_LEVELS` of
    these steps together, such as the 3405 MW of the RTS-79.

    Parameters
    ----------
    units : sequence of Unit
        The generating units; their capacities and forced outage rates count.
    loads : array_like, shape (hours,), optional
        Demand of each hour of the year, MW; by default that of the RTS-79.

    Raises
    ------
    TypeError, ValueError
        No unit, or a number of a unit that is out of its range; loads that are not finite numbers
        >= 0, or none.

    Examples
    --------
    >>> from market_py.reliability import adequacy
    >>> loss_of_load, unserved_energy = adequacy.exact()
    >>> round(loss_of_load, 3), round(unserved_energy)  # As published.
    (9.394, 1176)
    """
    fleet, demand = _check_units(units), _check_loads(loads)
    levels, probabilities = np.zeros(1), np.ones(1)
    for capacity, rate in zip(fleet.capacities, fleet.outage_rates, strict=True):
        levels, probabilities = _merge(
            np.concatenate([levels, levels + capacity]),
            np.concatenate([probabilities * rate, probabilities * (1 - rate)]),
        )
    # With `below` the levels that do not meet a load: P(short) and E(shortfall) by partial sums.
    below = np.searchsorted(levels, demand * COVERAGE)
    mass = np.concatenate([[0.0], np.cumsum(probabilities)])
    moment = np.concatenate([[0.0], np.cumsum(probabilities * levels)])
    return Indices(float(mass[below].sum()), float((demand * mass[below] - moment[below]).sum()))


def _merge(levels: Float64Array, probabilities: Float64Array) -> tuple[Float64Array, Float64Array]:
    """Sort levels of capacity, and replace close ones by their mean."""
    order = np.argsort(levels, kind="stable")  # Timsort: in linear time for two sorted runs.
    order = order[probabilities[order] > LEAST_PROBABILITY]
    levels, probabilities = levels[order], probabilities[order]
    # Sums of the same units in another order differ by rounding, 10^-16 for each unit.
    first = np.flatnonzero(np.diff(levels, prepend=-1) > 1e-12 * levels)
    if len(first) > MOST_LEVELS:
        cells = np.floor(levels * (MOST_LEVELS / levels[-1]))
        first = np.flatnonzero(np.diff(cells, prepend=-1))
    merged = np.add.reduceat(probabilities, first)
    # Distances from the first of a group: where all are the same, their mean is so too, exactly.
    lowest = np.repeat(levels[first], np.diff(first, append=len(levels)))
    distance = np.add.reduceat(probabilities * (levels - lowest), first) / merged
    return levels[first] + distance, merged


class _Fleet(NamedTuple):
    """The numbers of some units, checked."""

    capacities: Float64Array
    """MW, shape (units,)."""
    outage_rates: Float64Array
    """Shape (units,)."""
    costs: Float64Array
    """Fuel plus variable O&M, $/MWh, shape (units,)."""


_RANGES: dict[str, tuple[Callable[[float], bool], str]] = {
    "capacity": (lambda value: 0 < value <= LARGEST, f"above 0 and at most {LARGEST:g}"),
    "forced_outage_rate": (lambda value: 0 <= value <= 1, "a share, from 0 to 1"),
    "fuel_cost": (lambda value: abs(value) <= LARGEST, f"at most {LARGEST:g} in size"),
    "om_cost": (lambda value: abs(value) <= LARGEST, f"at most {LARGEST:g} in size"),
}


def _check_units(units: Sequence[rts79.Unit]) -> _Fleet:
    """Return the numbers of the units; errors name the unit and the field."""
    rows = []
    for index, unit in enumerate(units):
        if not isinstance(unit, rts79.Unit):
            raise TypeError(f"units[{index}]: must be a Unit, got {type(unit).__name__}")
        row = []
        for name, (is_good, must) in _RANGES.items():
            argument = f"units[{index}] ({unit.name}): {name}"
            row.append(check_real(argument, getattr(unit, name)))
            if not is_good(row[-1]):
                raise ValueError(f"{argument} = {row[-1]}: must be {must}")
        rows.append(row)
    if not rows:
        raise ValueError("units: must hold at least one unit")
    capacities, outage_rates, fuel, om = np.array(rows).T.copy()
    return _Fleet(capacities, outage_rates, fuel + om)


def _check_loads(loads: ArrayLike | None) -> Float64Array:
    """Return the demand of each hour."""
    if loads is None:
        return rts79.hourly_loads()
    return check_vector("loads", loads, negative=False, holds="hour", most=LARGEST)
