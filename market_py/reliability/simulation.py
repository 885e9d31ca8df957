"""The result of simulated years: means with their errors, and the hours at each price."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from market_py.validation import Float64Array


@dataclass(frozen=True)
class Estimate:
    """A mean over years, updated one year at a time (Welford's recurrence)."""

    years: int = 0
    mean: float = 0.0
    _squares: float = 0.0

    def add(self, values: Iterable[float]) -> Estimate:
        """Return the estimate of more years, in their order."""
        years, mean, squares = self.years, self.mean, self._squares
        for value in values:
            years += 1
            change = value - mean
            mean += change / years
            squares += change * (value - mean)
        return Estimate(years, mean, squares)

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


class Block(NamedTuple):
    """Results of some years that follow each other."""

    prices: Float64Array
    """Prices that there can be, $/MWh, shape (levels,); the last one is that of a shortage."""
    hours: NDArray[np.int64]
    """Hours at each of them, shape (years, levels)."""
    unserved: Float64Array
    """Energy not served, MWh, shape (years,)."""
    energy: Float64Array
    """Energy of each unit, MWh, shape (years, units), or (0, units) if it is not asked for."""

    @property
    def years(self) -> int:
        """Number of years."""
        return len(self.unserved)

    @property
    def hours_at_price(self) -> Counter[float]:
        """Hours at each price in all these years; the price of a shortage may be that of a unit."""
        at_price: Counter[float] = Counter()
        hours = self.hours.sum(axis=0).tolist()
        for price, count in zip(self.prices.tolist(), hours, strict=True):
            at_price[price] += count
        return +at_price

    def first(self, years: int) -> Block:
        """Return the first years, or all if they are fewer."""
        return self._rows(slice(years))

    def split(self) -> Iterator[Block]:
        """Yield each year."""
        for at in range(self.years):
            yield self._rows(slice(at, at + 1))

    def _rows(self, rows: slice) -> Block:
        return Block(self.prices, self.hours[rows], self.unserved[rows], self.energy[rows])


@dataclass(frozen=True)
class Simulation:
    """The result of some simulated years."""

    loss_of_load: Estimate = Estimate()
    """h/year."""
    unserved_energy: Estimate = Estimate()
    """MWh/year."""
    hours_at_price: Counter[float] = field(default_factory=Counter)
    """Hours at each price, $/MWh; a shortage is at the value of lost load."""
    energy: Float64Array | None = None
    """Energy of each unit in all these years, MWh, shape (units,); None if it is not asked for."""

    @property
    def years(self) -> int:
        """Number of years."""
        return self.loss_of_load.years

    @property
    def mean_price(self) -> float:
        """Mean over all hours, $/MWh."""
        hours = self.hours_at_price.total()
        return math.fsum(price * count for price, count in self.hours_at_price.items()) / hours

    def add(self, block: Block) -> Simulation:
        """Return the simulation of more years."""
        energy = self.energy
        for year in block.energy:
            # One after the other: the sum does not depend on the blocks.
            energy = year if energy is None else energy + year
        return Simulation(
            self.loss_of_load.add(block.hours[:, -1].tolist()),
            self.unserved_energy.add(block.unserved.tolist()),
            self.hours_at_price + block.hours_at_price,
            energy,
        )
