"""The targets: how fast is fast enough, and whether a run reached it.

They are judged here and nowhere else; no test depends on them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from market_py.benchmark.cases.learning import DRAWN, PRIORITISED, ROWS, UNIFORM, UPDATE
from market_py.benchmark.cases.steps import AGENTS, MARKETS, NUMBA_STEP, PYTHON_STEP
from market_py.benchmark.inputs import RTS_OFFERS
from market_py.benchmark.results import Kind, Results
from market_py.benchmark.timing import ONE_PASS, Race, Ratio, ratio_of_medians

Status = Literal["met", "missed", "not measured"]

SIZES = (5, 10, 20, 50, 100, 200, 1000, 10_000)
AT_LEAST = {
    "rust": (3, 3, 3, 6, 8, 8, 15, 25),
    "numba": (1.2, 1.2, 1.2, 2, 3, 4, 10, 20),
}
"""Times faster than `numba-sort` for one market of so many `SIZES`."""
BATCH_AT_LEAST = {
    ("rust", "own bids"): 6,
    ("rust", "shared bids"): 20,
    ("numba", "own bids"): 3,
    ("numba", "shared bids"): 12,
}
"""Times faster than `numba-sort` looped in one compiled call, on one thread."""
TWO_THREADS_AT_LEAST = 1.7
"""Times faster than one thread."""
GROWTH_SIZES = (100_000, 1_000_000)
GROWTH_AT_MOST = 12
"""Time of the larger of `GROWTH_SIZES` over time of the smaller."""
PASSES_AT_MOST = 6
"""Time of the largest market over one pass through its data."""
STEPS_AT_LEAST = {NUMBA_STEP: 2, "numpy": 2.5}
"""Times faster than these, steps of many markets with ten agents, on as many threads."""
ONE_STEP_AT_LEAST = {5: 12, 100: 20}
"""By the number of agents: times faster than the frozen step of one market."""
REPLAY_AT_LEAST = {
    (UNIFORM, "numpy-take"): 3,
    (PRIORITISED, "tianshou"): 3,
    (UPDATE, "tianshou"): 3,
}
"""Times faster than these, draws and updates of 256 transitions of a million."""
POLICY_OVER = "numpy", "numba"
"""What policy inference is to be faster than, whatever the number of rows."""
ADVERSARIAL_SIZES = (20, 200, 1000, 100_000)
ADVERSARIAL_AT_MOST = 5
"""Time of the slowest distribution over that of the random one."""


@dataclass(frozen=True)
class Target:
    """One line of the table."""

    subject: str
    unit: str
    """What the ratio is of."""
    bound: float
    measure: Callable[[Results], Ratio | None]
    at_most: bool = False

    def judge(self, results: Results) -> tuple[Status, Ratio | None]:
        """Say whether a run reached it: its median ratio decides."""
        ratio = self.measure(results)
        if ratio is None:
            return "not measured", None
        met = ratio.value <= self.bound if self.at_most else ratio.value >= self.bound
        return "met" if met else "missed", ratio


def targets() -> Iterator[Target]:
    """Every target, in order."""
    for name, bounds in AT_LEAST.items():
        for offers, bound in zip(SIZES, bounds, strict=True):
            measure = _paired("single", "random", offers, name, "numba-sort")
            yield Target(f"{name}, N = {offers:,}", "times faster than numba-sort", bound, measure)
    for name in AT_LEAST:
        small, large = GROWTH_SIZES
        yield Target(
            f"{name}, growth",
            f"time at N = {large:,} / N = {small:,} (unpaired)",
            GROWTH_AT_MOST,
            _growth(name),
            at_most=True,
        )
        yield Target(
            f"{name}, N = {large:,}",
            "passes over the data",
            PASSES_AT_MOST,
            # One pass is so many times faster than the backend.
            _paired("single", "random", large, ONE_PASS, name),
            at_most=True,
        )
    for (name, distribution), bound in BATCH_AT_LEAST.items():
        measure = _paired("batch", distribution, RTS_OFFERS, name, "numba-sort")
        yield Target(
            f"{name}, batch, {distribution}", "times faster than numba-sort", bound, measure
        )
    for name, distribution in BATCH_AT_LEAST:
        measure = _paired("batch", distribution, RTS_OFFERS, threaded(name, 2), name)
        yield Target(
            f"{name}, batch, {distribution}, 2 threads",
            "times faster than 1 thread",
            TWO_THREADS_AT_LEAST,
            measure,
        )
    for threads in (1, 2):
        distribution = f"{threads} thread{'s' if threads > 1 else ''}"
        for over, bound in STEPS_AT_LEAST.items():
            measure = _paired("steps", distribution, AGENTS, "rust", over)
            unit = f"times faster than {over}"
            yield Target(
                f"rust, steps of {MARKETS:,} markets, {distribution}", unit, bound, measure
            )
    for agents, bound in ONE_STEP_AT_LEAST.items():
        measure = _paired("one step", "1 thread", agents, "rust", PYTHON_STEP)
        unit = f"times faster than {PYTHON_STEP}"
        yield Target(f"rust, step of one market, N = {agents}", unit, bound, measure)
    for (distribution, over), bound in REPLAY_AT_LEAST.items():
        measure = _paired("replay", distribution, DRAWN, "rust", over)
        yield Target(f"rust, {distribution}", f"times faster than {over}", bound, measure)
    for rows in ROWS:
        for over in POLICY_OVER:
            measure = _paired("policy", "tanh", rows, "rust", over)
            yield Target(f"rust, policy, {rows:,} rows", f"times faster than {over}", 1, measure)
    for name in AT_LEAST:
        for offers in ADVERSARIAL_SIZES:
            yield Target(
                f"{name}, slowest distribution, N = {offers:,}",
                "times the random distribution (unpaired)",
                ADVERSARIAL_AT_MOST,
                _slowest_family(name, offers),
                at_most=True,
            )


def threaded(name: str, threads: int) -> str:
    """Name of a candidate on so many threads."""
    return name if threads == 1 else f"{name}, {threads} threads"


def _has(race: Race | None, *names: str) -> bool:
    return race is not None and set(names) <= set(race.rounds)


def _paired(
    kind: Kind, distribution: str, offers: int, name: str, over: str
) -> Callable[[Results], Ratio | None]:
    def measure(results: Results) -> Ratio | None:
        race = results.find(kind, distribution, offers)
        return race.speedup(name, over=over) if race and _has(race, name, over) else None

    return measure


def _growth(name: str) -> Callable[[Results], Ratio | None]:
    def measure(results: Results) -> Ratio | None:
        small, large = (results.find("single", "random", offers) for offers in GROWTH_SIZES)
        if not (small and large and _has(small, name) and _has(large, name)):
            return None
        return ratio_of_medians(large.rounds[name], small.rounds[name])

    return measure


def _slowest_family(name: str, offers: int) -> Callable[[Results], Ratio | None]:
    def measure(results: Results) -> Ratio | None:
        ratios = [
            ratio
            for _, size, candidate, ratio in over_random(results)
            if (size, candidate) == (offers, name)
        ]
        return max(ratios, key=lambda ratio: ratio.value, default=None)

    return measure


def over_random(results: Results) -> Iterator[tuple[str, int, str, Ratio]]:
    """Distribution, offers, candidate, and time over that of random inputs of the same size."""
    for timed in results.of_kind("distributions"):
        race = timed.race
        random = results.find("distributions", "random", race.offers)
        if random is None or timed.distribution == "random":
            continue
        for name in race.candidates:
            if _has(random, name) and _has(race, name):
                ratio = ratio_of_medians(race.rounds[name], random.rounds[name])
                yield timed.distribution, race.offers, name, ratio
