"""Define one race of a benchmark run, and how to set it up."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from market_py.benchmark import timing
from market_py.benchmark.results import Kind


class Setup(NamedTuple):
    """What `market_py.benchmark.timing.race` takes, and what is done after it."""

    candidates: Mapping[str, timing.Call]
    inputs: timing.Inputs
    verify: timing.Verify | None = None
    baselines: Mapping[str, timing.Call] | None = None
    close: Callable[[], object] = lambda: None
    """Called after the race; all the others are arguments of it."""


@dataclass(frozen=True)
class BenchmarkCase:
    """One race of a benchmark run.

    >>> def set_up(seed):
    ...     return Setup({"sum": sum, "max": max}, [([seed, number],) for number in range(4)])
    >>> case = BenchmarkCase("single", "pairs", 2, set_up, rounds=6, sample_seconds=1e-5)
    >>> case.label
    'single, pairs, N = 2'
    >>> case.race().candidates
    ['sum', 'max']
    """

    kind: Kind
    """Section of the run."""
    distribution: str
    """Name of the inputs; with `kind` and `size` it identifies the case."""
    size: int
    """Size of the inputs, such as offers per market."""
    set_up: Callable[[int], Setup]
    """Makes candidates and inputs from the seed, which may take seconds."""
    rounds: int = timing.ROUNDS
    sample_seconds: float = timing.SAMPLE_SECONDS
    seed: int = 0
    markets: int = 1
    """Markets per call."""
    threads: tuple[int, ...] = (1,)
    """Thread counts with which each candidate runs."""

    @property
    def label(self) -> str:
        """Text for the progress bar."""
        return f"{self.kind}, {self.distribution}, N = {self.size:,}"

    def race(
        self,
        progress: Callable[[], object] = lambda: None,
        is_stopped: Callable[[], bool] = lambda: False,
    ) -> timing.Race:
        """Set up, verify and time the candidates; errors as for `timing.race`."""
        setup = self.set_up(self.seed)
        try:
            return timing.race(
                setup.candidates,
                setup.inputs,
                verify=setup.verify,
                baselines=setup.baselines,
                size=self.size,
                rounds=self.rounds,
                sample_seconds=self.sample_seconds,
                progress=progress,
                is_stopped=is_stopped,
                seed=self.seed,
            )
        finally:
            setup.close()
