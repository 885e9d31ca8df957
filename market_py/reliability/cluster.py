"""Simulate years on a Dask cluster: on the cores of this machine, or on many machines.

A task simulates some years on one thread of a worker, and returns what they add up to. Results
depend on the seed, the year and the hour only, and are taken in the order of the years, so that no
bit of them depends on the workers, on the tasks, or on the order in which they end. A task that is
lost with its worker runs again on another. Few tasks are in flight at a time, however many years
there are.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import pickle
import signal
import zlib
from collections.abc import Iterator
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from market_py import extension
from market_py.extras import explain_missing
from market_py.reliability.methods import fused_years, load_kernel
from market_py.reliability.ordered import in_order
from market_py.reliability.simulation import Block
from market_py.reliability.study import Study
from market_py.reliability.system import System

TASKS_AHEAD = 3
"""Tasks that are handed out for each thread of the cluster, running ones included."""


class MixedBuilds(RuntimeError):
    """A worker has another version of the code than the client."""


@contextlib.contextmanager
def local_client(workers: int) -> Iterator[Any]:
    """Start worker processes on this machine, with a thread each, and yield the client of Dask.

    An ImportError says that Dask is not installed. It must be entered in the main thread.
    """
    with explain_missing():
        distributed: Any = importlib.import_module("distributed")
    # Ctrl-C goes to all processes of a terminal. Workers inherit that it is ignored.
    handler = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        cluster = distributed.LocalCluster(
            n_workers=workers, threads_per_worker=1, dashboard_address=None
        )
    finally:
        signal.signal(signal.SIGINT, handler)
    with cluster, distributed.Client(cluster) as client:
        yield client


def cluster_blocks(
    client: Any,
    system: System,
    first: int,
    years: int,
    years_per_task: int,
    *,
    study: str,
    backend: str,
    **options: Any,
) -> Iterator[Block]:
    """Yield the results of the years from ``first`` up to ``years``, in order.

    Parameters
    ----------
    client : distributed.Client
        The client of the cluster.
    system : System
        Units and loads.
    first, years, years_per_task : int
        The first year, the year after the last, and years of a task.
    study : str
        Fingerprint of system and options, from which the names of the tasks are made.
    backend, **options
        As for `simulate_block`.

    Raises
    ------
    MixedBuilds
        A worker has another version of the code.
    """
    build = build_of(backend)
    for worker, found in client.run(build_of, backend).items():
        _require_same(build, found, worker)
    # Another build never gets the result of a task of this one.
    name = hashlib.sha256(f"{study} {build}".encode()).hexdigest()[:16]
    given = {"system": pickle.dumps(system), "backend": backend, "build": build, **options}

    def submit(start: int) -> Any:
        number = min(years_per_task, years - start)
        key = f"years-{name}-{start}-{number}"
        return client.submit(simulate_block, start, number, **given, key=key)

    threads = sum(client.nthreads().values())
    starts = range(first, years, years_per_task)
    yield from in_order(submit, starts, TASKS_AHEAD * max(1, threads))


def simulate_block(
    first: int,
    years: int,
    *,
    system: bytes,
    backend: str,
    build: str,
    seed: int,
    lost: float,
    energy: bool,
) -> Block:
    """Simulate some years, on the worker; a `MixedBuilds` says that it has other code."""
    _require_same(build, build_of(backend), "this worker")
    return fused_years(_study(system), load_kernel(backend), seed, first, years, lost, energy)


@lru_cache(maxsize=4)
def _study(system: bytes) -> Study:
    """Unpickle a system and prepare it, once for the tasks that follow each other."""
    return Study.of(pickle.loads(system))


@cache
def build_of(backend: str) -> str:
    """Return a checksum of the code that simulates years here."""
    found = 0
    for path in sorted(Path(__file__).parent.rglob("*.py")):
        found = zlib.crc32(path.read_bytes(), found)
    rust = extension.load().BUILD_ID if backend == "rust" else ""
    return f"{found:08x}{rust}"


def _require_same(build: str, found: str, worker: str) -> None:
    if found != build:
        raise MixedBuilds(
            f"{worker} has build {found} of market_py, and the client has {build}: install the "
            "same version on all machines, and build it there"
        )
