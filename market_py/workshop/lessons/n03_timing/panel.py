"""The panels of notebook 03: what makes a timing credible."""

from __future__ import annotations

import itertools
import time
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from numba import njit

from market_py.benchmark import inputs, timing
from market_py.benchmark.agreement import verify_markets
from market_py.benchmark.cases.case import BenchmarkCase, Setup
from market_py.benchmark.timing import EMPTY_CALL, Race
from market_py.validation import Float64Array
from market_py.variants.numba import numba_sort
from market_py.workshop.lessons.n03_timing import plots
from market_py.workshop.lessons.n03_timing.plots import DISTINCT, PLAIN, REPEATED, REPRICED, WRAPPED
from market_py.workshop.widgets.controls import stepper
from market_py.workshop.widgets.panel import Job, Shown
from market_py.workshop.widgets.sentence import counted
from market_py.workshop.widgets.sweep import SweepPanel, compared

OFFERS = 20
"""Per market, where nothing else is said."""
SIZES = (5, 20, 50, 200)
CHOICES = 4
"""Markets that are repeated, one after the other, in each sample."""


def wrapped(bids: Float64Array, quantities: Float64Array, demand: float) -> Any:
    """Clear by `numba_sort`; one more Python call, and nothing else, is what this costs."""
    return numba_sort(bids, quantities, demand)


class RoundsPanel(Job):
    """Time a function against itself, and against itself with a known burden."""

    def __init__(self) -> None:
        self.race: Race | None = None
        controls = {
            "calls": stepper("calls per sample", [4**power for power in range(7)], 1),
            "rounds": stepper("rounds", [3, 5, 7, 11, 21, 51, 101], 7),
        }
        first = plots.rounds(None), "Choose, then press the button."
        super().__init__("Take the time", 7, first, controls)

    def work(self) -> None:
        """Run the race."""
        calls, rounds = self.chosen.values()
        self.bar.max = rounds
        markets = inputs.random_markets(OFFERS)[:calls]
        try:
            race = timing.race(
                {PLAIN: numba_sort, WRAPPED: wrapped},
                markets,
                verify=verify_markets,
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
        self.show((plots.rounds(race), _believe(race, calls)))


def _believe(race: Race, calls: int) -> str:
    """Say what the rounds allow to claim."""
    baseline, plain = (race.quartiles(name)[1] for name in (EMPTY_CALL, PLAIN))
    same, burden = race.resolution(), race.speedup(WRAPPED, over=PLAIN)
    verdict = race.verdict(WRAPPED, over=PLAIN)
    return (
        f"{race.finished} rounds of {counted(calls, 'call')}: {PLAIN} takes {plain:,.0f} ns, an "
        f"empty call {baseline:,.0f} ns. A/A: {PLAIN} seems {same} times as fast as itself. "
        f"{WRAPPED}: {burden} times as fast as {PLAIN}; {verdict}."
    )


class FirstCallPanel(Job):
    """Time the calls of a function that was never called before, one by one."""

    def __init__(self, calls: int = 1000) -> None:
        self._calls = calls
        self.nanoseconds = np.empty(0)
        first = plots.first_call(self.nanoseconds, calls), "Nothing has been called yet."
        super().__init__("Compile and call", calls, first)

    def work(self) -> None:
        """Make a new function and call it."""
        clear = njit(numba_sort.py_func)
        self.doing.value = "compiling …"
        taken = []
        markets = itertools.cycle(inputs.random_markets(OFFERS))
        for market in itertools.islice(markets, self._calls):
            if self.is_stopped():
                break
            start = time.perf_counter_ns()
            clear(*market)
            taken.append(time.perf_counter_ns() - start)
        self.bar.value = len(taken)
        self.nanoseconds = np.array(taken, dtype=float)
        self.show((plots.first_call(self.nanoseconds, self._calls), _spike(self.nanoseconds)))


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


def repeated_panel(sizes: Sequence[int] = SIZES, **options: Any) -> SweepPanel:
    """Time the published numba function on inputs that can be learnt, and on distinct ones."""

    def answer(races: Mapping[int, Race]) -> Shown:
        said = [f"on {name}, {compared(races, name, DISTINCT)}" for name in (REPEATED, REPRICED)]
        return plots.repeated(races, sizes), (
            f"How many times faster {PLAIN} looks than on {DISTINCT}: {'. And '.join(said)}."
        )

    empty = plots.repeated({}, sizes)
    cases = {size: repeated_case(size) for size in sizes}
    return SweepPanel("Run all three", {}, lambda: cases, answer, empty, **options)


def repeated_case(offers: int) -> BenchmarkCase:
    """Make a case whose candidates clear as many markets a call, each of another kind of inputs."""

    def set_up(seed: int) -> Setup:
        distinct = inputs.make_markets("random", offers)
        calls = []
        for number in range(CHOICES):
            learnt = ("repeated", "same order")
            calls.append((distinct, *(inputs.make_markets(it, offers, number) for it in learnt)))
        kinds = enumerate(plots.INPUT_STYLES)
        return Setup({name: partial(_clear, kind) for kind, name in kinds}, calls, baselines={})

    return BenchmarkCase("repeated", "random", offers, set_up, markets=inputs.DISTINCT)


def _clear(kind: int, *calls: list[Any]) -> None:
    for bids, quantities, demand in calls[kind]:
        numba_sort(bids, quantities, demand)
