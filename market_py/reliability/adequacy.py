"""Adequacy of a power system: how often, and by how much, demand is not met.

In every hour each unit is available or out, independently of other hours and units; its forced
outage rate is the probability that it is out. The available units are the offers of the hour's
market. If demand exceeds these offers, there is a loss of load. `simulate` draws and clears the
markets of any number of years, in one of two ways:

- ``method="fused"`` draws, adds up and counts hour by hour in one kernel, and stores no market;
- ``method="clearing"`` makes the markets of a year and calls `market_clearing_batch`. It is the
  slow way that the other is tested against. Both draw the same outages.

`exact` computes loss of load and unserved energy by convolution, without prices. All follow the
clearing contract: available capacity meets a load if it is at least the load less one part in 10^9.

R. Billinton, R. N. Allan, *Reliability Evaluation of Power Systems* (2nd ed., Plenum 1996).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, get_args

import numpy as np

from market_py.registry import get_backend
from market_py.reliability import rts79
from market_py.reliability.capacity import shortfalls
from market_py.reliability.cluster import cluster_blocks
from market_py.reliability.methods import (
    Method,
    cleared_year,
    fused_backend,
    fused_years,
    load_kernel,
)
from market_py.reliability.ordered import in_order
from market_py.reliability.saved import SavedYears, fingerprint
from market_py.reliability.simulation import Block, Simulation
from market_py.reliability.study import Study
from market_py.reliability.system import LARGEST, System
from market_py.validation import (
    MAX_THREADS,
    Float64Array,
    check_integer,
    check_scalar,
    check_seed,
)

YEARS_PER_CALL = 256
"""Years that the fused method simulates between two results."""

YEARS_PER_FILE = 1024
"""Years of a task of a cluster, and of a file that is saved."""

MOST_YEARS = 2**32 - 1
"""A year is a word of 32 bits in the counter of the random numbers."""

VALUE_OF_LOST_LOAD = 1000.0
"""$/MWh"""


class Indices(NamedTuple):
    """The two indices of adequacy."""

    loss_of_load: float
    """Loss of load expectation, h/year."""
    unserved_energy: float
    """Expected unserved energy, MWh/year."""


def simulate(
    years: int,
    system: System | None = None,
    *,
    progress: Callable[[], object] = lambda: None,
    **options: Any,
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
    for block in _blocks(years, system, **options):
        found = found.add(block)
        for _ in range(block.years):
            progress()
    return found


def simulate_yearly(
    years: int, system: System | None = None, **options: Any
) -> Iterator[Simulation]:
    """Simulate as `simulate` does, and return an iterator over the result after each year.

    The result depends on the seed and the number of years only, not on method, backend or threads:
    the outages of an hour are a function of the seed, the year and the hour, and years are added in
    order. Energies of the two methods differ by rounding. Memory does not grow with the number of
    years. The simulation ends when its caller asks for no more years.

    Parameters
    ----------
    years : int
        Number of years, at least one.
    system : System, optional
        Units, which offer their capacity at fuel plus variable O&M cost, and loads; by default the
        RTS-79.
    seed : int
        Seed of all random numbers, from 0 to 2^63 - 1.
    value_of_lost_load : float
        Price of a shortage, $/MWh.
    method : {"fused", "clearing"}
        One kernel for drawing and clearing, or the clearing function of a backend.
    backend : str, optional
        Name of the backend; by default the fastest. "python" only clears.
    threads : int
        Number of years that are simulated at the same time.
    energy : bool
        Whether to add up the energy of each unit; this and all that follows is only for
        ``method="fused"``.
    client : distributed.Client, optional
        Client of a Dask cluster that simulates the years. Its workers use one thread for each task;
        `threads` does not count then.
    save : path, optional
        Folder that keeps the years, 1,024 to a file. A simulation with the same system, seed and
        options goes on after the last year that is there.

    Raises
    ------
    TypeError, ValueError
        An argument is not finite or out of its range, there is no such backend, or the folder
        keeps the years of another study.
    market_py.reliability.cluster.MixedBuilds
        A worker of the cluster has another version of the code.
    """
    blocks = _blocks(years, system, **options)

    def simulate_all() -> Iterator[Simulation]:
        found = Simulation()
        for block in blocks:
            for year in block.split():
                found = found.add(year)
                yield found

    return simulate_all()


def _blocks(
    years: int,
    system: System | None,
    *,
    seed: int = 0,
    value_of_lost_load: float = VALUE_OF_LOST_LOAD,
    method: Method = "fused",
    backend: str | None = None,
    threads: int = 1,
    energy: bool = False,
    client: Any = None,
    save: Path | str | None = None,
) -> Iterator[Block]:
    """Check the arguments, and return an iterator over the results of all years, in order."""
    years = check_integer("years", years, 1, MOST_YEARS)
    threads = min(check_integer("threads", threads, 1), MAX_THREADS)
    seed = check_seed(seed)
    if method not in get_args(Method):
        raise ValueError(f"method = {method!r}: must be 'fused' or 'clearing'")
    system = rts79.given_system(system)
    lost = check_scalar("value_of_lost_load", value_of_lost_load, negative=True, most=LARGEST)
    if method == "clearing":
        for name, value in (("energy", energy), ("client", client), ("save", save)):
            if value:
                raise ValueError(f"{name}: is for method='fused' only")
        get_backend(backend)
        return _cleared(Study.of(system), backend, seed, years, lost, threads)
    backend = fused_backend(backend)
    options: dict[str, Any] = {"seed": seed, "lost": lost, "energy": bool(energy)}
    # A checksum of the system takes as long as some years.
    study = "" if save is None and client is None else fingerprint(system, **options)
    saved = None if save is None else SavedYears(save, study)

    def simulate_all(first: int) -> Iterator[Block]:
        if client is None:
            years_per_call = YEARS_PER_CALL if saved is None else YEARS_PER_FILE
            return _fused(system, backend, first, years, years_per_call, threads, **options)
        return cluster_blocks(
            client, system, first, years, YEARS_PER_FILE, study=study, backend=backend, **options
        )

    def simulate_the_rest() -> Iterator[Block]:
        first = 0
        if saved is not None:
            for block in saved.blocks(years):
                yield block
                first += block.years
        for block in simulate_all(first):
            if saved is not None:
                saved.add(first, block)
            yield block
            first += block.years

    return simulate_the_rest()


def _fused(
    system: System,
    backend: str,
    first: int,
    years: int,
    years_per_call: int,
    threads: int,
    **options: Any,
) -> Iterator[Block]:
    """Call a kernel for some years at a time."""
    study, kernel = Study.of(system), load_kernel(backend)
    for start in range(first, years, years_per_call):
        number = min(years_per_call, years - start)
        yield fused_years(study, kernel, first=start, years=number, threads=threads, **options)


def _cleared(
    study: Study, backend: str | None, seed: int, years: int, lost: float, threads: int
) -> Iterator[Block]:
    """Clear the markets of one year after the other."""
    clear = partial(cleared_year, study, backend, seed, lost)
    if threads == 1:
        yield from map(clear, range(years))
        return
    pool = ThreadPoolExecutor(threads)
    try:
        yield from in_order(partial(pool.submit, clear), range(years), 2 * threads)
    finally:
        pool.shutdown(cancel_futures=True)


def draw_year(year: int, seed: int = 0, system: System | None = None) -> Float64Array:
    """Draw what the units offer in each hour of a year, as `simulate` does.

    Returns an array of shape (hours, units): the capacity of a unit that is available, and 0 for
    one that is not, MW. Years and the seed count from zero; errors as for `simulate_yearly`.

    Examples
    --------
    >>> from market_py.reliability import adequacy
    >>> adequacy.draw_year(0).shape
    (8736, 32)
    """
    year, seed = check_integer("year", year, 0, MOST_YEARS), check_seed(seed)
    system = rts79.given_system(system)
    study = Study.of(system)
    offered = np.empty(system.in_service.shape)
    offered[:, study.order] = study.available(seed, year)
    offered *= system.capacities
    return offered


def exact(system: System | None = None) -> Indices:
    """Compute the indices from the distribution of the available capacity.

    Of the units, capacities, forced outage rates and planned outages count. By default the system
    is the RTS-79. `market_py.reliability.capacity` says how, and how exact the result is.

    Examples
    --------
    >>> from market_py.reliability import adequacy
    >>> loss_of_load, unserved_energy = adequacy.exact()
    >>> round(loss_of_load, 3), round(unserved_energy)  # As published.
    (9.394, 1176)
    """
    system = rts79.given_system(system)
    probability, expected = shortfalls(system, system.loads)
    return Indices(float(probability.sum()), float(expected.sum()))
