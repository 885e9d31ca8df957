"""The panel of notebook 08 on batches: one call for many markets, and threads."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from market_py.benchmark import inputs, timing
from market_py.benchmark.agreement import verify_markets
from market_py.benchmark.cases.case import BenchmarkCase, Setup
from market_py.benchmark.timing import Race
from market_py.registry import get_batch_candidates, get_candidates
from market_py.workshop.lessons.n08_batch import plots
from market_py.workshop.lessons.n08_batch.plots import BACKENDS, SIZES, ways_of
from market_py.workshop.widgets.controls import choice, stepper
from market_py.workshop.widgets.panel import Shown
from market_py.workshop.widgets.sweep import SweepPanel, installed

OFFERS = (32, 64, 96, 320)
"""Per market: areas that are like the RTS-79."""


def batch_panel(rounds: int = 11, **options: Any) -> SweepPanel:
    """Clear the same markets one by one, in one call, and in one call on some threads."""

    def cases(largest: int, **chosen: Any) -> dict[int, BenchmarkCase]:
        return {size: ways_case(size, **chosen) for size in SIZES if size <= largest}

    def answer(races: Mapping[int, Race], threads: int, **_: Any) -> Shown:
        return plots.batches(races, threads), summary(races, threads)

    controls = {
        "offers": stepper("offers N", OFFERS, inputs.RTS_OFFERS),
        "largest": stepper("largest batch", SIZES[3:], 1024),
        "threads": stepper("threads", [2, 3, 4, 6, 8], 2),
        "bids": choice("prices", list(inputs.BATCH_DISTRIBUTIONS)),
    }
    parts = controls, cases, answer, plots.batches({}, 2)
    return SweepPanel("Run the batches", *parts, rounds=rounds, **options)


def summary(races: Mapping[int, Race], threads: int) -> str:
    """Say from which size on a batch is faster, and what threads gain."""
    largest, said = max(races), []
    race = races[largest]
    for name in installed(BACKENDS):
        below, above = break_even(races, name)
        if above == np.inf:
            when = f"one call is not faster, up to {below:,} markets"
        else:
            when = f"one call is faster from {above:,.0f} markets on"
            when += f", and not at {below:,}" if below else ""
        one_by_one, batch, threaded = ways_of(name, threads)
        ratio, gain = race.speedup(batch, over=one_by_one), race.speedup(threaded, over=batch)
        said.append(
            f"{name}: {when}; at {largest:,} it is {ratio} times as fast, and "
            f"{threads} threads are {gain} times as fast as one"
        )
    return ". ".join(said) + "."


def ways_case(size: int, offers: int, threads: int, bids: str) -> BenchmarkCase:
    """Make a case of all ways to clear batches of one size."""

    def set_up(seed: int) -> Setup:
        # So many batches that no market comes back soon.
        distinct = max(inputs.BATCHES, inputs.DISTINCT // size)
        batches = inputs.make_batches(bids, size, seed, distinct, offers)
        calls = [(*batch, _rows(*batch)) for batch in batches]
        return Setup(ways_to_clear(installed(BACKENDS), threads), calls, verify, baselines={})

    return BenchmarkCase("batch", bids, offers, set_up, markets=size)


def _rows(bids: Any, quantities: Any, demands: Any) -> list[tuple[Any, Any, float]]:
    """Take a batch apart into the arguments of single calls."""
    shared = [bids] * len(demands) if bids.ndim == 1 else bids
    return list(zip(shared, quantities, demands.tolist(), strict=True))


def ways_to_clear(names: Sequence[str], threads: int) -> dict[str, timing.Call]:
    """Make every way to clear a batch: functions of the batch and of its rows."""
    ways: dict[str, timing.Call] = {}
    together = get_batch_candidates(names)
    for name, single in get_candidates(names).items():
        one_by_one, batch, threaded = ways_of(name, threads)
        ways[one_by_one] = _loop(single)
        ways[batch] = _on(together[name], 1)
        ways[threaded] = _on(together[name], threads)
    return ways


def _loop(single: Callable[..., Any]) -> timing.Call:
    return lambda bids, quantities, demands, rows: [single(*market) for market in rows]


def _on(together: Callable[..., Any], threads: int) -> timing.Call:
    return lambda bids, quantities, demands, rows: together(bids, quantities, demands, threads)


def verify(ways: Mapping[str, timing.Call], calls: timing.Inputs) -> dict[str, int]:
    """Compare what all ways answer to the first batch; `Disagreement` where they differ."""

    def collected(way: timing.Call) -> timing.Call:
        def clear(*batch: Any) -> Any:
            found = way(*batch)
            # A loop over the rows answers market by market.
            return [*map(np.array, zip(*found, strict=True))] if isinstance(found, list) else found

        return clear

    return verify_markets({name: collected(way) for name, way in ways.items()}, calls[:1])


def break_even(races: Mapping[int, Race], name: str) -> tuple[int, float]:
    """Largest batch that is not faster than single calls, and the next one.

    From the next one on, batches are faster at every size that was timed, by the intervals of the
    ratios; it is infinite where the largest batch is not faster.
    """
    below, above = 0, np.inf
    one_by_one, batch, _ = ways_of(name, 1)
    for size in sorted(races, reverse=True):
        if races[size].verdict(batch, over=one_by_one) != "faster":
            below = size
            break
        above = size
    return below, above


def costs(races: Mapping[int, Race], name: str) -> tuple[float, float, float]:
    """A single call, the fixed cost of a batch, and its cost for each market, ns."""
    small, large = min(races), max(races)
    one_by_one, batch, _ = ways_of(name, 1)
    single = races[large].quartiles(one_by_one)[1]
    first, last = (races[size].quartiles(batch)[1] * size for size in (small, large))
    each = (last - first) / (large - small)
    return single, first - each * small, each
