"""What a run of the benchmark is asked for."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from market_py.benchmark import inputs, timing
from market_py.benchmark.cases.learning import CAPACITY
from market_py.benchmark.confirm import REFERENCE
from market_py.benchmark.results import KINDS

SIZES = (5, 10, 20, 50, 100, 200, 1000, 10_000, 100_000, 1_000_000)
LARGE = 100_000
"""From this size on only the published numba variant races beside the backends."""
LARGE_VARIANTS = ("numba-sort",)
PUBLISHED = (REFERENCE, "rust-naive")
REPEATED_SIZES = (5, 10, 20, 50, 100, 200)
LADDER_SIZE = 200
DISTRIBUTION_SIZES = (20, 200, 1000, 100_000)
BATCH_MARKETS = 10_000


SECTIONS = (*KINDS, "adequacy")
"""The sections of a run: races of each kind, and a study."""


@dataclass(frozen=True)
class Settings:
    """What a run is asked for."""

    kinds: tuple[str, ...] = SECTIONS
    sizes: tuple[int, ...] = SIZES
    repeated_sizes: tuple[int, ...] = REPEATED_SIZES
    distribution_sizes: tuple[int, ...] = DISTRIBUTION_SIZES
    distributions: tuple[str, ...] = tuple(
        name for name, distribution in inputs.DISTRIBUTIONS.items() if distribution.spread is None
    )
    """Of the section of that name; "random" is always among them, to compare with."""
    variants: tuple[str, ...] | None = None
    """Variants and backends; by default each section has its own."""
    threads: tuple[int, ...] = (1, 2)
    """Numbers of threads, in batches."""
    batch_markets: int = BATCH_MARKETS
    years: int = 10_000
    """Of outages, in the study."""
    seeds: tuple[int, ...] = (1, 2, 3)
    """Of the study."""
    capacity: int = CAPACITY
    """Of replay buffers, in transitions."""
    rounds: int = timing.ROUNDS
    sample_seconds: float = timing.SAMPLE_SECONDS
    seed: int = 0

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)


QUICK = Settings(
    kinds=("single", "repeated", "distributions", "batch"),
    sizes=(5, 20, 200, 1000),
    repeated_sizes=(200,),
    distribution_sizes=(200,),
    rounds=7,
)
"""A run within a minute."""
