"""Benchmark cases that clear markets, one per call or a batch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from market_py import registry
from market_py.benchmark import inputs, timing
from market_py.benchmark.agreement import same_clearing
from market_py.benchmark.baselines import baselines
from market_py.benchmark.cases.case import BenchmarkCase, Setup
from market_py.benchmark.results import Kind
from market_py.validation import Float64Array

SECONDS_PER_OFFER = 50e-9
"""Expected duration, for the progress bar."""


def single_case(
    distribution: str,
    offers: int,
    names: Sequence[str],
    *,
    kind: Kind = "single",
    distinct: int | None = None,
    sample_seconds: float = timing.SAMPLE_SECONDS,
    seed: int = 0,
    **options: Any,
) -> BenchmarkCase:
    """Make a case that clears one market per call.

    Parameters
    ----------
    distribution : str
        One of `market_py.benchmark.inputs.DISTRIBUTIONS`.
    offers : int
        Offers per market.
    names : sequence of str
        Variants and backends.
    distinct : int, optional
        Number of markets; by default as many as `market_py.benchmark.inputs.distinct_inputs`.
    kind, sample_seconds, seed, **options
        Fields of `BenchmarkCase`.
    """

    def set_up() -> Setup:
        markets = inputs.make_markets(distribution, offers, seed, distinct)
        may_differ = () if inputs.DISTRIBUTIONS[distribution].exact else registry.VARIANTS
        return Setup(
            registry.get_candidates(names),
            markets,
            same_clearing(may_differ),
            baselines(markets[0]),
        )

    once = (distinct or inputs.distinct_inputs(offers)) * offers * SECONDS_PER_OFFER
    runners = len(names) + 1 + len(timing.BASELINES)
    return BenchmarkCase(
        kind,
        distribution,
        offers,
        set_up,
        runners * max(sample_seconds, once),
        sample_seconds=sample_seconds,
        seed=seed,
        **options,
    )


def batch_case(
    distribution: str,
    offers: int,
    names: Sequence[str],
    *,
    markets: int,
    threads: tuple[int, ...] = (1,),
    sample_seconds: float = timing.SAMPLE_SECONDS,
    seed: int = 0,
    **options: Any,
) -> BenchmarkCase:
    """Make a case that clears many markets per call; parameters as for `single_case`.

    Parameters
    ----------
    markets : int
        Markets per call.
    threads : tuple of int
        Thread counts with which each backend runs; variants run on one thread.
    """

    def set_up() -> Setup:
        # So many batches that no market comes back soon.
        distinct = max(inputs.BATCHES, inputs.DISTINCT // markets)
        batches = inputs.make_batches(distribution, markets, seed, distinct, offers)
        exact = inputs.BATCH_DISTRIBUTIONS[distribution].exact
        candidates = {
            threaded(name, number): on_threads(clear, number)
            for name, clear in registry.get_batch_candidates(names).items()
            for number in (threads if name in registry.BACKENDS else (1,))
        }
        verify = same_clearing(() if exact else registry.VARIANTS)
        return Setup(candidates, batches, verify, baselines(batches[0]))

    once = inputs.BATCHES * markets * offers * SECONDS_PER_OFFER
    runners = len(names) * len(threads) + 1 + len(timing.BASELINES)
    return BenchmarkCase(
        "batch",
        distribution,
        offers,
        set_up,
        runners * max(sample_seconds, once),
        sample_seconds=sample_seconds,
        seed=seed,
        markets=markets,
        threads=threads,
        **options,
    )


def threaded(name: str, threads: int) -> str:
    """Name of a candidate that runs on so many threads."""
    return name if threads == 1 else f"{name}, {threads} threads"


def on_threads(clear: registry.ClearBatch, threads: int) -> timing.Call:
    """Bind the number of threads of a batch candidate."""

    def clear_on(
        bids: Float64Array, quantities: Float64Array, demands: Float64Array
    ) -> tuple[Float64Array, Float64Array]:
        return clear(bids, quantities, demands, threads)

    return clear_on
