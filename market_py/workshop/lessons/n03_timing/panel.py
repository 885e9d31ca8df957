"""The panels of notebook 03: what makes a timing credible."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numba import njit

from market_py.benchmark import inputs, timing
from market_py.benchmark.agreement import same_clearing
from market_py.benchmark.timing import AA_SUFFIX, EMPTY_CALL, Race
from market_py.validation import Float64Array
from market_py.variants.numba import numba_sort
from market_py.workshop.lessons.n03_timing.plots import (
    FirstCallPicture,
    RepeatedPicture,
    RoundsPicture,
)
from market_py.workshop.widgets.controls import stepper
from market_py.workshop.widgets.panel import Job

OFFERS = 20
"""Per market, where nothing else is said."""
PLAIN = "numba-sort"
WRAPPED = "wrapped"
"""The same function, called by another Python function."""
SIZES = (5, 20, 50, 200)
DISTINCT = f"{inputs.DISTINCT} distinct inputs"
REPEATED, REPRICED = "one input, repeated", "other prices, same order"


def wrapped(bids: Float64Array, quantities: Float64Array, demand: float) -> Any:
    """Clear by `numba_sort`; one more Python call, and nothing else, is what this costs."""
    return numba_sort(bids, quantities, demand)


class RoundsPanel(Job):
    """Time a function against itself, and against itself with a known burden.

    Sliders choose the calls in a sample and the number of rounds.
    """

    def __init__(self) -> None:
        self._picture = RoundsPicture(PLAIN, WRAPPED)
        self.race: Race | None = None
        controls = {
            "calls": stepper("calls per sample", [4**power for power in range(7)], 1),
            "rounds": stepper("rounds", [3, 5, 7, 11, 21, 51, 101], 7),
        }
        first = self._picture.show(None), "Choose, then press the button."
        super().__init__("Take the time", 7, first, self._picture.width, controls)

    def work(self) -> None:
        """Run the race."""
        calls, rounds = self.controls["calls"].value, self.controls["rounds"].value
        self.expect(rounds)
        markets = inputs.random_markets(OFFERS)[:calls]
        try:
            race = timing.race(
                {PLAIN: numba_sort, WRAPPED: wrapped},
                markets,
                verify=same_clearing(),
                size=OFFERS,
                rounds=rounds,
                loops=calls // len(markets),
                progress=self.advance,
                is_stopped=self.is_stopped,
            )
        except timing.Stopped as stopped:
            race = stopped.race
            if race.finished < 2:
                raise
        self.race = race
        self.show((self._picture.show(race), _believe(race, calls)))


def _believe(race: Race, calls: int) -> str:
    """Say what the rounds allow to claim."""
    baseline, plain = (race.quartiles(name)[1] for name in (EMPTY_CALL, PLAIN))
    same, burden = race.resolution(), race.speedup(WRAPPED, over=PLAIN)
    verdict = race.verdict(WRAPPED, over=PLAIN)
    sample = "1 call" if calls == 1 else f"{calls:,} calls"
    return (
        f"{race.finished} rounds of {sample}: {PLAIN} takes {plain:,.0f} ns, an empty call "
        f"{baseline:,.0f} ns. A/A: {PLAIN} seems {same} times as fast as itself. "
        f"{WRAPPED}: {burden} times as fast as {PLAIN}; {verdict}."
    )


class FirstCallPanel(Job):
    """Time the calls of a function that was never called before, one by one."""

    def __init__(self, calls: int = 1000, compile_it: Callable[[], Any] | None = None) -> None:
        self._calls = calls
        self._compile_it = compile_it or (lambda: njit(numba_sort.py_func))
        self._picture = FirstCallPicture(calls)
        self.nanoseconds = np.empty(0)
        first = self._picture.show(self.nanoseconds), "Nothing has been called yet."
        super().__init__("Compile and call", calls, first, self._picture.width)

    def work(self) -> None:
        """Make a new function and call it."""
        clear = self._compile_it()
        self.doing.value = "compiling …"
        taken = []
        for market in (inputs.random_markets(OFFERS) * (1 + self._calls // inputs.DISTINCT))[
            : self._calls
        ]:
            if self.is_stopped():
                break
            start = time.perf_counter_ns()
            clear(*market)
            taken.append(time.perf_counter_ns() - start)
        self.bar.value = len(taken)
        self.nanoseconds = np.array(taken, dtype=float)
        self.show((self._picture.show(self.nanoseconds), _spike(self.nanoseconds)))


def _spike(taken: Float64Array) -> str:
    """Say how long the first call was, and how long it is felt."""
    if len(taken) < 2:
        return "Stopped before the second call."
    first, later = float(taken[0]), float(np.median(taken[1:]))
    return (
        f"The first call took {first / 1e6:,.1f} ms, a later one {later / 1e3:,.2f} µs (median): "
        f"the first is as long as {first / later:,.0f} later ones. The mean of all {len(taken):,} "
        f"calls, the first included, is {taken.mean() / 1e3:,.1f} µs."
    )


class RepeatedPanel(Job):
    """Time the published numba function on inputs that can be learnt, and on distinct ones.

    Each round repeats another market, or gives it other prices, so that these are on average the
    distinct ones.
    """

    def __init__(
        self,
        sizes: tuple[int, ...] = SIZES,
        rounds: int = timing.ROUNDS,
        sample_seconds: float = timing.SAMPLE_SECONDS,
    ) -> None:
        self._sizes, self._rounds, self._sample_seconds = sizes, rounds, sample_seconds
        self._picture = RepeatedPicture(DISTINCT, REPEATED, REPRICED)
        self.races: list[Race] = []
        first = self._picture.show([]), "Nothing has been timed yet."
        super().__init__("Run all three", len(sizes) * rounds, first, self._picture.width)

    def work(self) -> None:
        """Time one size after the other; what is finished is kept when stopped."""
        self.races = []
        for offers in self._sizes:
            self.doing.value = f"markets of {offers} offers …"
            race = self._race(offers)
            if race is None:
                break
            self.races.append(race)
            self.show((self._picture.show(self.races), _learned(self.races)))
        self.show((self._picture.show(self.races), _learned(self.races)))

    def _race(self, offers: int) -> Race | None:
        markets = inputs.random_markets(offers)
        rng = np.random.default_rng(offers)
        loops = timing.calibrate(numba_sort, markets, self._sample_seconds)
        distinct = timing.sampler(numba_sort, markets, loops)
        rounds: list[dict[str, float]] = []
        for _ in range(self._rounds):
            if self.is_stopped():
                return None
            market = markets[rng.integers(len(markets))]
            repriced = inputs.repriced_markets(market, len(markets), rng)
            samplers = {
                DISTINCT: distinct,
                DISTINCT + AA_SUFFIX: distinct,
                REPEATED: timing.sampler(numba_sort, [market] * len(markets), loops),
                REPRICED: timing.sampler(numba_sort, repriced, loops),
            }
            rounds.append(timing.one_round(samplers, rng))
            self.advance()
        names = DISTINCT, DISTINCT + AA_SUFFIX, REPEATED, REPRICED
        found = {name: np.array([took[name] for took in rounds]) * 1e9 for name in names}
        return Race(offers, found, len(markets))


def _learned(races: list[Race]) -> str:
    """Say how much cheaper what can be learnt looks."""
    if not races:
        return "Stopped before the first size was done."
    said = []
    for name in (REPEATED, REPRICED):
        found = [
            f"N = {race.size}: {race.speedup(name, over=DISTINCT)} "
            f"({race.verdict(name, over=DISTINCT)})"
            for race in races
        ]
        said.append(f"on {name}, {'; '.join(found)}")
    return f"How many times faster {PLAIN} looks than on {DISTINCT}: {'. And '.join(said)}."
