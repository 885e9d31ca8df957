"""Timing clearing functions against each other, fairly.

Every candidate clears the same distinct markets (repeating one market lets the branch predictor
learn it). Candidates take turns in each round, in shuffled order, so that a slow moment of the
machine hits them alike; ratios are taken within rounds. The first candidate runs twice under two
names (A/A): how far that ratio strays from 1 is what the measurement can resolve.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from scipy.stats import bootstrap

from market_py.validation import Floats

Verdict = Literal["faster", "slower", "indistinguishable"]
Clear = Callable[[Floats, Floats, float], tuple[float, Any]]
Markets = Sequence[tuple[Floats, Floats, float]]

SIZES = (5, 10, 20, 50, 100, 200, 500, 1000)
"""Offers per market."""
DISTINCT = 256
"""Markets to cycle through."""
ROUNDS = 21
SAMPLE_SECONDS = 0.01
"""A sample calls a candidate for at least so long."""
WARM_UP_SECONDS = 0.05

FLOOR = "empty call"
"""The candidate that does nothing: the cost of calling from Python."""
TWIN = " (again)"
"""Ends the name of the first candidate's second run."""


class Stopped(Exception):
    """The race was stopped before its end."""


class Disagreement(AssertionError):
    """Two candidates do not clear a market alike; timing them means nothing."""


@dataclass(frozen=True)
class Ratio:
    """How many times faster one candidate is than another, with a 95 % interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        """Show the ratio and its interval."""
        return f"{self.value:.2f} [{self.low:.2f}, {self.high:.2f}]"


@dataclass(frozen=True)
class Race:
    """The rounds of a race at one size of market."""

    offers: int
    rounds: dict[str, Floats]
    """Nanoseconds per call of each candidate, one value a round."""

    @property
    def candidates(self) -> list[str]:
        """Names in order, without the floor and the twin."""
        return [name for name in self.rounds if name != FLOOR and not name.endswith(TWIN)]

    def quartiles(self, name: str) -> tuple[float, float, float]:
        """Lower quartile, median and upper quartile, ns per call."""
        low, median, high = np.percentile(self.rounds[name], [25, 50, 75])
        return float(low), float(median), float(high)

    def speedup(self, name: str, over: str) -> Ratio:
        """How many times faster one candidate is than another.

        The median of the ratios within rounds; the interval is a percentile bootstrap.
        """
        ratios = self.rounds[over] / self.rounds[name]
        if np.ptp(ratios) == 0:
            return Ratio(*[float(ratios[0])] * 3)
        interval = bootstrap(
            (ratios,),
            np.median,
            n_resamples=2000,
            method="percentile",
            rng=np.random.default_rng(0),
        ).confidence_interval
        return Ratio(float(np.median(ratios)), float(interval.low), float(interval.high))

    def resolution(self) -> Ratio:
        """The A/A ratio: differences within its spread are not told apart."""
        first = self.candidates[0]
        return self.speedup(first + TWIN, first)

    def verdict(self, name: str, over: str) -> Verdict:
        """Say "faster" or "slower" only when the whole interval does, and the A/A ratio allows."""
        ratio, same = self.speedup(name, over), self.resolution()
        blur = max(same.high, 1 / same.low)
        if ratio.low > 1 and ratio.value > blur:
            return "faster"
        if ratio.high < 1 and ratio.value < 1 / blur:
            return "slower"
        return "indistinguishable"


def random_markets(offers: int, distinct: int = DISTINCT, seed: int = 0) -> list[Any]:
    """Distinct markets with random offers and a demand between a tenth and nine tenths of them."""
    rng = np.random.default_rng([seed, offers])
    markets = []
    for _ in range(distinct):
        quantities = rng.uniform(1, 100, offers)
        demand = float(rng.uniform(0.1, 0.9) * quantities.sum())
        markets.append((rng.uniform(0, 100, offers), quantities, demand))
    return markets


def verify(candidates: Mapping[str, Clear], markets: Markets) -> None:
    """Raise `Disagreement` where two candidates do not clear a market alike."""
    (first, reference), *others = candidates.items()
    for market in markets:
        price, dispatch = reference(*market)
        for name, clear in others:
            other_price, other_dispatch = clear(*market)
            if price != other_price or not np.allclose(
                dispatch, other_dispatch, rtol=0, atol=1e-9 * market[2]
            ):
                raise Disagreement(f"{first} and {name} clear this market differently: {market}")


def race(
    candidates: Mapping[str, Clear],
    markets: Markets,
    *,
    rounds: int = ROUNDS,
    sample_seconds: float = SAMPLE_SECONDS,
    progress: Callable[[], object] = lambda: None,
    is_stopped: Callable[[], bool] = lambda: False,
    seed: int = 0,
) -> Race:
    """Time candidates on the same markets.

    Parameters
    ----------
    candidates : mapping of str to callable
        ``(bids, quantities, demand) -> (price, dispatch)``; two at least.
    markets : sequence
        Distinct arguments, of one size.
    rounds : int
        Samples of each candidate.
    sample_seconds : float
        Shortest duration of a sample.
    progress : callable
        Called after each round.
    is_stopped : callable
        Asked before each round.

    Raises
    ------
    Disagreement
        The candidates do not clear all markets alike.
    Stopped
        `is_stopped` said so.
    """
    verify(candidates, markets)
    first = next(iter(candidates))
    runners = {**candidates, first + TWIN: candidates[first], FLOOR: _do_nothing}
    loops = {name: _calibrate(clear, markets, sample_seconds) for name, clear in runners.items()}
    order = list(runners)
    rng = np.random.default_rng(seed)
    seconds: dict[str, list[float]] = {name: [] for name in runners}
    for _ in range(rounds):
        if is_stopped():
            raise Stopped
        rng.shuffle(order)
        for name in order:
            seconds[name].append(_sample(runners[name], markets, loops[name]) / loops[name])
        progress()
    calls = len(markets)
    return Race(
        len(markets[0][0]),
        {name: np.array(values) / calls * 1e9 for name, values in seconds.items()},
    )


def _do_nothing(bids: Floats, quantities: Floats, demand: float) -> None:
    """Take the arguments and return."""


def _calibrate(clear: Callable[..., object], markets: Markets, sample_seconds: float) -> int:
    """Warm up, then find how many times to go through the markets in a sample."""
    end = time.perf_counter() + WARM_UP_SECONDS
    while time.perf_counter() < end:
        _sample(clear, markets, 1)
    once = min(_sample(clear, markets, 1) for _ in range(3))
    return max(1, int(np.ceil(sample_seconds / once)))


def _sample(clear: Callable[..., object], markets: Markets, loops: int) -> float:
    """Seconds to clear all the markets so many times, with the garbage collector off."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        start = time.perf_counter()
        for _ in range(loops):
            for bids, quantities, demand in markets:
                clear(bids, quantities, demand)
        return time.perf_counter() - start
    finally:
        if collecting:
            gc.enable()
