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
from market_py.registry import get_backend
from market_py.reliability import rts79
from market_py.validation import (
    MAX_THREADS,
    Float64Array,
    Rule,
    at_most,
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

    def add(
        self, short_hours: int, unserved_energy: float, hours_at_price: Counter[float]
    ) -> Simulation:
        """Return the simulation of one more year."""
        return Simulation(
            self.loss_of_load.add(short_hours),
            self.unserved_energy.add(unserved_energy),
            self.hours_at_price + hours_at_price,
        )


Year = tuple[int, float, Counter[float]]
"""The arguments of `Simulation.add` of one year."""


def simulate(
    years: int, *, progress: Callable[[], object] = lambda: None, **options: Any
) -> Simulation:
    """Simulate years of outages and clear every hour; `progress` is called after each year.

    Options and errors are those of `simulate_yearly`.

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
        An argument, or a number of a unit, is not finite or out of its range; there is no unit, no
        load or no such backend.
    """
    years = check_integer("years", years, 1)
    threads = min(check_integer("threads", threads, 1), MAX_THREADS)
    seed = check_integer("seed", seed, 0)
    clear = get_backend(backend).market_clearing_batch
    capacities, outage_rates, bids = _check_units(units)
    demand = _check_loads(loads)
    lost = check_scalar("value_of_lost_load", value_of_lost_load, negative=True, most=LARGEST)
    outages = _Outages(capacities, outage_rates, len(demand))
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
        return int(short.sum()), float(unserved.sum()), +at_price

    simulations = accumulate(
        _in_order(one, years, threads), lambda done, year: done.add(*year), initial=Simulation()
    )
    return islice(simulations, 1, None)


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

    def __init__(self, capacities: Float64Array, outage_rates: Float64Array, hours: int) -> None:
        self._capacities, self._outage_rates = capacities, outage_rates
        self._offered = np.empty((hours, len(capacities)))
        self._up = np.empty(self._offered.shape, dtype=bool)

    def draw(self, seed: int, year: int) -> Float64Array:
        """Draw a year from its own stream, over the one before."""
        rng = np.random.Generator(np.random.PCG64DXSM(np.random.SeedSequence([seed, year])))
        rng.random(out=self._offered)
        np.greater_equal(self._offered, self._outage_rates, out=self._up)
        np.multiply(self._up, self._capacities, out=self._offered)
        return self._offered


def draw_year(
    year: int, seed: int = 0, units: Sequence[rts79.Unit] = rts79.UNITS, hours: int = rts79.HOURS
) -> Float64Array:
    """Draw what the units offer in each hour of a year, as `simulate` does.

    Returns an array of shape (hours, units): the capacity of a unit that is up, and 0 for one that
    is down, MW. Years and the seed count from zero; errors as for `simulate_yearly`.

    Examples
    --------
    >>> from market_py.reliability import adequacy
    >>> adequacy.draw_year(0).shape
    (8736, 32)
    """
    year, seed = check_integer("year", year, 0), check_integer("seed", seed, 0)
    capacities, outage_rates, _ = _check_units(units)
    return _Outages(capacities, outage_rates, check_integer("hours", hours, 1)).draw(seed, year)


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

    Of the units, the capacities and forced outage rates count. Loads are the demand of each hour of
    the year, MW, by default that of the RTS-79. Errors as for `simulate_yearly`.

    Examples
    --------
    >>> from market_py.reliability import adequacy
    >>> loss_of_load, unserved_energy = adequacy.exact()
    >>> round(loss_of_load, 3), round(unserved_energy)  # As published.
    (9.394, 1176)
    """
    capacities, outage_rates, _ = _check_units(units)
    demand = _check_loads(loads)
    levels, probabilities = np.zeros(1), np.ones(1)
    for capacity, rate in zip(capacities, outage_rates, strict=True):
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


_RULES: dict[str, Rule] = {
    "capacity": (
        lambda value: (value > 0) & (value <= LARGEST),
        f"above 0 and at most {LARGEST:g}",
    ),
    "forced_outage_rate": (lambda value: (value >= 0) & (value <= 1), "a share, from 0 to 1"),
    "fuel_cost": at_most(LARGEST),
    "om_cost": at_most(LARGEST),
}


def _check_units(
    units: Sequence[rts79.Unit],
) -> tuple[Float64Array, Float64Array, Float64Array]:
    """Return capacities, MW, outage rates, and costs of fuel and O&M, $/MWh.

    Errors name the unit and the field.
    """
    rows = []
    for index, unit in enumerate(units):
        if not isinstance(unit, rts79.Unit):
            raise TypeError(f"units[{index}]: must be a Unit, got {type(unit).__name__}")
        named = f"units[{index}] ({unit.name})"
        rows.append(
            [check_real(f"{named}: {it}", getattr(unit, it), rule) for it, rule in _RULES.items()]
        )
    if not rows:
        raise ValueError("units: must hold at least one unit")
    capacities, outage_rates, fuel, om = np.array(rows).T.copy()
    return capacities, outage_rates, fuel + om


def _check_loads(loads: ArrayLike | None) -> Float64Array:
    """Return the demand of each hour."""
    if loads is None:
        return rts79.hourly_loads()
    return check_vector("loads", loads, negative=False, holds="hour", most=LARGEST)
