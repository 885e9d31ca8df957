"""The panel of notebook 05: measure call overhead by paired differences."""

from __future__ import annotations

from typing import Any

import numpy as np

import market_py
from market_py.benchmark import inputs
from market_py.benchmark.cases.clearing import single_case
from market_py.benchmark.timing import EMPTY_CALL, Race
from market_py.workshop.lessons.n05_call_overhead.overheads import SIZES, TIMED_VARIANTS, overheads
from market_py.workshop.lessons.n05_call_overhead.plots import call_overhead
from market_py.workshop.widgets.controls import choice, stepper
from market_py.workshop.widgets.sweep import SweepPanel


def dispatches(offers: int) -> dict[str, Any]:
    """Return what some functions that agree return as the dispatch of one market, as it is."""
    market = inputs.random_market(offers, np.random.default_rng(0))
    usable = market_py.available_variants()
    names = [name for name in ("rust-naive", "rust-ndarray", "numba-select") if name in usable]
    return {name: market_py.get_variant(name)(*market)[1] for name in names}


class CallOverheadPanel(SweepPanel):
    """Time kernels in different wrappers, at a chosen size of market."""

    def __init__(self, **options: Any) -> None:
        self.size = stepper("offers N", SIZES, 20)
        self.distribution = choice("inputs", inputs.names_of_any_size())
        self._timed_distribution: str | None = None
        controls = {"size": self.size, "distribution": self.distribution}
        super().__init__("Time the call overhead", controls, **options)

    def measure(self, offers: int) -> Race:
        """Time one of the sizes, as the button does, and return its raw rounds."""
        self.size.value = offers
        self.run()
        race: Race = self.races[offers]
        return race

    def points(self) -> list[int]:
        """The chosen size."""
        return [self.settings["size"]]

    def kept(self) -> dict[int, Race]:
        """Return the sizes timed before on the same inputs: only these can be compared."""
        same = self.settings["distribution"] == self._timed_distribution
        return dict(self.races) if same else {}

    def race_at(self, offers: int) -> Race:
        """Race all wrappers."""
        usable = market_py.available_variants()
        names = [name for name in TIMED_VARIANTS if name in usable]
        distribution = self.settings["distribution"]
        race = single_case(distribution, offers, names, **self.options).race(**self.watched)
        self._timed_distribution = distribution
        return race

    def draw(self) -> bytes:
        """Draw the last race."""
        return call_overhead(self.race)

    def summary(self) -> str:
        """Say what the last race tells."""
        assert self.race is not None
        return summary(self.race)


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
