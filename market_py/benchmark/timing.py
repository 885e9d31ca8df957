"""Time callables against each other on the same inputs.

`race` calls every candidate with the same inputs. These are distinct, because the branch predictor
learns a repeated input. In each round all candidates run once, in random order, and ratios are
computed within a round: if the machine is slow for a moment, all candidates are slow. The first
candidate runs twice under two names (A/A copy). A difference between two candidates that is not
larger than that between the two copies cannot be measured.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from timeit import Timer
from typing import Any, Literal

import numpy as np

from market_py.extras import explain_missing
from market_py.validation import Float64Array

Verdict = Literal["faster", "slower", "indistinguishable"]
Call = Callable[..., Any]
Inputs = Sequence[tuple[Any, ...]]
"""Arguments of each call; all calls take the same number of them."""
Verify = Callable[[Mapping[str, Call], Inputs], dict[str, int]]
"""Counts the inputs on which candidates disagree, or raises `Disagreement`."""

ROUNDS = 21
SAMPLE_SECONDS = 0.01
"""Shortest duration of a sample."""
WARM_UP_SECONDS = 0.05

EMPTY_CALL = "empty call"
"""The baseline that does nothing: the cost of a call from Python."""
ONE_PASS = "one pass"
"""The baseline that reads the inputs and writes an output once."""
BASELINES = (EMPTY_CALL, ONE_PASS)
"""Baselines are timed beside the candidates; they do not compute the result."""
AA_SUFFIX = " (again)"
"""Ends the name under which the first candidate runs a second time."""

MIN_ROUNDS = 6
"""Five rounds all lie on one side of the true median in 6 % of runs: too often for a verdict."""


class Stopped(Exception):
    """A race was stopped before its end; `race` has the complete rounds, possibly none."""

    def __init__(self, race: Race) -> None:
        super().__init__(f"stopped after {race.finished} rounds")
        self.race = race


class Disagreement(AssertionError):
    """Two candidates return different results, so that timing them means nothing."""


@dataclass(frozen=True)
class Ratio:
    """A median ratio, or difference, with its 95 % interval."""

    value: float
    low: float
    high: float

    def __format__(self, spec: str) -> str:
        """Format the value and, in brackets, its interval; two decimals by default."""
        spec = spec or ".2f"
        return f"{self.value:{spec}} [{self.low:{spec}}, {self.high:{spec}}]"

    def __str__(self) -> str:
        """Show two decimals."""
        return format(self)


@dataclass(frozen=True)
class Race:
    """The rounds of a race.

    Examples
    --------
    >>> rounds = {"a": np.array([2.0, 4.0]), "a (again)": np.array([2.0, 4.0])}
    >>> race = Race(20, {**rounds, "b": np.array([1.0, 2.0])})
    >>> race.speedup("b", over="a").value
    2.0
    """

    size: int
    """Size of the inputs, such as offers per market."""
    rounds: dict[str, Float64Array]
    """Nanoseconds per call of each candidate, one value a round."""
    distinct: int = 0
    """Number of different inputs."""
    first_call_seconds: dict[str, float] = field(default_factory=dict)
    """Duration of each candidate's first call, with what it compiles or loads."""
    disagreements: dict[str, int] = field(default_factory=dict)
    """Number of inputs on which a candidate disagrees with the reference."""
    _speedups: dict[tuple[str, str], Ratio] = field(default_factory=dict, repr=False, compare=False)
    """Cache: panels ask again at every move of a slider."""

    def __str__(self) -> str:
        """Show the median of each candidate, and its ratio to the first."""
        lines = []
        for name in self.candidates:
            lines.append(f"{name:<24}{self.quartiles(name)[1]:>12,.0f} ns")
            if (first := self.candidates[0]) != name:
                ratio, verdict = self.speedup(name, first), self.verdict(name, first)
                lines[-1] += f"   {ratio} times as fast as {first}: {verdict}"
        return "\n".join(lines)

    @property
    def candidates(self) -> list[str]:
        """Names in order, without baselines and the A/A copy."""
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

    def per(self, items: int) -> Race:
        """Return the race with nanoseconds per item of calls that handle several."""
        return replace(
            self,
            rounds={name: taken / items for name, taken in self.rounds.items()},
            distinct=self.distinct * items,
            _speedups={},
        )

    def quartiles(self, name: str) -> tuple[float, float, float]:
        """Return lower quartile, median and upper quartile, ns per call."""
        low, median, high = np.percentile(self.rounds[name], [25, 50, 75])
        return float(low), float(median), float(high)

    def speedup(self, name: str, over: str) -> Ratio:
        """Return how many times faster one candidate is than another.

        The median of the ratios within rounds; the interval is a percentile bootstrap.
        """
        if (name, over) not in self._speedups:
            ratios = self.rounds[over] / self.rounds[name]
            self._speedups[name, over] = bootstrapped([ratios])
        return self._speedups[name, over]

    def difference(self, name: str, other: str) -> Ratio:
        """Return how much longer the first takes than the second, ns per call.

        The median of the differences within rounds, with its bootstrap interval.
        """
        return bootstrapped([self.rounds[name] - self.rounds[other]])

    def resolution(self) -> Ratio:
        """Return the A/A ratio: differences within its interval cannot be resolved."""
        first = self.candidates[0]
        return self.speedup(first + AA_SUFFIX, first)

    @property
    def blur(self) -> float:
        """The largest ratio, at least 1, that the A/A copies allow for equal candidates."""
        same = self.resolution()
        return max(same.high, 1 / same.low)

    def verdict(self, name: str, over: str) -> Verdict:
        """Say "faster" or "slower" only when the whole interval does, and the A/A ratio allows."""
        if self.finished < MIN_ROUNDS:
            return "indistinguishable"
        ratio, blur = self.speedup(name, over), self.blur
        if ratio.low > 1 and ratio.value > blur:
            return "faster"
        if ratio.high < 1 and ratio.value < 1 / blur:
            return "slower"
        return "indistinguishable"


def bootstrapped(
    samples: Sequence[Float64Array],
    statistic: Callable[..., Any] = lambda median: median,
) -> Ratio:
    """Compute a statistic of the medians of samples, with its percentile bootstrap interval.

    Samples are independent measurements, each resampled on its own. The statistic takes their
    medians, as numbers or as arrays of resamples.
    """

    def of_medians(*resampled: Float64Array, axis: int = -1) -> Any:
        return statistic(*(np.median(sample, axis=axis) for sample in resampled))

    value = float(of_medians(*samples))
    if all(np.ptp(sample) == 0 for sample in samples):
        return Ratio(value, value, value)
    with explain_missing():
        from scipy.stats import bootstrap  # Takes more than a second: not before it is needed.
    interval = bootstrap(
        tuple(samples),
        of_medians,
        n_resamples=2000,
        method="percentile",
        rng=np.random.default_rng(0),
    ).confidence_interval
    return Ratio(value, float(interval.low), float(interval.high))


def ratio_of_medians(one: Float64Array, other: Float64Array) -> Ratio:
    """Return the ratio of two medians from different races, whose rounds are not paired."""
    return bootstrapped([one, other], lambda above, below: above / below)


def race(
    candidates: Mapping[str, Call],
    inputs: Inputs,
    *,
    verify: Verify | None = None,
    baselines: Mapping[str, Call] | None = None,
    size: int = 0,
    rounds: int = ROUNDS,
    sample_seconds: float = SAMPLE_SECONDS,
    loops: int | None = None,
    progress: Callable[[], object] = lambda: None,
    is_stopped: Callable[[], bool] = lambda: False,
    seed: int = 0,
) -> Race:
    """Time candidates on the same inputs.

    Parameters
    ----------
    candidates : mapping of str to callable
        What is timed, by name; at least one.
    inputs : sequence of tuple
        Arguments of the calls; a sample goes through all of them.
    verify : callable, optional
        Takes `candidates` and `inputs` before anything is timed, raises `Disagreement` where the
        results of candidates must agree and do not, and counts where they may differ.
    baselines : mapping of str to callable, optional
        What is timed beside the candidates, of the names `BASELINES`; by default an empty call.
    size : int
        Size of the inputs, which the result keeps.
    rounds : int
        Samples of each candidate.
    sample_seconds : float
        Shortest duration of a sample, s.
    loops : int, optional
        How many times a sample goes through the inputs; by default as `sample_seconds` asks.
    progress, is_stopped : callable
        Called after, and asked before, each round.
    seed : int
        Seed of the order within rounds.

    Raises
    ------
    Disagreement
        `verify` found one.
    Stopped
        `is_stopped` returned true, or Ctrl-C was pressed between the first round and the last; it
        holds the complete rounds.

    Examples
    --------
    >>> def verify(candidates, inputs):
    ...     return {"max": sum(max(*it) != sum(*it) for it in inputs)}
    >>> options = {"verify": verify, "size": 2, "rounds": 6, "sample_seconds": 1e-5}
    >>> finished = race({"sum": sum, "max": max}, [([1, 2],), ([0, 4],)], **options)
    >>> finished.finished, finished.disagreements
    (6, {'max': 1})
    """
    first_calls = {name: timer(it, inputs[:1]).timeit(1) for name, it in candidates.items()}
    disagreements = {} if verify is None else verify(candidates, inputs)
    first = next(iter(candidates))
    baselines = {EMPTY_CALL: empty_call(len(inputs[0]))} if baselines is None else baselines
    runners = {**candidates, first + AA_SUFFIX: candidates[first], **baselines}
    timers = {name: timer(call, inputs) for name, call in runners.items()}
    passes = {name: loops or calibrate(timers[name], sample_seconds) for name in runners}
    rng = np.random.default_rng(seed)
    finished: list[dict[str, float]] = []

    def one_round() -> dict[str, float]:
        """Take a sample of each candidate, in shuffled order, s."""
        order = list(runners)
        rng.shuffle(order)
        return {name: timers[name].timeit(passes[name]) for name in order}

    def result() -> Race:
        calls = {name: number * len(inputs) for name, number in passes.items()}
        return Race(
            size,
            {name: np.array([it[name] for it in finished]) * 1e9 / calls[name] for name in runners},
            len({id(arguments) for arguments in inputs}),
            first_calls,
            disagreements,
        )

    try:
        for _ in range(rounds):
            if is_stopped():
                raise Stopped(result())
            finished.append(one_round())
            progress()
    except KeyboardInterrupt as interrupt:
        raise Stopped(result()) from interrupt
    return result()


@cache
def empty_call(arity: int) -> Call:
    """Make a function that takes `arity` arguments and returns None."""
    call: Call = eval(f"lambda {', '.join(f'a{i}' for i in range(arity))}: None")
    return call


def timer(call: Call, inputs: Inputs) -> Timer:
    """Make a timer of passes through all inputs, with the garbage collector off.

    The loop names each argument: to call with ``*arguments`` instead would add tens of nanoseconds
    to every call. The set-up makes local variables, which are the fastest to read.
    """
    names = "".join(f"a{i}, " for i in range(len(inputs[0])))
    loop = f"for {names or '_'} in inputs: call({names})"
    return Timer(loop, "call, inputs = timed", globals={"timed": (call, inputs)})


def calibrate(once: Timer, sample_seconds: float) -> int:
    """Warm up, then find how many times a sample goes through the inputs."""
    end = time.perf_counter() + WARM_UP_SECONDS
    fastest = once.timeit(1)
    while True:
        fastest = min(fastest, once.timeit(1))
        if time.perf_counter() > end:
            return max(1, int(np.ceil(sample_seconds / fastest)))
