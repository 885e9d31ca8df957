"""What a simulation of outages needs: units in merit order, whole numbers, alias tables."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from market_py.backends.constants import COVERAGE
from market_py.reliability.outages import alias_tables, draw_available
from market_py.reliability.system import System
from market_py.validation import Float64Array

CAPACITY_BITS = 62
"""All capacities together are below two to this power, in quanta."""


class Years(NamedTuple):
    """Results of some years, one row for each."""

    hours: NDArray[np.uint32]
    """Hours in which each unit is marginal, in merit order, then hours of shortage; shape
    (years, units + 1)."""
    unserved: Float64Array
    """Energy not served, MWh, shape (years,)."""
    energy: Float64Array
    """Energy of each unit in merit order, MWh, shape (years, units), or (0, units) if it is not
    asked for."""

    @classmethod
    def empty(cls, years: int, units: int, energy: bool) -> Years:
        """Make arrays that are to be filled."""
        hours = np.empty((years, units + 1), np.uint32)
        return cls(hours, np.empty(years), np.empty((years * energy, units)))


@dataclass(frozen=True, eq=False)
class Study:
    """Units and loads, as the backends take them.

    Capacities are whole multiples of a quantum, a power of two in MW, so that all sums are exact.
    Where 62 bits are too few for that, they are rounded: by less than one part in 10^18 of the
    whole capacity, whereas the clearing contract has a tolerance of one part in 10^9.
    """

    order: NDArray[np.intp]
    """Indices of the units in merit order."""
    prices: Float64Array
    """$/MWh, in merit order; so are all that follow."""
    capacities: NDArray[np.uint64]
    """In quanta."""
    quantum: float
    """MW"""
    alias: NDArray[np.uint32]
    """Alias tables of the outages, shape (words, 256)."""
    loads: Float64Array
    """MW, shape (hours,)."""
    needed: NDArray[np.uint64]
    """The least capacity that meets each load, in quanta."""
    in_service: NDArray[np.uint8]
    """Bits of eight units that tell which have no planned outage, shape (words, hours); without
    rows if there is no planned outage."""

    @classmethod
    @lru_cache(maxsize=4)
    def of(cls, system: System) -> Study:
        """Prepare a system, once for calls that follow each other."""
        order = np.argsort(system.prices, kind="stable")
        exponent = _quantum_exponent(system.capacities)
        with np.errstate(over="ignore"):
            target = system.loads * COVERAGE
            # Division by the quantum may underflow, but any load at all needs some capacity.
            needed = np.maximum(np.ceil(np.ldexp(target, -exponent)), target > 0)
        in_service = np.empty((0, system.hours), np.uint8)
        if not system.in_service.all():
            bits = np.packbits(system.in_service[:, order], axis=1, bitorder="little")
            in_service = np.ascontiguousarray(bits.T)
        return cls(
            order,
            system.prices[order],
            np.rint(np.ldexp(system.capacities[order], -exponent)).astype(np.uint64),
            math.ldexp(1.0, exponent),
            alias_tables(system.outage_rates[order]),
            system.loads.copy(),
            np.minimum(needed, 2.0**CAPACITY_BITS).astype(np.uint64),
            in_service,
        )

    @property
    def units(self) -> int:
        """Number of units."""
        return len(self.order)

    def available(self, seed: int, year: int) -> NDArray[np.bool_]:
        """Draw which units are available, in merit order, shape (hours, units)."""
        return self.serving(self.drawn(seed, year))

    def serving(self, drawn: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Return which of the units that were drawn as available have no planned outage."""
        if not len(self.in_service):
            return drawn
        in_service = np.unpackbits(self.in_service.T, axis=1, bitorder="little").view(bool)
        serving: NDArray[np.bool_] = drawn & in_service[:, : self.units]
        return serving

    def drawn(self, seed: int, year: int) -> NDArray[np.bool_]:
        """Do the same, as if there were no planned outages."""
        return draw_available(self.alias, seed, year, len(self.loads))[:, : self.units]


def _quantum_exponent(capacities: Float64Array) -> int:
    """Return the exponent of the largest power of two of which all capacities are multiples."""
    mantissas, exponents = np.frexp(capacities)
    whole = np.ldexp(mantissas, 53).astype(np.int64)
    zeros = np.log2(whole & -whole).astype(int)
    finest = int((exponents - 53 + zeros).min())
    # Their sum is below two to this power, and its rounding costs a bit.
    largest = int(np.frexp(capacities.sum())[1]) + 1
    return max(finest, largest - CAPACITY_BITS)
