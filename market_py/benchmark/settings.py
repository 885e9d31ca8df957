"""Settings of a benchmark run."""

from __future__ import annotations

from dataclasses import dataclass

from market_py.benchmark import inputs, timing
from market_py.benchmark.cases.learning import CAPACITY
from market_py.benchmark.cases.ppo import HOURS
from market_py.benchmark.confirm import PUBLISHED_NUMBA
from market_py.benchmark.results import KINDS

LARGE = 100_000
"""From this size on, only published numba is timed beside the backends: the others take seconds."""
PUBLISHED = (PUBLISHED_NUMBA, "rust-published")
"""What the published experiment timed."""
PUBLISHED_BARE = "rust-naive"
"""The published Rust function without the wrapper of the published benchmark."""
LADDER_SIZE = 200
SECTIONS = (*KINDS, "adequacy")
"""Sections of a run: races of each kind, and a reliability study."""


@dataclass(frozen=True)
class Settings:
    """What a run times, and for how long; by default the whole benchmark."""

    kinds: tuple[str, ...] = SECTIONS
    sizes: tuple[int, ...] = (5, 10, 20, 50, 100, 200, 1000, 10_000, LARGE, 1_000_000)
    """Offers per market in the section "single"."""
    repeated_sizes: tuple[int, ...] = (5, 10, 20, 50, 100, 200)
    distribution_sizes: tuple[int, ...] = (20, 200, 1000, LARGE)
    distributions: tuple[str, ...] = tuple(
        name for name, distribution in inputs.DISTRIBUTIONS.items() if distribution.spread is None
    )
    """Inputs of the section "distributions", to which "random" is added for comparison."""
    variants: tuple[str, ...] | None = None
    """Variants and backends; by default each section has its own."""
    threads: tuple[int, ...] = (1, 2)
    """Thread counts of batches, steps and studies."""
    batch_markets: int = 10_000
    """Markets per batch."""
    batch_sizes: tuple[int, ...] = (5, 10, 20, 50, 100, 200)
    """Offers per market of more batches, cleared by the backends only."""
    auction_sizes: tuple[int, ...] = (5, 10, 20, 50, 100, 200, 1000, 10_000, LARGE)
    """Offers, and as many bids, per auction."""
    years: int = 10_000
    """Years of outages in each study."""
    seeds: tuple[int, ...] = (1, 2, 3)
    """Seeds of the studies."""
    thread_years: int = 1024
    """Years per call on one thread and on several."""
    cluster_years: int = 16_384
    """Years per call on a cluster."""
    capacity: int = CAPACITY
    """Transitions that a replay buffer holds."""
    rollout_hours: int = HOURS
    """Hours of a rollout of learning agents."""
    rounds: int = timing.ROUNDS
    sample_seconds: float = timing.SAMPLE_SECONDS
    seed: int = 0
    """Seed of the inputs and of the order within rounds."""


QUICK = Settings(
    kinds=("single", "repeated", "distributions", "batch", "auction"),
    sizes=(5, 20, 200, 1000),
    repeated_sizes=(200,),
    distribution_sizes=(200,),
    batch_sizes=(),
    auction_sizes=(200,),
    rounds=7,
)
"""A run that takes about a minute."""
