"""The plan of a run: which candidates are timed on which inputs, section by section."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from market_py import registry
from market_py.benchmark import inputs
from market_py.benchmark.cases.adequacy import Study, studies
from market_py.benchmark.cases.case import BenchmarkCase
from market_py.benchmark.cases.clearing import batch_case, single_case
from market_py.benchmark.cases.learning import learning_cases
from market_py.benchmark.cases.steps import step_cases
from market_py.benchmark.settings import LADDER_SIZE, LARGE, LARGE_VARIANTS, PUBLISHED, Settings


def make_cases(settings: Settings) -> list[BenchmarkCase | Study]:
    """Make every case of a run, in order.

    Raises
    ------
    ValueError, ImportError
        A variant is unknown, or not usable here.
    RuntimeError
        The extension is a debug build.
    """
    return [case for case in _all_cases(settings) if case.kind in settings.kinds]


def _all_cases(settings: Settings) -> Iterator[BenchmarkCase | Study]:
    everything = tuple(registry.get_candidates(settings.variants))
    if not everything:
        raise ImportError("there is nothing to time: install numba, or run `make build-rust`")
    backends = tuple(name for name in everything if name in registry.BACKENDS)
    options: dict[str, Any] = {
        "rounds": settings.rounds,
        "sample_seconds": settings.sample_seconds,
        "seed": settings.seed,
    }

    def only(wanted: Sequence[str]) -> tuple[str, ...]:
        """Candidates of a section, unless the user has chosen."""
        if settings.variants is not None:
            return everything
        return tuple(name for name in everything if name in wanted)

    published = only((*PUBLISHED, *backends))
    for size in settings.sizes:
        names = published if size < LARGE else only((*LARGE_VARIANTS, *backends))
        yield single_case("random", size, names, **options)
    for size in settings.repeated_sizes:
        for name in ("random", "repeated", "same order"):
            yield single_case(name, size, only(PUBLISHED), kind="repeated", **options)
    for name in ("random", "repeated"):
        yield single_case(name, LADDER_SIZE, everything, kind="ladder", **options)
    for name, size in _distributions(settings):
        yield single_case(name, size, only(backends), kind="distributions", **options)
    for name in inputs.BATCH_DISTRIBUTIONS:
        yield batch_case(
            name,
            inputs.RTS_OFFERS,
            tuple(registry.get_batch_candidates(everything)),
            markets=settings.batch_markets,
            threads=settings.threads,
            **options,
        )
    yield from step_cases(settings.threads, **options)
    yield from learning_cases(settings.capacity, **options)
    yield from studies(settings.years, settings.seeds, settings.threads)


def _distributions(settings: Settings) -> Iterator[tuple[str, int]]:
    """Each distribution at each size, the random one first, then those of one size only."""
    chosen = [
        inputs.DISTRIBUTIONS[name] for name in dict.fromkeys(("random", *settings.distributions))
    ]
    for size in settings.distribution_sizes:
        yield from ((found.name, size) for found in chosen if found.offers is None)
    yield from ((found.name, found.offers) for found in chosen if found.offers is not None)
