"""The distribution of the available capacity of a system, by convolution of its units.

Levels of available capacity that differ by less than one part in 10^12 count as one. Where more
than `MOST_LEVELS` remain, those of one cell of a grid of `MOST_LEVELS` cells are replaced by their
mean. The time is therefore proportional to the number of units. A unit moves a level by less than a
cell, so with N units each index lies between those of loads that are smaller, and larger, by
N / `MOST_LEVELS` of the whole capacity. The error is usually far smaller, as the mean capacity does
not change. Nothing is replaced where the capacities are multiples of a common step and at most
`MOST_LEVELS` of these steps together, such as the 3405 MW of the RTS-79.

R. Billinton, R. N. Allan, *Reliability Evaluation of Power Systems* (2nd ed., Plenum 1996).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from market_py.backends.constants import COVERAGE
from market_py.reliability.system import System
from market_py.validation import Float64Array

MOST_LEVELS = 50_000
"""Levels of available capacity above which neighbours are merged."""

LEAST_PROBABILITY = 1e-200
"""Levels of available capacity that are less probable do not count."""


@dataclass(frozen=True)
class AvailableCapacity:
    """Levels of available capacity, MW, in ascending order, and their probabilities."""

    levels: Float64Array
    probabilities: Float64Array

    @classmethod
    def of(cls, capacities: Float64Array, outage_rates: Float64Array) -> AvailableCapacity:
        """Convolve units one by one."""
        levels, probabilities = np.zeros(1), np.ones(1)
        for capacity, rate in zip(capacities, outage_rates, strict=True):
            levels, probabilities = _merge(
                np.concatenate([levels, levels + capacity]),
                np.concatenate([probabilities * rate, probabilities * (1 - rate)]),
            )
        return cls(levels, probabilities)

    def shortfalls(self, loads: Float64Array) -> tuple[Float64Array, Float64Array]:
        """Return the probability that each load is not met, and the expected shortfall, MW."""
        # With `below` the levels that do not meet a load, both are partial sums.
        below = np.searchsorted(self.levels, loads * COVERAGE)
        mass = np.concatenate([[0.0], np.cumsum(self.probabilities)])
        moment = np.concatenate([[0.0], np.cumsum(self.probabilities * self.levels)])
        return mass[below], loads * mass[below] - moment[below]


@dataclass(frozen=True)
class HourlyCapacity:
    """Available capacity in each hour, given that planned outages change it."""

    distributions: list[AvailableCapacity]
    which: NDArray[np.intp]
    """Index of the distribution of each hour, shape (hours,)."""

    @classmethod
    def of(cls, system: System) -> HourlyCapacity:
        """Convolve the units that are in service, once for hours in which they are the same."""
        patterns, which = np.unique(system.in_service, axis=0, return_inverse=True)
        found = [
            AvailableCapacity.of(system.capacities[units], system.outage_rates[units])
            for units in patterns
        ]
        return cls(found, which.reshape(-1))

    def shortfalls(self, loads: Float64Array) -> tuple[Float64Array, Float64Array]:
        """Do the same for a load of each hour."""
        probability, expected = np.empty((2, len(loads)))
        for index, found in enumerate(self.distributions):
            hours = self.which == index
            probability[hours], expected[hours] = found.shortfalls(loads[hours])
        return probability, expected


def shortfalls(system: System, loads: Float64Array) -> tuple[Float64Array, Float64Array]:
    """Return the probability of a shortfall in each hour, and the expected shortfall, MW."""
    return HourlyCapacity.of(system).shortfalls(loads)


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
