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
EXTRA_RUNNERS = 1 + len(timing.BASELINES)
"""The A/A copy and the baselines."""


def single_case(
    distribution: str,
    offers: int,
    names: Sequence[str],
    *,
    kind: Kind = "single",
    distinct: int | None = None,
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
    kind, **options
        Fields of `BenchmarkCase`.
    """

    def set_up(seed: int) -> Setup:
        markets = inputs.make_markets(distribution, offers, seed, distinct)
        verify = same_clearing(
            () if inputs.DISTRIBUTIONS[distribution].exact else registry.VARIANTS
        )
        return Setup(registry.get_candidates(names), markets, verify, baselines(markets[0]))

    return BenchmarkCase(
        kind,
        distribution,
        offers,
        set_up,
        len(names) + EXTRA_RUNNERS,
        (distinct or inputs.distinct_inputs(offers)) * offers * SECONDS_PER_OFFER,
        **options,
    )


def batch_case(
    distribution: str,
    offers: int,
    names: Sequence[str],
    *,
    markets: int,
    threads: tuple[int, ...] = (1,),
    **options: Any,
) -> BenchmarkCase:
    """Make a case that clears many markets per call; parameters as for `single_case`.

    Parameters
    ----------
    distribution : str
        One of `market_py.benchmark.inputs.BATCH_DISTRIBUTIONS`.
    names : sequence of str
        Backends, and variants, of which those without a batch function are left out.
    markets : int
        Markets per call.
    threads : tuple of int
        Thread counts with which each backend runs; variants run on one thread.
    """

    def set_up(seed: int) -> Setup:
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

    return BenchmarkCase(
        "batch",
        distribution,
        offers,
        set_up,
        len(names) * len(threads) + EXTRA_RUNNERS,
        inputs.BATCHES * markets * offers * SECONDS_PER_OFFER,
        markets=markets,
        threads=threads,
        **options,
    )


def threaded(name: str, threads: int) -> str:
    """Name a candidate that runs on so many threads."""
    return name if threads == 1 else f"{name}, {threads} threads"


def on_threads(clear: registry.ClearBatch, threads: int) -> timing.Call:
    """Bind the number of threads of a batch candidate."""

    def clear_on(bids: Float64Array, quantities: Float64Array, demands: Float64Array) -> Any:
        return clear(bids, quantities, demands, threads)

    return clear_on
