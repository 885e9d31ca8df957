"""Years of outages in NumPy: the readable reference of the other backends."""

from __future__ import annotations

import numpy as np

from market_py.backends.threads import parallel_for
from market_py.reliability.study import Study, Years


def simulate_years(study: Study, seed: int, first: int, found: Years, threads: int) -> None:
    """Fill the results of years that are numbered from ``first`` on."""

    def simulate(start: int, stop: int) -> bool:
        for row in range(start, stop):
            _simulate_year(study, seed, first + row, row, found)
        return True

    parallel_for(simulate, len(found.unserved), 1, threads)


def _simulate_year(study: Study, seed: int, year: int, row: int, found: Years) -> None:
    units, hours = study.units, np.arange(len(study.loads))
    available = study.available(seed, year)
    offered = available * study.capacities
    sums = np.cumsum(offered, axis=1)
    # An hour without load needs nothing; the cheapest unit that is available sets its price, or if
    # there is none the cheapest of all.
    needed = np.maximum(study.needed, 1)
    marginal = np.count_nonzero(sums < needed[:, None], axis=1)
    marginal[(marginal == units) & (study.needed == 0)] = 0
    found.hours[row] = np.bincount(marginal, minlength=units + 1)

    # What the marginal unit produces; or in a shortage, after all units, what is not served.
    capacities = np.append(study.capacities * study.quantum, np.inf)
    before = np.column_stack([np.zeros_like(sums[:, :1]), sums])[hours, marginal]
    rest = np.minimum(study.loads - before * study.quantum, capacities[marginal])
    # `bincount` adds in the order of the hours, as the other backends do.
    rests = np.bincount(marginal, rest, minlength=units + 1)
    found.unserved[row] = rests[units]
    if len(found.energy):
        full = available & (np.arange(units) < marginal[:, None])
        found.energy[row] = rests[:units] + full.sum(axis=0) * capacities[:units]
