"""Benchmark cases that simulate years of outages: in one kernel or apart, by threads, by Dask."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from functools import partial
from typing import Any

import numpy as np

from market_py import extension
from market_py.benchmark import timing
from market_py.benchmark.agreement import verify_alike
from market_py.benchmark.cases.case import BenchmarkCase, Setup
from market_py.benchmark.cases.clearing import threaded
from market_py.benchmark.inputs import BATCHES, RTS_OFFERS
from market_py.registry import available_backends
from market_py.reliability import adequacy, cluster, rts79
from market_py.reliability.simulation import Simulation

YEARS = 64
"""Years per call of a kernel beside clearing, each of 8736 distinct markets."""
CLEARING = "clearing, "
"""Before the name of a backend that clears the markets of a year that was drawn before."""
PHILOX = "random words alone"
"""A floor: what takes time even if nothing is looked up and added."""
HASHES = "hashes alone"
"""Threads that share nothing: what a second one gains tells what the machine gives."""
HASH_ROUNDS = 100_000
COMPILED = ("rust", "numba")
MORE_ROUNDS = 3
"""Whether the host runs two cores at full speed changes from second to second."""
CLUSTER_ROUNDS = 9
"""A call of the cluster takes about a second."""


def kernel_case(**options: Any) -> BenchmarkCase:
    """Make a case about one thread, where a kernel draws and clears, or a backend clears.

    Options are fields of `BenchmarkCase`.
    """
    return BenchmarkCase(
        "years", "rts79", RTS_OFFERS, _set_up_kernels, markets=YEARS * rts79.HOURS, **options
    )


def thread_case(years: int, threads: tuple[int, ...], **options: Any) -> BenchmarkCase:
    """Make a case about the same years on different numbers of threads, in more rounds."""
    options["rounds"] = MORE_ROUNDS * options.get("rounds", timing.ROUNDS)
    return _scaling_case("threads", _set_up_threads, years, threads, **options)


def cluster_case(years: int, threads: tuple[int, ...], **options: Any) -> BenchmarkCase:
    """Make a case about as many worker processes as threads, for where Dask is installed."""
    options["rounds"] = min(options.get("rounds", CLUSTER_ROUNDS), CLUSTER_ROUNDS)
    return _scaling_case("cluster", _set_up_cluster, years, (max(threads),), **options)


def workers(number: int) -> str:
    """Name the candidate that uses so many worker processes."""
    return f"rust, {number} workers"


def _scaling_case(
    name: str,
    set_up: Callable[[int, tuple[int, ...], int], Setup],
    years: int,
    threads: tuple[int, ...],
    **options: Any,
) -> BenchmarkCase:
    return BenchmarkCase(
        "scaling",
        name,
        RTS_OFFERS,
        partial(set_up, years, threads),
        markets=years * rts79.HOURS,
        threads=threads,
        **options,
    )


def _set_up_kernels(seed: int) -> Setup:
    candidates = {
        CLEARING + name: _simulate(YEARS, method="clearing", backend=name) for name in _compiled()
    }
    candidates |= {name: _simulate(YEARS, backend=name) for name in ("numpy", *_compiled())}
    baselines = {}
    if "rust" in _compiled():
        words = np.empty((4, rts79.HOURS), np.uint32)

        def draw(draws: int) -> None:
            for year in range(YEARS):
                extension.load().fill_random_words(words, seed=draws, year=year)

        baselines[PHILOX] = draw
    return Setup(candidates, _seeds(seed, BATCHES), _verify, baselines)


def _set_up_threads(years: int, threads: tuple[int, ...], seed: int) -> Setup:
    candidates = {
        threaded(name, number): _simulate(years, backend=name, threads=number)
        for name in _compiled()
        for number in threads
    }
    pool = ThreadPoolExecutor(max(threads))
    baselines = {threaded(HASHES, number): _hash(pool, number) for number in threads}
    return Setup(candidates, _seeds(seed, 1), _verify, baselines, pool.shutdown)


def _set_up_cluster(years: int, threads: tuple[int, ...], seed: int) -> Setup:
    (number,) = threads
    client = contextlib.ExitStack()
    candidates = {
        threaded("rust", number): _simulate(years, backend="rust", threads=number),
        workers(number): _simulate(
            years, backend="rust", client=client.enter_context(cluster.local_client(number))
        ),
    }
    return Setup(candidates, _seeds(seed, 1), _verify, {}, client.close)


def _hash(pool: Executor, threads: int) -> timing.Call:
    """Make a call that computes hashes on threads, which need neither the GIL nor memory."""

    def hash_part(salt: bytes) -> bytes:
        return hashlib.pbkdf2_hmac("sha256", b"", salt, HASH_ROUNDS // threads)

    def hash_all(seed: int) -> None:
        list(pool.map(hash_part, [seed.to_bytes(8)] * threads))

    return hash_all


def _compiled() -> list[str]:
    return [name for name in COMPILED if name in available_backends()]


def _simulate(years: int, **options: Any) -> timing.Call:
    system = rts79.system()

    def simulate(seed: int) -> Simulation:
        return adequacy.simulate(years, system, seed=seed, **options)

    return simulate


def _seeds(seed: int, number: int) -> timing.Inputs:
    """Draw inputs: the seeds of simulations."""
    return [(int(it),) for it in np.random.default_rng(seed).integers(0, 2**62, number)]


def _differ(one: Simulation, other: Simulation, inputs: object) -> bool:
    """Say whether hours differ, or energy not served by more than rounding."""
    gap = abs(one.unserved_energy.mean - other.unserved_energy.mean)
    same = one.loss_of_load == other.loss_of_load and one.hours_at_price == other.hours_at_price
    return not (same and gap <= 1e-9 * one.unserved_energy.mean)


_verify = partial(verify_alike, differences=_differ, what="simulate")
