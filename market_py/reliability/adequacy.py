"""Adequacy of a power system: how often, and by how much, demand is not met.

Every unit is up or down, independently in every hour, with its forced outage rate. Each hour is a
market of the units that are up; where demand exceeds what they offer, load is lost. `simulate`
draws and clears markets, any number of years; `exact` computes the same two indices by
convolution, without prices.

R. Billinton, R. N. Allan, *Reliability Evaluation of Power Systems* (2nd ed., Plenum 1996).
"""

from __future__ import annotations

import math
import threading
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from market_py.registry import Backend, default_backend, get_backend
from market_py.reliability import rts79
from market_py.validation import Float64Array, check_integer, check_scalar, check_vector

VALUE_OF_LOST_LOAD = 1000.0
"""$/MWh"""


class Indices(NamedTuple):
    """The two indices of adequacy."""

    loss_of_load: float
    """Loss of load expectation, h/year."""
    unserved_energy: float
    """Expected unserved energy, MWh/year."""


@dataclass
class Estimate:
    """A mean over years, updated one year at a time (Welford's recurrence)."""

    years: int = 0
    mean: float = 0.0
    _squares: float = 0.0

    def add(self, value: float) -> None:
        """Take in one more year."""
        self.years += 1
        change = value - self.mean
        self.mean += change / self.years
        self._squares += change * (value - self.mean)

    @property
    def standard_error(self) -> float:
        """Of the mean; infinite before the second year."""
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


@dataclass
class Simulation:
    """What the years simulated so far have in common."""

    loss_of_load: Estimate = field(default_factory=Estimate)
    """h/year."""
    unserved_energy: Estimate = field(default_factory=Estimate)
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


class _Year(NamedTuple):
    short_hours: int
    unserved: float
    hours_at_price: dict[float, int]


def simulate(
    years: int,
    *,
    seed: int = 0,
    units: Sequence[rts79.Unit] = rts79.UNITS,
    loads: ArrayLike | None = None,
    value_of_lost_load: float = VALUE_OF_LOST_LOAD,
    backend: str | None = None,
    threads: int = 1,
    progress: Callable[[], object] = lambda: None,
) -> Simulation:
    """Simulate years of outages and clear every hour.

    The result depends on the seed and the number of years only: each year has a random stream of
    its own, and years are taken in in order, whatever the number of threads. Memory does not grow
    with the number of years.

    Parameters
    ----------
    years : int
        How many, at least one.
    seed : int
        Not negative.
    units : sequence of Unit
        The generating units; they offer their capacity at fuel plus variable O&M cost.
    loads : array_like, shape (hours,), optional
        Demand of each hour of the year, MW; by default that of the RTS-79.
    value_of_lost_load : float
        Price of a shortage, $/MWh.
    backend : str, optional
        That clears the markets; by default the fastest.
    threads : int
        Years simulated at a time.
    progress : callable
        Called after each year.

    Raises
    ------
    TypeError, ValueError
        No year, no thread, or a negative seed; loads that are not finite numbers >= 0, or none; a
        value of lost load that is not finite; no such backend.
    """
    simulations = simulate_yearly(
        years,
        seed=seed,
        units=units,
        loads=loads,
        value_of_lost_load=value_of_lost_load,
        backend=backend,
        threads=threads,
    )
    result = next(simulations)
    progress()
    for _ in simulations:  # The same one, a year longer.
        progress()
    return result


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
    """Simulate as `simulate` does, and show the simulation after each year: one object that grows.

    To stop, stop asking.
    """
    for name, number, least in (("years", years, 1), ("threads", threads, 1), ("seed", seed, 0)):
        check_integer(name, number, least)
    chosen = default_backend() if backend is None else get_backend(backend)
    demand = _check_loads(loads)
    value_of_lost_load = check_scalar("value_of_lost_load", value_of_lost_load, negative=True)
    outages = _Outages(units, len(demand))

    def one(year: int) -> _Year:
        return _simulate_year(outages.draw(seed, year), units, demand, value_of_lost_load, chosen)

    result = Simulation()
    for year in _in_order(one, years, threads):
        result.loss_of_load.add(year.short_hours)
        result.unserved_energy.add(year.unserved)
        result.hours_at_price.update(year.hours_at_price)
        yield result


def _in_order(one: Callable[[int], _Year], years: int, threads: int) -> Iterator[_Year]:
    """Years in order, a few of them computed ahead."""
    if threads == 1:
        yield from map(one, range(years))
        return
    todo = iter(range(years))
    with ThreadPoolExecutor(threads) as pool:
        ahead: deque[Future[_Year]] = deque(pool.submit(one, y) for y in islice(todo, 2 * threads))
        while ahead:
            yield ahead.popleft().result()
            ahead.extend(pool.submit(one, year) for year in islice(todo, 1))


def _simulate_year(
    offered: Float64Array,
    units: Sequence[rts79.Unit],
    demand: Float64Array,
    value_of_lost_load: float,
    backend: Backend,
) -> _Year:
    """Clear all hours of a year in one call."""
    bids = np.array([unit.fuel_cost + unit.om_cost for unit in units])
    prices, dispatch = backend.market_clearing_batch(
        bids, offered, demand, price_cap=value_of_lost_load, threads=1
    )
    unserved = demand - dispatch.sum(axis=1)
    short = unserved > 1e-9 * demand
    levels = np.unique(np.append(bids, value_of_lost_load))
    hours = np.bincount(np.searchsorted(levels, prices), minlength=len(levels))
    at_level = zip(levels.tolist(), hours.tolist(), strict=True)
    return _Year(
        int(short.sum()),
        float(unserved[short].sum()),
        {level: count for level, count in at_level if count},
    )


class _Outages(threading.local):
    """What units offer in each hour of a year.

    Each thread has working memory of its own and keeps it: to map fresh pages for every year costs
    more than to clear it.
    """

    def __init__(self, units: Sequence[rts79.Unit], hours: int) -> None:
        self._capacities = np.array([unit.capacity for unit in units], dtype=float)
        self._rates = np.array([unit.forced_outage_rate for unit in units])
        self._offered = np.empty((hours, len(units)))
        self._up = np.empty((hours, len(units)), dtype=bool)

    def draw(self, seed: int, year: int) -> Float64Array:
        """Draw a year from its own stream, over the one before."""
        rng = np.random.Generator(np.random.PCG64DXSM(np.random.SeedSequence([seed, year])))
        rng.random(out=self._offered)
        np.greater_equal(self._offered, self._rates, out=self._up)
        np.multiply(self._up, self._capacities, out=self._offered)
        return self._offered


def draw_year(
    year: int, seed: int = 0, units: Sequence[rts79.Unit] = rts79.UNITS, hours: int = rts79.HOURS
) -> Float64Array:
    """What the units offer in each hour of a year, shape (hours, units): their capacity, or 0."""
    return _Outages(units, hours).draw(seed, year)


def exact(units: Sequence[rts79.Unit] = rts79.UNITS, loads: ArrayLike | None = None) -> Indices:
    """Compute the indices from the distribution of the available capacity.

    Parameters
    ----------
    units : sequence of Unit
        Their capacities and forced outage rates count.
    loads : array_like, shape (hours,), optional
        Demand of each hour of the year, MW; by default that of the RTS-79.

    Raises
    ------
    TypeError, ValueError
        Loads are not finite numbers >= 0, or there are none.
    """
    demand = _check_loads(loads)
    distribution: dict[float, float] = {0.0: 1.0}
    for unit in units:
        convolved: defaultdict[float, float] = defaultdict(float)
        for capacity, probability in distribution.items():
            convolved[capacity] += probability * unit.forced_outage_rate
            convolved[capacity + unit.capacity] += probability * (1 - unit.forced_outage_rate)
        distribution = convolved
    capacities = np.array(sorted(distribution))
    probabilities = np.array([distribution[capacity] for capacity in capacities.tolist()])
    # With `below` the capacities less than a load: P(short) and E(shortfall) by partial sums.
    below = np.searchsorted(capacities, demand)
    mass = np.concatenate([[0.0], np.cumsum(probabilities)])
    moment = np.concatenate([[0.0], np.cumsum(probabilities * capacities)])
    return Indices(float(mass[below].sum()), float((demand * mass[below] - moment[below]).sum()))


def _check_loads(loads: ArrayLike | None) -> Float64Array:
    """Return the demand of each hour."""
    if loads is None:
        return rts79.hourly_loads()
    return check_vector("loads", loads, negative=False, holds="hour")
