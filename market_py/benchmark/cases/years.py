"""Benchmark cases that simulate years of outages: drawing and clearing in one kernel, or apart."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from market_py import extension
from market_py.benchmark import timing
from market_py.benchmark.agreement import verify_alike
from market_py.benchmark.cases.case import BenchmarkCase, Setup
from market_py.benchmark.cases.clearing import threaded
from market_py.benchmark.inputs import BATCHES, RTS_OFFERS
from market_py.registry import available_backends
from market_py.reliability import adequacy, rts79
from market_py.reliability.simulation import Simulation

KIND = "years"
YEARS = 16
"""Years per call, each of 8736 distinct markets."""
CLEARING = "clearing, "
"""Before the name of a backend that clears the markets of a year that was drawn before."""
PHILOX = "random words alone"
"""A floor: what takes time even if nothing is looked up and added."""
COMPILED = ("numba", "rust")


def years_case(threads: tuple[int, ...], **options: Any) -> BenchmarkCase:
    """Make a case about years of the RTS-79; options are fields of `BenchmarkCase`."""
    return BenchmarkCase(
        KIND,
        "rts79",
        RTS_OFFERS,
        partial(_set_up, threads),
        markets=YEARS * rts79.HOURS,
        threads=threads,
        **options,
    )


def _set_up(threads: tuple[int, ...], seed: int) -> Setup:
    system = rts79.system()

    def simulate(options: dict[str, Any], draws: int) -> Simulation:
        return adequacy.simulate(YEARS, system, seed=draws, **options)

    candidates: dict[str, timing.Call] = {
        name: partial(simulate, options) for name, options in _ways(threads)
    }
    baselines = {}
    if "rust" in available_backends():
        words = np.empty((4, rts79.HOURS), np.uint32)

        def draw(draws: int) -> None:
            for year in range(YEARS):
                extension.load().fill_random_words(words, seed=draws, year=year)

        baselines[PHILOX] = draw
    inputs = [(int(it),) for it in np.random.default_rng(seed).integers(0, 2**62, BATCHES)]
    verify = partial(verify_alike, differences=_differ, what="simulate")
    return Setup(candidates, inputs, verify, baselines)


def _ways(threads: tuple[int, ...]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield names and options of the candidates: slow ways first, then fused ones."""
    available = [name for name in COMPILED if name in available_backends()]
    for name in available:
        yield CLEARING + name, {"method": "clearing", "backend": name}
    yield "numpy", {"backend": "numpy"}
    for name in available:
        for number in threads:
            yield threaded(name, number), {"backend": name, "threads": number}


def _differ(one: Simulation, other: Simulation, inputs: object) -> bool:
    """Say whether hours differ, or energy not served by more than rounding."""
    gap = abs(one.unserved_energy.mean - other.unserved_energy.mean)
    same = one.loss_of_load == other.loss_of_load and one.hours_at_price == other.hours_at_price
    return not (same and gap <= 1e-9 * one.unserved_energy.mean)
