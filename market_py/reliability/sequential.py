"""Outages one after the other: units fail and are repaired, hour by hour.

Where outages last, shortages have a frequency and a duration. In each hour an available unit fails
with probability 1 / MTTF, and one that is out is repaired with probability 1 / MTTR, so that
durations have these means, and the share of time out of service is MTTR / (MTTF + MTTR). Each year
begins with the units available or out by that share. R. Billinton, W. Li, *Reliability Assessment
of Electric Power Systems Using Monte Carlo Methods* (Plenum 1994), call this the state duration
sampling approach.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from market_py.reliability import rts79
from market_py.reliability.simulation import Estimate
from market_py.reliability.study import Study
from market_py.reliability.system import System
from market_py.validation import check_integer, check_seed


@dataclass(frozen=True)
class SequentialSimulation:
    """The result of some simulated years."""

    loss_of_load: Estimate
    """h/year."""
    unserved_energy: Estimate
    """MWh/year."""
    frequency: Estimate
    """Shortages a year; one that lasts for some hours counts once."""

    @property
    def years(self) -> int:
        """Number of years."""
        return self.frequency.years

    @property
    def duration(self) -> float:
        """Mean duration of a shortage, h; NaN without any."""
        times = self.frequency.mean
        return self.loss_of_load.mean / times if times else np.nan


def simulate_sequential(
    years: int,
    system: System | None = None,
    *,
    seed: int = 0,
    progress: Callable[[], object] = lambda: None,
) -> SequentialSimulation:
    """Simulate years in which outages last; `progress` is called after each year.

    Parameters
    ----------
    years : int
        Number of years, at least one.
    system : System, optional
        Units, each with MTTF and MTTR, and loads; by default the RTS-79. Forced outage rates do
        not count here.
    seed : int
        Seed of all random numbers, from 0 to 2^63 - 1.

    Raises
    ------
    TypeError, ValueError
        An argument is not what it must be, or a unit has no MTTF or MTTR of an hour at least.

    Examples
    --------
    >>> found = simulate_sequential(20, seed=1)
    >>> 1 < found.duration < 20
    True
    """
    years, seed = check_integer("years", years, 1), check_seed(seed)
    system = rts79.given_system(system)
    failing = _probabilities(system)
    study = Study.of(system)
    shape = system.hours, len(system.units)
    capacities = np.empty(len(system.units), np.uint64)
    capacities[study.order] = study.capacities
    found = SequentialSimulation(Estimate(), Estimate(), Estimate())
    for year in range(years):
        key = np.array([seed, year], np.uint64)
        rng = np.random.Generator(np.random.Philox(key=key))
        available = _draw(rng, failing, shape) & system.in_service
        offered = (available * capacities).sum(axis=1)
        short = offered < study.needed
        unserved = (system.loads - offered * study.quantum)[short].sum()
        begins = np.count_nonzero(short & ~np.concatenate([[False], short[:-1]]))
        found = SequentialSimulation(
            found.loss_of_load.add([int(short.sum())]),
            found.unserved_energy.add([float(unserved)]),
            found.frequency.add([int(begins)]),
        )
        progress()
    return found


def _probabilities(system: System) -> list[tuple[float, float]]:
    """Return the probabilities that each unit fails, and is repaired, within an hour."""
    found = []
    for index, unit in enumerate(system.units):
        for name in ("mttf", "mttr"):
            value = getattr(unit, name)
            if value is None or not 1 <= value < np.inf:
                raise ValueError(
                    f"units[{index}] ({unit.name}): {name} = {value}: must be at least 1 h"
                )
        assert unit.mttf is not None
        assert unit.mttr is not None
        found.append((1 / unit.mttf, 1 / unit.mttr))
    return found


def _draw(
    rng: np.random.Generator, failing: list[tuple[float, float]], shape: tuple[int, int]
) -> NDArray[np.bool_]:
    """Draw which units are available in each hour."""
    hours, _ = shape
    available = np.empty(shape, bool)
    for unit, (fails, is_repaired) in enumerate(failing):
        starts_out = rng.random() < fails / (fails + is_repaired)
        # A geometric distribution has no memory: what is left of the first state has it too.
        chances = (is_repaired, fails) if starts_out else (fails, is_repaired)
        pairs = 8 + int(2 * hours / (1 / fails + 1 / is_repaired))
        ends = np.cumsum(rng.geometric(np.tile(chances, pairs)))
        while ends[-1] < hours:
            more = np.cumsum(rng.geometric(np.tile(chances, pairs)))
            ends = np.concatenate([ends, ends[-1] + more])
        changes = np.zeros(hours, np.int64)
        changes[ends[ends < hours]] = 1
        available[:, unit] = (np.cumsum(changes) + starts_out) % 2 == 0
    return available
