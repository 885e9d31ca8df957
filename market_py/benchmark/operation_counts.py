"""Count the operations of each variant of the ladder, in separate processes.

Counting takes time and must be off where time is measured. Therefore the Rust variants are counted
in a build with the feature ``operation-counts``, and the numba variants in a process whose
allocator counts.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any

from market_py import extension, registry
from market_py.benchmark import inputs

ALLOCATOR = "NUMBA_NRT_STATS"
"""Environment variable that makes numba count allocations."""
CARGO = (
    "cargo run --quiet --release --package merit-order --features operation-counts "
    "--example operation_counts --"
)


@dataclass(frozen=True)
class OperationCounts:
    """Means per market, over 256 random markets."""

    variant: str
    allocations: float
    """Blocks of memory that compiled code allocates; those of Python and NumPy are not counted.

    numba also allocates a header for each array argument and result.
    """
    comparisons: float | None = None
    """Comparisons of two offers by a sort; None where they are not counted."""
    passes: float | None = None
    """Offers visited, divided by the number of offers; None where they are not counted."""


def can_count() -> bool:
    """Say whether the build that counts can be made here."""
    return shutil.which("cargo") is not None


def count(offers: int) -> list[OperationCounts]:
    """Count the operations of the variants of both languages, with so many offers per market.

    A RuntimeError says why the build that counts failed, or that there is no cargo.
    """
    if offers < 1:
        raise ValueError(f"offers = {offers}: must be at least 1")
    if not can_count():
        raise RuntimeError("cargo is not installed: get Rust from https://rustup.rs")
    names = [field.name for field in fields(OperationCounts)]
    numba = [sys.executable, "-m", __name__]
    lines = [*_lines(CARGO.split(), offers), *_lines(numba, offers)]
    return [OperationCounts(*map(line.get, names)) for line in lines]


def _lines(command: list[str], offers: int) -> list[Any]:
    """Run a process that prints JSON, a line for each variant."""
    done = subprocess.run(
        [*command, str(offers)],
        cwd=extension.CRATE,
        env=os.environ | {ALLOCATOR: "1"},
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
