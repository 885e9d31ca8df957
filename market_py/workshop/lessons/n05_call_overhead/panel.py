"""The panel of notebook 05: measure call overhead by paired differences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

import market_py
from market_py.benchmark import inputs
from market_py.benchmark.cases.case import BenchmarkCase
from market_py.benchmark.cases.clearing import single_case
from market_py.benchmark.timing import EMPTY_CALL, Race
from market_py.workshop.lessons.n05_call_overhead.overheads import SIZES, TIMED_VARIANTS, overheads
from market_py.workshop.lessons.n05_call_overhead.plots import call_overhead
from market_py.workshop.widgets.controls import choice, stepper
from market_py.workshop.widgets.panel import Shown
from market_py.workshop.widgets.sweep import SweepPanel, installed


def dispatches(offers: int) -> dict[str, Any]:
    """Return what some functions that agree return as the dispatch of one market, as it is."""
    market = inputs.random_market(offers, np.random.default_rng(0))
    names = installed(("rust-naive", "rust-ndarray", "numba-select"))
    return {name: market_py.get_variant(name)(*market)[1] for name in names}


class CallOverheadPanel(SweepPanel):
    """Time kernels in different wrappers, at a chosen size of market."""

    def __init__(self, **options: Any) -> None:
        def cases(size: int, distribution: str) -> dict[int, BenchmarkCase]:
            return {size: single_case(distribution, size, installed(TIMED_VARIANTS))}

        def answer(races: Mapping[int, Race], **_: Any) -> Shown:
            (race,) = races.values()
            return call_overhead(race), summary(race)

        self._distribution = ""
        controls = {
            "size": stepper("offers N", SIZES, 20),
            "distribution": choice("inputs", inputs.names_of_any_size()),
        }
        empty = call_overhead(None)
        super().__init__("Time the call overhead", controls, cases, answer, empty, **options)

    def measure(self, offers: int) -> Race:
        """Time one of the sizes, as the button does, and return its raw rounds."""
        self.controls["size"].value = offers
        self.run()
        return self.races[offers]

    def work(self) -> None:
        """Time the chosen size, and keep the others that were timed on the same inputs."""
        former, distribution = self.races, self.chosen["distribution"]
        super().work()
        if distribution == self._distribution:
            self.races = former | self.races
        self._distribution = distribution


def summary(race: Race) -> str:
    """Say what each overhead is, and which of them may be zero."""
    baseline = float(np.median(race.rounds[EMPTY_CALL]))
    said, near_zero = [], []
    for overhead, found in overheads(race).items():
        pair = f"{overhead.kind} ({overhead.slower} − {overhead.faster})"
        if found.low <= 0 <= found.high:
            near_zero.append(pair)
        else:
            said.append(f"{pair} {found:z,.0f}")
    start = f"N = {race.size}, ns per call: an empty call takes {baseline:.0f}"
    sentence = "; ".join([start, *said]) + "."
    return sentence + (f" Indistinguishable from 0: {'; '.join(near_zero)}." if near_zero else "")
