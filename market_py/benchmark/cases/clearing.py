"""Benchmark cases that clear markets, one per call or a batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from market_py import registry
from market_py.benchmark import inputs, timing
from market_py.benchmark.agreement import verify_markets
from market_py.benchmark.baselines import baselines
from market_py.benchmark.cases.case import BenchmarkCase, Setup
from market_py.benchmark.results import Kind


def single_case(
    distribution: str,
    offers: int,
    candidates: Sequence[str] | Mapping[str, timing.Call],
    *,
    kind: Kind = "single",
    distinct: int | None = None,
    **options: Any,
) -> BenchmarkCase:
    """Make a case of the variants and backends of these names that clears one market per call.

    A mapping gives the functions themselves by name.

    The number of distinct markets is by default that of `inputs.distinct_inputs`. Options are
    fields of `BenchmarkCase`.
    """

    def set_up(seed: int) -> Setup:
        markets = inputs.make_markets(distribution, offers, seed, distinct)
        exact = inputs.DISTRIBUTIONS[distribution].exact
        found = candidates
        if not isinstance(found, Mapping):
            found = registry.get_candidates(found)
        return _setup(found, markets, exact)

    return BenchmarkCase(kind, distribution, offers, set_up, **options)


def batch_case(
    distribution: str,
    offers: int,
    names: Sequence[str],
    *,
    markets: int,
    threads: tuple[int, ...] = (1,),
    others: Mapping[str, registry.ClearBatch] | None = None,
    **options: Any,
) -> BenchmarkCase:
    """Make a case that clears so many markets per call, by backends on each number of threads.

    So do `others`, functions by name. Variants clear batches on one thread, and are left out where
    they have no batch function.
    """

    def set_up(seed: int) -> Setup:
        # So many batches that no market comes back soon.
        distinct = max(inputs.BATCHES, inputs.DISTINCT // markets)
        batches = inputs.make_batches(distribution, markets, seed, distinct, offers)
        candidates = {
            threaded(name, number): on_threads(clear, number)
            for name, clear in {**(others or {}), **registry.get_batch_candidates(names)}.items()
            for number in ((1,) if name in registry.VARIANTS else threads)
        }
        return _setup(candidates, batches, inputs.BATCH_DISTRIBUTIONS[distribution].exact)

    return BenchmarkCase(
        "batch", distribution, offers, set_up, markets=markets, threads=threads, **options
    )


def _setup(candidates: Mapping[str, timing.Call], markets: list[Any], exact: bool) -> Setup:
    """Set up a race in which variants may differ unless the inputs are such that all agree."""
    verify = partial(verify_markets, may_differ=() if exact else registry.VARIANTS)
    return Setup(candidates, markets, verify, baselines(markets[0]))


def threaded(name: str, threads: int) -> str:
    """Name a candidate that runs on so many threads."""
    return name if threads == 1 else f"{name}, {threads} threads"


def on_threads(clear: registry.ClearBatch, threads: int) -> timing.Call:
    """Bind the number of threads of a batch candidate."""
    return lambda bids, quantities, demands: clear(bids, quantities, demands, threads)
