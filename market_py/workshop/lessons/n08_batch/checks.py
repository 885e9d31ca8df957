"""Checks of the exercises of notebook 08."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import numba
import numpy as np

from market_py.benchmark import timing
from market_py.benchmark.cases.clearing import batch_case, threaded
from market_py.benchmark.timing import Race
from market_py.registry import ClearBatch
from market_py.reliability import rts79
from market_py.reliability.outages import alias_tables, choose_states
from market_py.workshop.grading import check
from market_py.workshop.grading.check import CheckResult, Refused, hint, right
from market_py.workshop.lessons.n08_batch import panel
from market_py.workshop.lessons.n08_batch.plots import BACKENDS, ways_of
from market_py.workshop.playground import exercise
from market_py.workshop.playground.collection import CELLS, numba_options, python_name
from market_py.workshop.widgets.sweep import installed


@check.graded
def check_break_even(answer: Any, races: Mapping[int, Race], name: str = "numba") -> CheckResult:
    """Check a claimed break-even ``(low, high)``, in markets, against the learner's own races."""
    if not races:
        return hint("run the batches first: their raw data judges your answer.")
    return check.between_sizes(answer, panel.break_even(races, name), "markets", f", for {name},")


MODEL_CASES: list[tuple[str, tuple[float, float, float], float]] = [
    ("the fixed cost is saved in twenty markets", (1000, 10_000, 500), 20),
    ("no part of a market can be cleared: round up", (1000, 10_100, 500), 21),
    ("a cheap call pays at once, but no batch is smaller than one", (1000, 100, 500), 1),
    ("a batch without a fixed cost, and no batch is smaller than one", (1000, 0, 500), 1),
    ("little is saved in a market: it pays late", (100, 50_000, 90), 5000),
    ("nothing is saved in a market: it never pays", (500, 1000, 500), np.inf),
    ("the batch costs more in each market: it never pays", (500, 1000, 600), np.inf),
]


@check.graded
def check_model(break_even: Callable[..., Any], races: Mapping[int, Race]) -> CheckResult:
    """Judge a learner's model of the break-even, then hold it against the learner's own races."""
    check.hidden_cases(break_even, MODEL_CASES)
    said = [f"{len(MODEL_CASES)} hidden cases."]
    for name in installed(BACKENDS):
        if len(races) > 1 and ways_of(name, 1)[1] in next(iter(races.values())).rounds:
            single, fixed, each = panel.costs(races, name)
            below, above = panel.break_even(races, name)
            predicted = float(break_even(single, fixed, each))
            said.append(
                f"{name} here: {single:,.0f} ns for a single call; {fixed:,.0f} ns for a batch and "
                f"{each:,.0f} ns for each market in it. Your model says from {predicted:,g} on; "
                f"measured: between {below:,g} and {above:,g}."
            )
            if not below <= predicted <= above:
                said.append(
                    "They differ: near the break-even both ways take nearly the same time, so that "
                    "a small error of a cost moves it far."
                )
    return right("\n".join(said))


THREADS = 2


@check.graded
def check_threads(function: Callable[..., Any]) -> CheckResult:
    """Check a batch function in numba or Rust that shares the markets among threads."""
    exercise.require_compiled(function)
    is_rust = function in CELLS
    if not (re.search("spawn|par_", CELLS[function].text) if is_rust else _is_parallel(function)):
        raise exercise.not_done("your function runs on one thread so far.")
    exercise.require_right(function, "batch")
    name, backends = python_name(function), installed(BACKENDS)
    case = batch_case(
        "own bids",
        32,
        backends,
        markets=1000,
        threads=(1, THREADS),
        others={name: function if is_rust else _on_threads(function)},
    )
    found = case.race()
    two = threaded(name, THREADS)
    others = (name, *(threaded(it, THREADS) for it in backends))
    said = [f"{found.speedup(two, it)} times as fast as {it}" for it in others]
    message = f"1,000 markets of 32 offers: {two} is {', '.join(said)}."
    if found.verdict(two, over=name) != "faster":
        message += (
            " So the second thread does not help here. Is the machine busy, or has it one core? "
            "Or does a thread get too little work?"
        )
    return right(message)


def _is_parallel(function: Any) -> bool:
    """Whether a numba function is compiled for several threads; refuse one whose loop is not."""
    if not numba_options(function).get("parallel"):
        return False
    if "prange(" not in exercise.code(function):
        raise Refused(
            "parallel=True alone shares nothing: the loop still says range. Write prange."
        )
    return True


def _on_threads(function: Any) -> ClearBatch:
    """Let numba use as many threads as the last argument says."""

    def clear(bids: Any, quantities: Any, demand: Any, threads: int) -> Any:
        numba.set_num_threads(min(threads, numba.config.NUMBA_NUM_THREADS))  # type: ignore[attr-defined]
        return function(bids, quantities, demand, threads)

    return clear


HOURS = 8736
RATES = np.array([unit.forced_outage_rate for unit in rts79.UNITS[:8]])


@numba.njit
def _draw_eight(numbers: Any, rates: Any, states: Any) -> None:
    """Draw as in the text: compare one number with each outage rate."""
    for hour in range(states.size):
        state = 0
        for unit in range(rates.size):
            if numbers[hour, unit] >= rates[unit]:
                state |= 1 << unit
        states[hour] = state


@check.graded
def check_draw(function: Callable[..., Any]) -> CheckResult:
    """Check a numba function that draws the states of eight units by a table."""
    exercise.require_compiled(function)
    table = alias_tables(RATES)
    rng = np.random.default_rng(0)
    words = rng.integers(0, 2**32, HOURS, dtype=np.uint32)
    right_states = choose_states(table, words[:, None].astype(np.uint64))[:, 0]
    states = np.full(HOURS, 255, np.uint8)
    function(words, table[0], states)
    if np.all(states == 255):
        raise exercise.not_done("your function fills nothing so far.")
    wrong = np.flatnonzero(states != right_states)
    if wrong.size:
        first = int(wrong[0])
        return hint(
            f"states[{first}] is {states[first]}, and should be {right_states[first]}: the word is "
            f"{words[first]:#010x}, its column {words[first] % 256}, and the entry there "
            f"{table[0, words[first] % 256]:#010x}."
        )

    def by_table(seed: int) -> None:
        drawn = np.random.default_rng(seed).integers(0, 2**32, HOURS, dtype=np.uint32)
        function(drawn, table[0], states)

    def one_by_one(seed: int) -> None:
        _draw_eight(np.random.default_rng(seed).random((HOURS, 8)), RATES, states)

    calls = {"one number for each unit": one_by_one, "your table": by_table}
    found = timing.race(calls, [(seed,) for seed in range(256)], rounds=11)
    faster = found.speedup("your table", "one number for each unit")
    return right(
        f"8736 hours of eight units: {faster} times as fast as one number for each unit, random "
        "numbers included."
    )
