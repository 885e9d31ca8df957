"""The panel of notebook 08 on batches: one call for many markets, and threads."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

import market_py
from market_py.benchmark import inputs, timing
from market_py.benchmark.agreement import verify_markets
from market_py.benchmark.timing import AA_SUFFIX, Race
from market_py.registry import get_batch_candidates, get_candidates
from market_py.workshop.lessons.n08_batch.plots import BatchPicture
from market_py.workshop.widgets.controls import choice, stepper
from market_py.workshop.widgets.panel import Job

SIZES = (1, 2, 4, 8, 16, 32, 64, 256, 1024, 4096)
"""Markets per batch."""
OFFERS = (32, 64, 96, 320)
"""Per market: areas that are like the RTS-79."""
ROUNDS = 11
BACKENDS = ("numba", "rust")
SINGLE = "{} one by one"
BATCH = "{} batch"
THREADED = "{} batch, {} threads"
Run = Callable[[Any, Any, Any], Any]
"""Takes a batch, as lists of its rows for single calls."""


class BatchPanel(Job):
    """Clear the same markets one by one, in one call, and in one call on some threads.

    Parameters
    ----------
    rounds : int
        Samples of each way, at each size.
    sample_seconds : float
        Shortest duration of a sample.
    """

    def __init__(self, rounds: int = ROUNDS, sample_seconds: float = timing.SAMPLE_SECONDS) -> None:
        self._rounds, self._sample_seconds = rounds, sample_seconds
        self._picture = BatchPicture(SIZES, BACKENDS)
        self.races: dict[int, Race] = {}
        """By the number of markets in a batch; times are per market."""
        self.threads = 2
        controls = {
            "offers": stepper("offers N", OFFERS, inputs.RTS_OFFERS),
            "largest": stepper("largest batch", SIZES[3:], 1024),
            "threads": stepper("threads", [2, 3, 4, 6, 8], 2),
            "bids": choice("prices", list(inputs.BATCH_DISTRIBUTIONS)),
        }
        shown = self._picture.show({}, 2), "Nothing has been timed yet."
        super().__init__("Run the batches", 1, shown, self._picture.width, controls)

    def work(self) -> None:
        """Time one batch size after the other; what is finished is kept when stopped."""
        self.races = {}
        self.threads = self.controls["threads"].value
        sizes = [size for size in SIZES if size <= self.controls["largest"].value]
        self.expect(len(sizes) * self._rounds)
        for size in sizes:
            self.doing.value = f"batches of {size:,} …"
            race = self._race(size)
            if race is None:
                break
            self.races[size] = race
            self.show((self._picture.show(self.races, self.threads), self._say()))
        self.show((self._picture.show(self.races, self.threads), self._say()))

    def _say(self) -> str:
        if not self.races:
            return "Stopped before the first size was done."
        largest = max(self.races)
        said = []
        for name in present():
            below, above = break_even(self.races, name)
            one = ratio(self.races[largest], name)
            if above == np.inf:
                when = f"one call is not faster, up to {below:,} markets"
            else:
                when = f"one call is faster from {above:,.0f} markets on"
                when += f", and not at {below:,}" if below else ""
            said.append(
                f"{name}: {when}; at {largest:,} it is {one} times as fast, and {self.threads} "
                f"threads are {gain(self.races[largest], name, self.threads)} times as fast as one"
            )
        return ". ".join(said) + "."

    def _race(self, size: int) -> Race | None:
        """Time all ways of clearing batches of one size; None when stopped."""
        # So many batches that no market comes back soon.
        number = max(inputs.BATCHES, inputs.DISTINCT // size)
        offers = self.controls["offers"].value
        distribution = self.controls["bids"].value
        batches = inputs.make_batches(distribution, size, distinct=number, offers=offers)
        ways = ways_to_clear(present(), self.threads)
        verify(ways, batches[0])
        rows = [_rows(*batch) for batch in batches]
        samplers = {}
        for name, (clear, one_by_one) in ways.items():
            given: Any = rows if one_by_one else batches
            loops = timing.calibrate(clear, given, self._sample_seconds)
            samplers[name] = timing.sampler(clear, given, loops)
        first = next(iter(samplers))
        samplers[first + AA_SUFFIX] = samplers[first]
        rng = np.random.default_rng(size)
        rounds = []
        for _ in range(self._rounds):
            if self.is_stopped():
                return None
            rounds.append(timing.one_round(samplers, rng))
            self.advance()
        taken = {name: np.array([took[name] for took in rounds]) * 1e9 / size for name in samplers}
        return Race(offers, taken, number * size)


def present() -> list[str]:
    """Backends that are compared, where they are installed."""
    return [name for name in BACKENDS if name in market_py.available_backends()]


def _rows(bids: Any, quantities: Any, demands: Any) -> tuple[list[Any], list[Any], list[float]]:
    """Take a batch apart into the arguments of single calls."""
    shared = [bids] * len(demands) if bids.ndim == 1 else list(bids)
    return shared, list(quantities), demands.tolist()


def ways_to_clear(names: Sequence[str], threads: int) -> dict[str, tuple[Run, bool]]:
    """Every way to clear a batch, and whether it is market by market."""
    ways: dict[str, tuple[Run, bool]] = {}
    together = get_batch_candidates(names)
    for name, single in get_candidates(names).items():
        ways[SINGLE.format(name)] = _loop(single), True
        ways[BATCH.format(name)] = _on(together[name], 1), False
        ways[THREADED.format(name, threads)] = _on(together[name], threads), False
    return ways


def _loop(single: Callable[..., Any]) -> Run:
    def clear(bids: Any, quantities: Any, demands: Any) -> Any:
        return [single(*market) for market in zip(bids, quantities, demands, strict=True)]

    return clear


def _on(together: Callable[..., Any], threads: int) -> Run:
    def clear(bids: Any, quantities: Any, demands: Any) -> Any:
        return together(bids, quantities, demands, threads)

    return clear


def verify(ways: Mapping[str, tuple[Run, bool]], batch: tuple[Any, Any, Any]) -> None:
    """Compare what all ways answer to a batch.

    Raises
    ------
    Disagreement
        They do not answer alike.
    """

    def collected(clear: Run) -> Run:
        def collect(*arguments: Any) -> Any:
            prices, dispatch = zip(*clear(*_rows(*arguments)), strict=True)
            return np.array(prices), np.array(dispatch)

        return collect

    candidates = {
        name: collected(clear) if one_by_one else clear
        for name, (clear, one_by_one) in ways.items()
    }
    verify_markets(candidates, [batch])


def ratio(race: Race, name: str) -> timing.Ratio:
    """How many times as fast one call is as single calls, on one thread."""
    return race.speedup(BATCH.format(name), over=SINGLE.format(name))


def gain(race: Race, name: str, threads: int) -> timing.Ratio:
    """How many times as fast a batch is on some threads as on one."""
    return race.speedup(THREADED.format(name, threads), over=BATCH.format(name))


def break_even(races: Mapping[int, Race], name: str) -> tuple[int, float]:
    """Largest batch that is not faster than single calls, and the next one.

    From the next one on, batches are faster at every size that was timed, by the intervals of the
    ratios; it is infinite where the largest batch is not faster.
    """
    below, above = 0, np.inf
    for size in sorted(races, reverse=True):
        if races[size].verdict(BATCH.format(name), over=SINGLE.format(name)) != "faster":
            below = size
            break
        above = size
    return below, above


def costs(races: Mapping[int, Race], name: str) -> tuple[float, float, float]:
    """A single call, the fixed cost of a batch, and its cost for each market, ns.

    From the smallest and the largest batch.
    """
    small, large = min(races), max(races)
    ways = SINGLE.format(name), BATCH.format(name)
    single = races[large].quartiles(ways[0])[1]
    first, last = (races[size].quartiles(ways[1])[1] * size for size in (small, large))
    each = (last - first) / (large - small)
    return single, first - each * small, each
