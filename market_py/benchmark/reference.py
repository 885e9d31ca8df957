"""The stored runs that documents and notebooks cite."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from market_py.benchmark.results import FOLDER, Results

REFERENCE_FILE = FOLDER / "reference.json"
MACHINES = FOLDER / "machines"
"""Quick runs that users measured on their own machines."""


@cache
def reference() -> Results:
    """Read the stored run once."""
    return Results.load(REFERENCE_FILE)


def machine_files() -> list[Path]:
    """Return the stored run, then those of other machines, by name."""
    return [REFERENCE_FILE, *sorted(MACHINES.glob("*.json"))]


def place(results: Results) -> str:
    """Name the machine and the date of a run."""
    return f"{results.machine['cpu']}, {results.machine['cores']} cores, {results.time[:10]}"
