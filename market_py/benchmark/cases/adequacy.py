"""Studies: what clearing is for, timed whole. Years of outages of the RTS-79, through a backend."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from market_py import registry
from market_py.reliability import adequacy, rts79

SECONDS_PER_YEAR = 3e-3
"""A guess, for the time left."""


@dataclass(frozen=True)
class Study:
    """A simulation to be run and timed."""

    backend: str
    threads: int
    seed: int
    rounds: int
    """Years."""

    @property
    def seconds_per_round(self) -> float:
        """A guess, for the time left."""
        return SECONDS_PER_YEAR / self.threads

    @property
    def label(self) -> str:
        """What to call it while it runs."""
        return f"adequacy, {self.backend}, seed {self.seed}"

    def run(self, progress: Callable[[], object]) -> Studied:
        """Simulate; `progress` is called after each year."""
        start = time.perf_counter()
        found = adequacy.simulate(
            self.rounds,
            seed=self.seed,
            backend=self.backend,
            threads=self.threads,
            progress=progress,
        )
        seconds = time.perf_counter() - start
        indices = found.loss_of_load, found.unserved_energy
        return Studied(
            self.backend,
            self.threads,
            self.seed,
            self.rounds,
            seconds,
            *((index.mean, index.standard_error) for index in indices),
        )


@dataclass(frozen=True)
class Studied:
    """What a simulation found, and how long it took."""

    backend: str
    threads: int
    seed: int
    years: int
    seconds: float
    loss_of_load: tuple[float, float]
    """Mean and standard error, h/year."""
    unserved_energy: tuple[float, float]
    """Mean and standard error, MWh/year."""

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Studied:
        """Read plain data."""
        pairs = {name: tuple(data[name]) for name in ("loss_of_load", "unserved_energy")}
        return cls(**{**data, **pairs})

    @property
    def clearings_per_second(self) -> float:
        """Hours cleared per second, their outages drawn and their indices summed up."""
        return self.years * rts79.HOURS / self.seconds


def studies(years: int, seeds: tuple[int, ...], threads: tuple[int, ...]) -> list[Study]:
    """Every seed through every compiled backend, and the first on each number of threads."""
    available = registry.available_backends()
    return [
        Study(backend, number, seed, years)
        for backend in ("rust", "numba")
        if backend in available
        for seed in seeds
        for number in (threads if seed == seeds[0] else threads[-1:])
    ]
