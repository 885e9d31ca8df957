"""The stored run that documents and notebooks cite."""

from __future__ import annotations

from functools import cache

from market_py.benchmark.results import FOLDER, Results

REFERENCE_FILE = FOLDER / "reference.json"


@cache
def reference() -> Results:
    """Read the stored run once."""
    return Results.load(REFERENCE_FILE)


def place(results: Results) -> str:
    """Name the machine and the date of a run."""
    return f"{results.machine['cpu']}, {results.machine['cores']} cores, {results.time[:10]}"
