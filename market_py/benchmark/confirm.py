"""Measure the main results again with pyperf, each in new processes."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pyperf

from market_py import registry
from market_py.benchmark import inputs

PUBLISHED_NUMBA = "numba-sort"
"""The published numba function, with which others are compared."""
CONFIRMED_SIZES = (5, 20, 200, 1000)
CONFIRMED_NAMES = (PUBLISHED_NUMBA, "numba", "rust")
# Worker processes need NUMBA_CACHE_DIR, without which each compiles anew.
OPTIONS = ("--processes=5", "--values=5", "--min-time=0.05", "--copy-env")
SETUP = """
from market_py import registry
from market_py.benchmark import inputs
clear = registry.get_candidates([{name!r}])[{name!r}]
markets = inputs.random_markets({offers})
"""
STATEMENT = "for bids, quantities, demand in markets: clear(bids, quantities, demand)"


@dataclass(frozen=True)
class Confirmation:
    """Time of one candidate at one size, measured in fresh processes."""

    offers: int
    name: str
    mean: float
    """Seconds per call."""
    deviation: float
    """Standard deviation over all values, s."""
    ratio: float | None
    """Times faster than `PUBLISHED_NUMBA`; None for that itself."""


def confirm(options: tuple[str, ...] = OPTIONS) -> list[Confirmation]:
    """Let pyperf time each candidate at each size; options are those of ``pyperf timeit``.

    A RuntimeError holds the output of a pyperf that failed.
    """
    usable = {*registry.available_variants(), *registry.available_backends()}
    found = []
    for offers in CONFIRMED_SIZES:
        times = {name: _time(name, offers, options) for name in CONFIRMED_NAMES if name in usable}
        for name, time in times.items():
            others = name != PUBLISHED_NUMBA and PUBLISHED_NUMBA in times
            ratio = times[PUBLISHED_NUMBA].mean() / time.mean() if others else None
            found.append(Confirmation(offers, name, time.mean(), time.stdev(), ratio))
    return found


def _time(name: str, offers: int, options: tuple[str, ...]) -> pyperf.Benchmark:
    """Time calls that go through distinct random markets."""
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "confirmed.json")
        command = [sys.executable, "-m", "pyperf", "timeit", *options, "--quiet", "--output", path]
        setup = SETUP.format(name=name, offers=offers)
        command += [f"--inner-loops={inputs.DISTINCT}", "--setup", setup, STATEMENT]
        # pyperf prints warnings about few or unsteady values to standard output.
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"pyperf failed:\n{done.stderr}")
        return pyperf.Benchmark.load(path)
