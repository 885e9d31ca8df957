"""Time whole reliability studies: clear every hour of some simulated years of the RTS-79."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from market_py import registry
from market_py.benchmark.results import StudyResult
from market_py.reliability import adequacy


@dataclass(frozen=True)
class Study:
    """A simulation to be run and timed."""

    backend: str
    threads: int
    seed: int
    years: int

    kind = "adequacy"
    """Section of the run."""

    @property
    def rounds(self) -> int:
        """Number of calls of `progress`."""
        return self.years

    @property
    def label(self) -> str:
        """Text for the progress bar."""
        return f"adequacy, {self.backend}, seed {self.seed}"

    def run(self, progress: Callable[[], object]) -> StudyResult:
        """Simulate; `progress` is called after each year."""
        start = time.perf_counter()
        found = adequacy.simulate(**vars(self), progress=progress)
        seconds = time.perf_counter() - start
        hours, energy = found.loss_of_load, found.unserved_energy
        return StudyResult(
            **vars(self),
            seconds=seconds,
            loss_of_load=(hours.mean, hours.standard_error),
            unserved_energy=(energy.mean, energy.standard_error),
        )


def studies(years: int, seeds: tuple[int, ...], threads: tuple[int, ...]) -> list[Study]:
    """Make a study of each seed and compiled backend, the first on each number of threads."""
    available = registry.available_backends()
    return [
        Study(backend, number, seed, years)
        for backend in ("rust", "numba")
        if backend in available
        for seed in seeds
        for number in (threads if seed == seeds[0] else threads[-1:])
    ]
