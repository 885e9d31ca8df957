"""Timing clearing functions against each other, fairly.

Every candidate clears the same distinct markets (repeating one market lets the branch predictor
learn it). Candidates take turns in each round, in shuffled order, so that a slow moment of the
machine hits them alike; ratios are taken within rounds. The first candidate runs twice under two
names (A/A): how far that ratio strays from 1 is what the measurement can resolve.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from scipy.stats import bootstrap

from market_py.benchmark.inputs import market_size
from market_py.validation import Float64Array

Verdict = Literal["faster", "slower", "indistinguishable"]
Clear = Callable[[Float64Array, Float64Array, Any], Any]
"""``(bids, quantities, demand) -> (price, dispatch)``, for one market or a batch of them."""
Markets = Sequence[tuple[Float64Array, Float64Array, Any]]
"""What a `Clear` is called with, time after time."""

SIZES = (5, 10, 20, 50, 100, 200, 500, 1000)
"""Offers per market."""
ROUNDS = 21
SAMPLE_SECONDS = 0.01
"""A sample calls a candidate for at least so long."""
WARM_UP_SECONDS = 0.05

EMPTY_CALL = "empty call"
"""The candidate that does nothing: the cost of calling from Python."""
ONE_PASS = "one pass"
"""The candidate that reads both arrays and writes one, once."""
BASELINES = (EMPTY_CALL, ONE_PASS)
"""What no candidate can be faster than, or hardly."""
AA_SUFFIX = " (again)"
"""Ends the name of the first candidate's second run."""


FEWEST_ROUNDS = 6
"""With fewer, all of them lie on one side of the true median once in twenty times or more."""


class Stopped(Exception):
    """The race was stopped before its end.

    Parameters
    ----------
    race : Race
        Its complete rounds, possibly none.
    """

    def __init__(self, race: Race) -> None:
        super().__init__(f"stopped after {race.finished} rounds")
        self.race = race


class Disagreement(AssertionError):
    """Two candidates do not clear a market alike; timing them means nothing."""


@dataclass(frozen=True)
class Ratio:
    """A median ratio, or difference, with its 95 % interval."""

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
    rounds: dict[str, Float64Array]
    """Nanoseconds per call of each candidate, one value a round."""
    distinct: int = 0
    """Different inputs that the candidates cycled through."""
    first_call_seconds: dict[str, float] = field(default_factory=dict)
    """Of each candidate: compiling, or loading what was compiled, included."""
    disagreements: dict[str, int] = field(default_factory=dict)
    """Markets that a candidate cleared differently from the first one that must be right."""
    _speedups: dict[tuple[str, str], Ratio] = field(default_factory=dict, repr=False, compare=False)
    """Those that were asked for: panels ask again at every move of a slider."""

    @property
    def candidates(self) -> list[str]:
        """Names in order, without the baselines and the twin."""
        return [
            name for name in self.rounds if name not in BASELINES and not name.endswith(AA_SUFFIX)
        ]

    @property
    def baselines(self) -> list[str]:
        """Names of the baselines that were timed."""
        return [name for name in self.rounds if name in BASELINES]

    @property
    def finished(self) -> int:
        """Number of complete rounds."""
        return min(map(len, self.rounds.values()), default=0)

    def quartiles(self, name: str) -> tuple[float, float, float]:
        """Lower quartile, median and upper quartile, ns per call."""
        low, median, high = np.percentile(self.rounds[name], [25, 50, 75])
        return float(low), float(median), float(high)

    def speedup(self, name: str, over: str) -> Ratio:
        """How many times faster one candidate is than another.

        The median of the ratios within rounds; the interval is a percentile bootstrap.
        """
        if (name, over) not in self._speedups:
            ratios = self.rounds[over] / self.rounds[name]
            self._speedups[name, over] = _bootstrapped((ratios,), np.median)
        return self._speedups[name, over]

    def difference(self, name: str, other: str) -> Ratio:
        """Return how much longer the first takes than the second, ns per call.

        The median of the differences within rounds, with its bootstrap interval.
        """
        return _bootstrapped((self.rounds[name] - self.rounds[other],), np.median)

    def resolution(self) -> Ratio:
        """The A/A ratio: differences within its spread are not told apart."""
        first = self.candidates[0]
        return self.speedup(first + AA_SUFFIX, first)

    def verdict(self, name: str, over: str) -> Verdict:
        """Say "faster" or "slower" only when the whole interval does, and the A/A ratio allows."""
        if self.finished < FEWEST_ROUNDS:
            return "indistinguishable"
        ratio, same = self.speedup(name, over), self.resolution()
        blur = max(same.high, 1 / same.low)
        if ratio.low > 1 and ratio.value > blur:
            return "faster"
        if ratio.high < 1 and ratio.value < 1 / blur:
            return "slower"
        return "indistinguishable"


def ratio_of_medians(one: Float64Array, other: Float64Array) -> Ratio:
    """Return the ratio of two medians from different races, or runs; rounds are not paired."""
    return _bootstrapped((one, other), _median_ratio)


def _median_ratio(one: Float64Array, other: Float64Array, axis: int = -1) -> Float64Array:
    quotient: Float64Array = np.median(one, axis=axis) / np.median(other, axis=axis)
    return quotient


def _bootstrapped(samples: tuple[Float64Array, ...], statistic: Callable[..., Any]) -> Ratio:
    """Return a statistic with its percentile bootstrap interval."""
    value = float(statistic(*samples))
    if all(np.ptp(sample) == 0 for sample in samples):
        return Ratio(value, value, value)
    interval = bootstrap(
        samples,
        statistic,
        n_resamples=2000,
        method="percentile",
        rng=np.random.default_rng(0),
    ).confidence_interval
    return Ratio(value, float(interval.low), float(interval.high))


def verify(
    candidates: Mapping[str, Clear], markets: Markets, may_differ: Collection[str] = ()
) -> dict[str, int]:
    """Count the markets that candidates clear differently from the first that must be right.

    Parameters
    ----------
    candidates : mapping of str to callable
        As for `race`.
    markets : sequence
        Arguments; a batch counts its rows.
    may_differ : collection of str
        Candidates that promise something else where prices tie or demand is at a step.

    Raises
    ------
    Disagreement
        A candidate that may not differ does.
    """
    reference = next(
        (name for name in candidates if name not in may_differ), next(iter(candidates))
    )
    counts = dict.fromkeys((name for name in candidates if name != reference), 0)
    for market in markets:
        right = candidates[reference](*market)
        for name in counts:
            differs = _differences(right, candidates[name](*market), market[2])
            if differs and name not in may_differ:
                raise Disagreement(
                    f"{reference} and {name} clear this market differently: {market}"
                )
            counts[name] += differs
    return counts


def _differences(one: Any, other: Any, demand: Any) -> int:
    """Count the rows in which prices differ, or dispatch by more than a billionth of demand."""
    prices, dispatch = np.atleast_1d(one[0]), np.atleast_2d(one[1])
    gaps = np.abs(dispatch - np.atleast_2d(other[1])).max(axis=1)
    near = gaps <= 1e-9 * np.atleast_1d(demand)
    return int(np.count_nonzero(~near | (prices != np.atleast_1d(other[0]))))


def race(
    candidates: Mapping[str, Clear],
    markets: Markets,
    *,
    baselines: Mapping[str, Clear] | None = None,
    may_differ: Collection[str] = (),
    rounds: int = ROUNDS,
    sample_seconds: float = SAMPLE_SECONDS,
    loops: int | None = None,
    progress: Callable[[], object] = lambda: None,
    is_stopped: Callable[[], bool] = lambda: False,
    seed: int = 0,
) -> Race:
    """Time candidates on the same markets.

    Parameters
    ----------
    candidates : mapping of str to callable
        ``(bids, quantities, demand) -> (price, dispatch)``; one at least.
    markets : sequence
        Arguments, of one size.
    baselines : mapping of str to callable
        What is timed beside the candidates, its result unchecked: the empty call, unless said.
    may_differ : collection of str
        Candidates whose disagreements are counted, not refused; see `verify`.
    rounds : int
        Samples of each candidate.
    sample_seconds : float
        Shortest duration of a sample.
    loops : int, optional
        How many times a sample goes through the markets; by default as `sample_seconds` asks.
    progress : callable
        Called after each round.
    is_stopped : callable
        Asked before each round.

    Raises
    ------
    Disagreement
        The candidates do not clear all markets alike.
    Stopped
        `is_stopped` said so, or the keyboard between the first round and the last.
    """
    first_calls = {name: _first_call(clear, markets[0]) for name, clear in candidates.items()}
    disagreements = verify(candidates, markets, may_differ)
    first = next(iter(candidates))
    baselines = {EMPTY_CALL: do_nothing} if baselines is None else baselines
    runners = {**candidates, first + AA_SUFFIX: candidates[first], **baselines}
    samplers = {
        name: sampler(clear, markets, loops or calibrate(clear, markets, sample_seconds))
        for name, clear in runners.items()
    }
    rng = np.random.default_rng(seed)
    finished: list[dict[str, float]] = []

    def result() -> Race:
        return Race(
            market_size(markets[0]),
            {name: np.array([took[name] for took in finished]) * 1e9 for name in runners},
            len({id(market) for market in markets}),
            first_calls,
            disagreements,
        )

    try:
        for _ in range(rounds):
            if is_stopped():
                raise Stopped(result())
            finished.append(one_round(samplers, rng))
            progress()
    except KeyboardInterrupt as interrupt:
        raise Stopped(result()) from interrupt
    return result()


def do_nothing(bids: Float64Array, quantities: Float64Array, demand: Any) -> None:
    """Take the arguments and return."""


def one_round(
    samplers: Mapping[str, Callable[[], float]], rng: np.random.Generator
) -> dict[str, float]:
    """Take a sample of each, in shuffled order."""
    order = list(samplers)
    rng.shuffle(order)
    return {name: samplers[name]() for name in order}


def sampler(clear: Callable[..., object], markets: Markets, loops: int) -> Callable[[], float]:
    """Make a function that takes a sample, in seconds per call."""
    return lambda: sample(clear, markets, loops) / (loops * len(markets))


def calibrate(clear: Callable[..., object], markets: Markets, sample_seconds: float) -> int:
    """Warm up, then find how many times to go through the markets in a sample."""
    end = time.perf_counter() + WARM_UP_SECONDS
    once = sample(clear, markets, 1)
    while True:
        once = min(once, sample(clear, markets, 1))
        if time.perf_counter() > end:
            return max(1, int(np.ceil(sample_seconds / once)))


def _first_call(clear: Clear, market: tuple[Float64Array, Float64Array, Any]) -> float:
    """Seconds of the first call."""
    start = time.perf_counter()
    clear(*market)
    return time.perf_counter() - start


def sample(clear: Callable[..., object], markets: Markets, loops: int) -> float:
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
