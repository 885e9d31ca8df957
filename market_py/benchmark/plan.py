"""The plan of a run: which candidates race on which inputs, section by section."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from market_py import registry
from market_py.benchmark import inputs
from market_py.benchmark.cases.adequacy import Study, studies
from market_py.benchmark.cases.clearing import ClearingCase
from market_py.benchmark.cases.learning import LearningCase, learning_cases
from market_py.benchmark.cases.steps import StepCase, step_cases
from market_py.benchmark.results import KINDS, Kind
from market_py.benchmark.settings import LADDER_SIZE, LARGE, LARGE_VARIANTS, PUBLISHED, Settings

AnyRace = ClearingCase | StepCase | LearningCase
BenchmarkCase = AnyRace | Study


def cases(settings: Settings) -> list[BenchmarkCase]:
    """Every race of a run, in order, and every study.

    Raises
    ------
    ValueError, ImportError
        A variant is unknown, or not usable here.
    RuntimeError
        The extension is a debug build.
    """
    everything = tuple(registry.get_candidates(settings.variants))
    backends = tuple(name for name in everything if name in registry.BACKENDS)
    asked = settings.variants is not None

    def only(wanted: Sequence[str]) -> tuple[str, ...]:
        """Those of a section, unless the user has chosen."""
        return everything if asked else tuple(name for name in everything if name in wanted)

    published = only((*PUBLISHED, *backends))
    in_batch = tuple(registry.get_batch_candidates(everything))
    sections: dict[Kind, Iterator[tuple[str, int, tuple[str, ...]]]] = {
        "single": (
            ("random", size, published if size < LARGE else only((*LARGE_VARIANTS, *backends)))
            for size in settings.sizes
        ),
        "repeated": (
            (distribution, size, only(PUBLISHED))
            for size in settings.repeated_sizes
            for distribution in ("random", "repeated", "same order")
        ),
        "ladder": (
            (distribution, LADDER_SIZE, everything) for distribution in ("random", "repeated")
        ),
        "distributions": _distribution_cases(settings, only(backends)),
        "batch": ((name, inputs.RTS_OFFERS, in_batch) for name in inputs.BATCH_DISTRIBUTIONS),
    }
    races: list[BenchmarkCase] = [
        ClearingCase(kind, distribution, offers, names, settings)
        for kind in KINDS
        if kind in settings.kinds and kind in sections
        for distribution, offers, names in sections[kind]
        if names
    ]
    common = settings.rounds, settings.sample_seconds, settings.seed
    others: tuple[AnyRace, ...] = (
        *step_cases(settings.threads, *common),
        *learning_cases(settings.capacity, *common),
    )
    races += (case for case in others if case.kind in settings.kinds)
    if "adequacy" in settings.kinds:
        races += studies(settings.years, settings.seeds, settings.threads)
    return races


def _distribution_cases(
    settings: Settings, names: tuple[str, ...]
) -> Iterator[tuple[str, int, tuple[str, ...]]]:
    """Each distribution at each of its sizes, the random one first."""
    chosen = [
        inputs.DISTRIBUTIONS[name] for name in dict.fromkeys(("random", *settings.distributions))
    ]
    for size in settings.distribution_sizes:
        for distribution in chosen:
            if distribution.offers is None:
                yield distribution.name, size, names
    for distribution in chosen:
        if distribution.offers is not None:
            yield distribution.name, distribution.offers, names
