"""Benchmark cases that clear markets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from market_py import registry
from market_py.benchmark import inputs as inputs_
from market_py.benchmark import timing
from market_py.benchmark.baselines import baselines
from market_py.benchmark.results import Kind
from market_py.benchmark.settings import Settings
from market_py.benchmark.targets import threaded
from market_py.validation import Float64Array

SECONDS_PER_OFFER = 50e-9
"""A guess, for the time left."""


@dataclass(frozen=True)
class ClearingCase:
    """A race to be run."""

    kind: Kind
    distribution: str
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
        return f"{self.kind}, {self.distribution}, N = {self.offers:,}"

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
        inputs = inputs_.BATCHES if self.kind == "batch" else inputs_.distinct_inputs(self.offers)
        once = inputs * self.markets * self.offers * SECONDS_PER_OFFER
        runners = len(self.names) * len(self.threads) + 1 + len(timing.BASELINES)
        return runners * max(self.settings.sample_seconds, once)

    def inputs(self) -> list[Any]:
        """Make the arguments to cycle through."""
        seed = self.settings.seed
        if self.kind == "batch":
            # So many batches that no market comes back soon.
            distinct = max(inputs_.BATCHES, inputs_.DISTINCT // self.markets)
            return inputs_.make_batches(
                self.distribution, self.markets, seed, distinct, self.offers
            )
        return inputs_.make_markets(self.distribution, self.offers, seed)

    def candidates(self) -> dict[str, timing.Clear]:
        """What races, by name."""
        if self.kind != "batch":
            return dict(registry.get_candidates(self.names))
        return {
            threaded(name, threads): _on(clear, threads)
            for name, clear in registry.get_batch_candidates(self.names).items()
            for threads in (self.threads if name in registry.BACKENDS else (1,))
        }

    def race(
        self, progress: Callable[[], object], is_stopped: Callable[[], bool] = lambda: False
    ) -> timing.Race:
        """Verify the candidates, and race.

        Raises
        ------
        Disagreement, Stopped
            As `market_py.benchmark.timing.race`.
        """
        inputs = self.inputs()
        return timing.race(
            self.candidates(),
            inputs,
            baselines=baselines(inputs[0]),
            may_differ=self.may_differ(),
            rounds=self.rounds,
            sample_seconds=self.settings.sample_seconds,
            progress=progress,
            is_stopped=is_stopped,
            seed=self.settings.seed,
        )

    def may_differ(self) -> tuple[str, ...]:
        """Candidates that keep the published semantics, where those differ from the contract."""
        everything = inputs_.BATCH_DISTRIBUTIONS if self.kind == "batch" else inputs_.DISTRIBUTIONS
        if everything[self.distribution].exact:
            return ()
        return tuple(name for name in self.names if name in registry.VARIANTS)


def _on(clear: registry.ClearBatch, threads: int) -> timing.Clear:
    """Bind the number of threads."""

    def clear_on(
        bids: Float64Array, quantities: Float64Array, demands: Float64Array
    ) -> tuple[Float64Array, Float64Array]:
        return clear(bids, quantities, demands, threads)

    return clear_on
