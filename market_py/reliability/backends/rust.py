"""Years of outages in Rust."""

from __future__ import annotations

from market_py import extension
from market_py.reliability.study import Study, Years


def simulate_years(study: Study, seed: int, first: int, found: Years, threads: int) -> None:
    """Fill the results of years that are numbered from ``first`` on."""
    extension.load().simulate_years(
        study.alias,
        study.capacities,
        study.needed,
        study.loads,
        study.in_service,
        *found,
        quantum=study.quantum,
        seed=seed,
        first=first,
        threads=threads,
    )
