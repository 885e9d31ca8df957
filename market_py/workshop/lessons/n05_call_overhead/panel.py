"""The panel of notebook 05: call overhead by paired differences."""

from __future__ import annotations

from typing import Any

import numpy as np

import market_py
from market_py.benchmark import inputs, timing
from market_py.benchmark.cases.clearing import single_case
from market_py.benchmark.timing import EMPTY_CALL, Race
from market_py.extension import status
from market_py.workshop.lessons.n05_call_overhead.overheads import SIZES, TIMED_VARIANTS, overheads
from market_py.workshop.lessons.n05_call_overhead.plots import CallOverheadPicture
from market_py.workshop.widgets.controls import choice, stepper
from market_py.workshop.widgets.panel import Job


def dispatches(offers: int) -> dict[str, Any]:
    """Return what some functions that agree return as the dispatch of one market, as it is."""
    market = inputs.random_market(offers, np.random.default_rng(0))
    usable = market_py.available_variants()
    names = [name for name in ("rust-naive", "rust-ndarray", "numba-select") if name in usable]
    return {name: market_py.get_variant(name)(*market)[1] for name in names}


class CallOverheadPanel(Job):
    """Time one kernel behind different borders, at a chosen size of market.

    Parameters
    ----------
    rounds : int
        Samples of each candidate.
    sample_seconds : float
        Shortest duration of a sample.
    """

    def __init__(
        self, rounds: int = timing.ROUNDS, sample_seconds: float = timing.SAMPLE_SECONDS
    ) -> None:
        self._rounds, self._sample_seconds = rounds, sample_seconds
        self._picture = CallOverheadPicture()
        self.races: dict[int, Race] = {}
        first = "Nothing timed yet: choose a size and press the button."
        if "rust" not in market_py.available_backends():
            first += f" Without Rust: {status()[1]}."
        self.size = stepper("offers N", SIZES, 20)
        self.distribution = choice("inputs", inputs.names_of_any_size())
        self._timed_distribution = self.distribution.value
        shown, width = (self._picture.show(None), first), self._picture.width
        controls = {"size": self.size, "distribution": self.distribution}
        super().__init__("Time the border", rounds, shown, width, controls)

    def measure(self, offers: int) -> Race:
        """Time one of the sizes, as the button does, and return its raw rounds."""
        self.size.value = offers
        self.run()
        return self.races[offers]

    def work(self) -> None:
        """Time the candidates; an unfinished race is dropped."""
        offers: int = self.size.value
        usable = market_py.available_variants()
        names = [name for name in TIMED_VARIANTS if name in usable]
        distribution: str = self.distribution.value
        self.doing.value = f"markets of {offers} offers …"
        options: dict[str, Any] = {"rounds": self._rounds, "sample_seconds": self._sample_seconds}
        case = single_case(distribution, offers, names, **options)
        race = case.race(self.advance, self.is_stopped)
        if distribution != self._timed_distribution:
            # Sizes are compared with each other: on the same kind of inputs only.
            self.races, self._timed_distribution = {}, distribution
        self.races[offers] = race
        self.show((self._picture.show(race), summary(race)))


def summary(race: Race) -> str:
    """Say what each overhead is, and which of them cannot be told from nothing."""
    baseline = float(np.median(race.rounds[EMPTY_CALL]))
    said, lost = [], []
    for overhead, found in overheads(race).items():
        if found.low <= 0 <= found.high:
            lost.append(f"{overhead.kind} ({overhead.slower} − {overhead.faster})")
        else:
            said.append(f"{overhead.kind} ({overhead.slower} − {overhead.faster}) {found:z,.0f}")
    sentence = f"N = {race.size}, ns per call: an empty call takes {baseline:.0f}"
    sentence += "".join(f"; {words}" for words in said) + "."
    if lost:
        sentence += f" Not to be told from nothing: {'; '.join(lost)}."
    return sentence
