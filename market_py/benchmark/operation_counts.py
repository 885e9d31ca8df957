"""What each variant of the ladder does to clear a market, counted in processes of their own.

Counting costs time, and must not be on where time is measured: the Rust variants are counted in a
build of their own (the feature ``operation-counts``), the numba variants in a process whose
allocator counts.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from market_py import extension

ALLOCATOR = "NUMBA_NRT_STATS"
"""The variable that makes numba count allocations."""


@dataclass(frozen=True)
class OperationCounts:
    """Means per market, over 256 random markets."""

    variant: str
    allocations: float
    """Blocks of memory asked for in compiled code; what Python and NumPy ask for is not counted.

    numba asks for one, a header, with every array that crosses its border too.
    """
    comparisons: float | None
    """Of two offers by a sort; `None`: not counted."""
    passes: float | None
    """Offers visited, over the number of offers; `None`: not counted."""


def can_count() -> bool:
    """Whether the instrumented build can be made here."""
    return shutil.which("cargo") is not None


def count(offers: int) -> list[OperationCounts]:
    """Count what the variants of both languages do.

    Parameters
    ----------
    offers : int
        Per market.

    Raises
    ------
    ValueError
        No offer.
    RuntimeError
        The instrumented build failed, or there is no cargo; the message says why.
    """
    if offers < 1:
        raise ValueError(f"offers = {offers}: must be at least 1")
    return [*_count_rust(offers), *_count_numba(offers)]


def _count_rust(offers: int) -> list[OperationCounts]:
    if not can_count():
        raise RuntimeError("cargo is not installed: get Rust from https://rustup.rs")
    command = "cargo run --quiet --release --package merit-order --features operation-counts"
    lines = _lines([*command.split(), "--example", "operation_counts", "--", str(offers)])
    counted = ("variant", "allocations", "comparisons", "passes")
    return [OperationCounts(*(line[name] for name in counted)) for line in lines]


def _count_numba(offers: int) -> list[OperationCounts]:
    command = [sys.executable, "-m", "market_py.benchmark.operation_counts", str(offers)]
    lines = _lines(command, os.environ | {ALLOCATOR: "1"})
    return [OperationCounts(line["variant"], line["allocations"], None, None) for line in lines]


def _lines(command: list[str], environment: dict[str, str] | None = None) -> list[Any]:
    """Run a process that prints JSON, line by line."""
    done = subprocess.run(
        command,
        cwd=extension.CRATE,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"counting failed:\n{done.stderr}")
    return [json.loads(line) for line in done.stdout.splitlines()]


def _print_numba_allocations(offers: int) -> None:
    """Count in this process, whose allocator must count."""
    from numba.core.runtime import nrt

    from market_py import registry
    from market_py.benchmark import inputs

    statistics: Callable[[], Any] = nrt.rtsys.get_allocation_stats

    markets = inputs.random_markets(offers)
    variants = [name for name, it in registry.VARIANTS.items() if it.language == "numba"]
    for name, clear in registry.get_candidates([*variants, "numba"]).items():
        for market in markets:
            clear(*market)
        before = statistics().alloc
        for market in markets:
            clear(*market)
        allocations = (statistics().alloc - before) / len(markets)
        print(json.dumps({"variant": name, "allocations": allocations}))


if __name__ == "__main__":
    _print_numba_allocations(int(sys.argv[1]))
