"""The stored run that documents and notebooks are about."""

from __future__ import annotations

from functools import cache

from market_py.benchmark.results import FOLDER, Results

REFERENCE = FOLDER / "reference.json"
"""The stored result that the documents are about."""


@cache
def reference() -> Results:
    """Read the run that the documents are about."""
    return Results.load(REFERENCE)


def place(results: Results) -> str:
    """Say on which machine, and when, a run was timed."""
    return f"{results.machine['cpu']}, {results.machine['cores']} cores, {results.time[:10]}"
