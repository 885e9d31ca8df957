"""The plan of a run: which candidates race on which inputs, section by section."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from market_py import registry, timing
from market_py.benchmark import families
from market_py.benchmark.confirm import REFERENCE
from market_py.benchmark.floors import floors
from market_py.benchmark.learning import CAPACITY, LearningHeat, learning_heats
from market_py.benchmark.results import KINDS, Kind
from market_py.benchmark.steps import StepHeat, step_heats
from market_py.benchmark.studies import Study, studies
from market_py.benchmark.targets import threaded
from market_py.validation import Floats

SIZES = (5, 10, 20, 50, 100, 200, 1000, 10_000, 100_000, 1_000_000)
LARGE = 100_000
"""From this size on only the published numba variant races beside the backends."""
LARGE_VARIANTS = ("numba-sort",)
PUBLISHED = (REFERENCE, "rust-naive")
REPEATED_SIZES = (5, 10, 20, 50, 100, 200)
LADDER_SIZE = 200
FAMILY_SIZES = (20, 200, 1000, 100_000)
BATCH_MARKETS = 10_000
SECONDS_PER_OFFER = 50e-9
"""A guess, for the time left."""


SECTIONS = (*KINDS, "adequacy")
"""The sections of a run: races of each kind, and a study."""


@dataclass(frozen=True)
class Settings:
    """What a run is asked for."""

    kinds: tuple[str, ...] = SECTIONS
    sizes: tuple[int, ...] = SIZES
    repeated_sizes: tuple[int, ...] = REPEATED_SIZES
    family_sizes: tuple[int, ...] = FAMILY_SIZES
    families: tuple[str, ...] = tuple(
        name for name, family in families.FAMILIES.items() if family.spread is None
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
    kinds=("single", "repeated", "families", "batch"),
    sizes=(5, 20, 200, 1000),
    repeated_sizes=(200,),
    family_sizes=(200,),
    rounds=7,
)
"""A run within a minute."""


@dataclass(frozen=True)
class Heat:
    """A race to be run."""

    kind: Kind
    family: str
    offers: int
    names: tuple[str, ...]
    """Of variants and backends."""
    settings: Settings

    @property
    def rounds(self) -> int:
        """Samples of each candidate."""
        return self.settings.rounds

    @property
    def label(self) -> str:
        """What to call it while it runs."""
        return f"{self.kind}, {self.family}, N = {self.offers:,}"

    @property
    def markets(self) -> int:
        """Per call."""
        return self.settings.batch_markets if self.kind == "batch" else 1

    @property
    def threads(self) -> tuple[int, ...]:
        """That candidates are given."""
        return self.settings.threads if self.kind == "batch" else (1,)

    @property
    def seconds_per_round(self) -> float:
        """A guess, for the time left."""
        inputs = families.BATCHES if self.kind == "batch" else families.distinct_inputs(self.offers)
        once = inputs * self.markets * self.offers * SECONDS_PER_OFFER
        runners = len(self.names) * len(self.threads) + 1 + len(timing.FLOORS)
        return runners * max(self.settings.sample_seconds, once)

    def inputs(self) -> list[Any]:
        """Make the arguments to cycle through."""
        seed = self.settings.seed
        if self.kind == "batch":
            # So many batches that no market comes back soon.
            distinct = max(families.BATCHES, timing.DISTINCT // self.markets)
            return families.make_batches(self.family, self.markets, seed, distinct, self.offers)
        return families.make_markets(self.family, self.offers, seed)

    def candidates(self) -> dict[str, timing.Clear]:
        """What races, by name."""
        if self.kind != "batch":
            return dict(registry.contestants(self.names))
        return {
            threaded(name, threads): _on(clear, threads)
            for name, clear in registry.batch_contestants(self.names).items()
            for threads in (self.threads if name in registry.BACKENDS else (1,))
        }

    def race(
        self, progress: Callable[[], object], is_stopped: Callable[[], bool] = lambda: False
    ) -> timing.Race:
        """Verify the candidates, and race.

        Raises
        ------
        Disagreement, Stopped
            As `market_py.timing.race`.
        """
        inputs = self.inputs()
        return timing.race(
            self.candidates(),
            inputs,
            floors=floors(inputs[0]),
            may_differ=self.may_differ(),
            rounds=self.rounds,
            sample_seconds=self.settings.sample_seconds,
            progress=progress,
            is_stopped=is_stopped,
            seed=self.settings.seed,
        )

    def may_differ(self) -> tuple[str, ...]:
        """Candidates that keep the published semantics, where those differ from the contract."""
        everything = families.BATCH_FAMILIES if self.kind == "batch" else families.FAMILIES
        if everything[self.family].exact:
            return ()
        return tuple(name for name in self.names if name in registry.VARIANTS)


def _on(clear: registry.ClearBatch, threads: int) -> timing.Clear:
    """Bind the number of threads."""

    def clear_on(bids: Floats, quantities: Floats, demands: Floats) -> tuple[Floats, Floats]:
        return clear(bids, quantities, demands, threads)

    return clear_on


AnyRace = Heat | StepHeat | LearningHeat
AnyHeat = AnyRace | Study


def heats(settings: Settings) -> list[AnyHeat]:
    """Every race of a run, in order, and every study.

    Raises
    ------
    ValueError, ImportError
        A variant is unknown, or not usable here.
    RuntimeError
        The extension is a debug build.
    """
    everything = tuple(registry.contestants(settings.variants))
    backends = tuple(name for name in everything if name in registry.BACKENDS)
    asked = settings.variants is not None

    def only(wanted: Sequence[str]) -> tuple[str, ...]:
        """Those of a section, unless the user has chosen."""
        return everything if asked else tuple(name for name in everything if name in wanted)

    published = only((*PUBLISHED, *backends))
    in_batch = tuple(registry.batch_contestants(everything))
    sections: dict[Kind, Iterator[tuple[str, int, tuple[str, ...]]]] = {
        "single": (
            ("random", size, published if size < LARGE else only((*LARGE_VARIANTS, *backends)))
            for size in settings.sizes
        ),
        "repeated": (
            (family, size, only(PUBLISHED))
            for size in settings.repeated_sizes
            for family in ("random", "repeated", "same order")
        ),
        "ladder": ((family, LADDER_SIZE, everything) for family in ("random", "repeated")),
        "families": _family_heats(settings, only(backends)),
        "batch": ((name, families.RTS_OFFERS, in_batch) for name in families.BATCH_FAMILIES),
    }
    races: list[AnyHeat] = [
        Heat(kind, family, offers, names, settings)
        for kind in KINDS
        if kind in settings.kinds and kind in sections
        for family, offers, names in sections[kind]
        if names
    ]
    common = settings.rounds, settings.sample_seconds, settings.seed
    others: tuple[AnyRace, ...] = (
        *step_heats(settings.threads, *common),
        *learning_heats(settings.capacity, *common),
    )
    races += (heat for heat in others if heat.kind in settings.kinds)
    if "adequacy" in settings.kinds:
        races += studies(settings.years, settings.seeds, settings.threads)
    return races


def _family_heats(
    settings: Settings, names: tuple[str, ...]
) -> Iterator[tuple[str, int, tuple[str, ...]]]:
    """Each family at each size, the random one first; a family of one size at that only."""
    chosen = [families.FAMILIES[name] for name in dict.fromkeys(("random", *settings.families))]
    for size in settings.family_sizes:
        for family in chosen:
            if family.offers is None:
                yield family.name, size, names
    for family in chosen:
        if family.offers is not None:
            yield family.name, family.offers, names
