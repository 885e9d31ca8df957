"""Plan a run: which candidates are timed on which inputs, section by section."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from typing import Any

from market_py import registry
from market_py.benchmark import inputs
from market_py.benchmark.cases import learning, ppo, steps
from market_py.benchmark.cases.adequacy import Study, studies
from market_py.benchmark.cases.auctions import auction_case, day_case
from market_py.benchmark.cases.case import BenchmarkCase
from market_py.benchmark.cases.clearing import batch_case, single_case
from market_py.benchmark.cases.years import cluster_case, kernel_case, thread_case
from market_py.benchmark.confirm import PUBLISHED_NUMBA
from market_py.benchmark.settings import (
    LADDER_SIZE,
    LARGE,
    PUBLISHED,
    PUBLISHED_BARE,
    Settings,
)


def make_cases(settings: Settings) -> list[BenchmarkCase | Study]:
    """Make all cases of a run, in order.

    A ValueError or ImportError says which variant is unknown or not usable here, a RuntimeError
    that the extension is a debug build.
    """
    return [case for case in _all_cases(settings) if case.kind in settings.kinds]


def _all_cases(settings: Settings) -> Iterator[BenchmarkCase | Study]:
    everything = tuple(registry.get_candidates(settings.variants))
    if not everything:
        raise ImportError("there is nothing to time: install numba, or run `make build-rust`")
    backends = tuple(name for name in everything if name in registry.BACKENDS)
    options: dict[str, Any] = {
        name: getattr(settings, name) for name in ("rounds", "sample_seconds", "seed")
    }

    def only(*wanted: str) -> Sequence[str]:
        """Return the candidates of a section, or those that the user has chosen."""
        return everything if settings.variants else [it for it in everything if it in wanted]

    for size in settings.sizes:
        published = (*PUBLISHED, PUBLISHED_BARE) if size < LARGE else (PUBLISHED_NUMBA,)
        yield single_case("random", size, only(*published, *backends), **options)
    for size in settings.repeated_sizes:
        for name in ("random", "repeated", "same order"):
            yield single_case(
                name, size, only(*PUBLISHED, PUBLISHED_BARE), kind="repeated", **options
            )
    for name in ("random", "repeated"):
        yield single_case(name, LADDER_SIZE, everything, kind="ladder", **options)
    for name, size in _distributions(settings):
        yield single_case(name, size, only(*backends), kind="distributions", **options)
    batch_options = {"markets": settings.batch_markets, "threads": settings.threads, **options}
    batch_names = tuple(registry.get_batch_candidates(everything))
    for name in inputs.BATCH_DISTRIBUTIONS:
        yield batch_case(name, inputs.RTS_OFFERS, batch_names, **batch_options)
    batch_names = tuple(name for name in batch_names if name in backends)
    for size in settings.batch_sizes:
        yield batch_case("own bids", size, batch_names, **batch_options)
    compiled = [name for name in backends if name in ("rust", "numba")]
    for size in settings.auction_sizes if compiled else ():
        yield auction_case(size, compiled, **options)
    yield day_case([*compiled, "numpy"], **options)
    for threads in settings.threads:
        yield steps.step_case(steps.MARKETS, steps.AGENTS, threads, **options)
    for agents in steps.ONE_MARKET_AGENTS:
        yield steps.step_case(1, agents, 1, **options)
    for call in (learning.UNIFORM, learning.PRIORITISED, learning.UPDATE):
        yield learning.replay_case(call, settings.capacity, **options)
    for rows in learning.ROWS:
        yield learning.policy_case(rows, **options)
    yield kernel_case(**options)
    yield thread_case(settings.thread_years, settings.threads, **options)
    if find_spec("distributed") and "rust" in compiled and max(settings.threads) > 1:
        yield cluster_case(settings.cluster_years, settings.threads, **options)
    slow = options | {"rounds": min(settings.rounds, ppo.ROUNDS)}
    yield from ppo.ppo_cases(settings.rollout_hours, settings.threads, **slow)
    yield from studies(settings.years, settings.seeds, settings.threads)


def _distributions(settings: Settings) -> Iterator[tuple[str, int]]:
    """Yield each distribution at each size, random first, then those of one size only."""
    names = dict.fromkeys(("random", *settings.distributions))
    fixed = {name: inputs.DISTRIBUTIONS[name].offers for name in names}
    for size in settings.distribution_sizes:
        yield from ((name, size) for name, offers in fixed.items() if offers is None)
    yield from ((name, offers) for name, offers in fixed.items() if offers is not None)
