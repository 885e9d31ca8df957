"""Headline figures once more, by pyperf, each in fresh processes.

``python -m market_py.benchmark.confirm`` is the program that pyperf starts again and again.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import pyperf

from market_py import registry
from market_py.benchmark import inputs

REFERENCE = "numba-sort"
"""What the others are so many times faster than."""
SIZES = (5, 20, 200, 1000)
NAMES = (REFERENCE, "numba", "rust")
# The environment says where numba's cache is, without which each process compiles anew.
OPTIONS = ("--processes=5", "--values=5", "--min-time=0.05", "--copy-env")


@dataclass(frozen=True)
class Confirmation:
    """What fresh processes measured of one candidate at one size."""

    offers: int
    name: str
    mean: float
    """Seconds per call."""
    deviation: float
    """Standard deviation over all values, seconds."""
    ratio: float | None
    """Times faster than `REFERENCE`; None for that itself."""


def confirm(options: tuple[str, ...] = OPTIONS) -> list[Confirmation]:
    """Run this module under pyperf and read what it found.

    Raises
    ------
    RuntimeError
        pyperf failed; what it said is in the message.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "confirmed.json"
        command = [sys.executable, "-m", __name__, *options, "--quiet", "--output", str(path)]
        # Its warnings about few or unsteady values go to its standard output.
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"pyperf failed:\n{done.stderr}")
        suite = pyperf.BenchmarkSuite.load(str(path))
    found = {bench.get_name(): bench for bench in suite.get_benchmarks()}
    return [
        Confirmation(
            offers,
            name,
            found[_label(name, offers)].mean(),
            found[_label(name, offers)].stdev(),
            None
            if name == REFERENCE
            else found[_label(REFERENCE, offers)].mean() / found[_label(name, offers)].mean(),
        )
        for offers in SIZES
        for name in NAMES
        if _label(name, offers) in found
    ]


def _label(name: str, offers: int) -> str:
    return f"{name}, {offers}"


def _time(loops: int, name: str, offers: int) -> float:
    """Seconds of the loops that pyperf wants; each goes through all the markets."""
    clear = registry.get_candidates([name])[name]
    markets = inputs.random_markets(offers)
    for market in markets:
        clear(*market)
    start = time.perf_counter()
    for _ in range(loops):
        for bids, quantities, demand in markets:
            clear(bids, quantities, demand)
    return time.perf_counter() - start


def _main() -> None:
    runner = pyperf.Runner(program_args=("-m", __spec__.name))
    usable = {*registry.available_variants(), *registry.available_backends()}
    for offers in SIZES:
        for name in NAMES:
            if name in usable:
                runner.bench_time_func(
                    _label(name, offers), _time, name, offers, inner_loops=inputs.DISTINCT
                )


if __name__ == "__main__":
    _main()
