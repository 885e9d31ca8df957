"""Checks of the exercises of notebook 08."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from market_py.benchmark.timing import Race
from market_py.workshop.grading.check import (
    NOT_DONE,
    Refused,
    Verdict,
    answered,
    hint,
    number,
    right,
    two_numbers,
)
from market_py.workshop.lessons.n08_batch import panel


def check_break_even(answer: Any, races: Mapping[int, Race], name: str = "numba") -> Verdict:
    """Check a claimed break-even ``(low, high)``, in markets, against the learner's own races.

    Up to the first one batch call is not faster than single calls, by the intervals of the races;
    from the second on it is.
    """
    if answer is None:
        return NOT_DONE
    if not races:
        return hint("run the batches first: their raw data judges your answer.")
    try:
        low, high = two_numbers(answer)
    except (TypeError, ValueError):
        return hint('give two numbers of markets, as in (2, 4); "never" is float("inf").')
    if not low <= high:
        return hint("the first number must not exceed the second.")
    below, above = panel.break_even(races, name)
    found = f"in your data, for {name}, it lies between {below:g} and {above:g} markets"
    if low < below or high > above or low == np.inf:
        return hint(f"{found}, by the intervals of the ratios.")
    return right(f"you say {low:g} to {high:g}; {found}.")


MODEL_CASES: list[tuple[str, tuple[float, float, float], float]] = [
    ("the fixed cost is saved in twenty markets", (1000, 10_000, 500), 20),
    ("no part of a market can be cleared: round up", (1000, 10_100, 500), 21),
    ("a cheap call pays at once, but no batch is smaller than one", (1000, 100, 500), 1),
    ("a batch without a fixed cost, and no batch is smaller than one", (1000, 0, 500), 1),
    ("little is saved in a market: it pays late", (100, 50_000, 90), 5000),
    ("nothing is saved in a market: it never pays", (500, 1000, 500), np.inf),
    ("the batch costs more in each market: it never pays", (500, 1000, 600), np.inf),
]


def check_model(break_even: Callable[..., Any], races: Mapping[int, Race]) -> Verdict:
    """Judge a learner's model of the break-even, then hold it against the learner's own races."""
    for case, (about, costs, expected) in enumerate(MODEL_CASES):
        call = f"break_even{costs}"
        try:
            answer = number(call, answered(call, break_even, *costs, first=case == 0))
        except Refused as refused:
            return refused.verdict
        if answer != expected:
            return hint(f"{about}.\n{call} is {expected:g}; yours says {answer:g}.")
    said = [f"{len(MODEL_CASES)} hidden cases."]
    for name in panel.present():
        if len(races) > 1 and panel.BATCH.format(name) in next(iter(races.values())).rounds:
            single, fixed, each = panel.costs(races, name)
            below, above = panel.break_even(races, name)
            said.append(
                f"{name} here: {single:,.0f} ns for a single call; {fixed:,.0f} ns for a batch and "
                f"{each:,.0f} ns for each market in it. Your model says from "
                f"{float(break_even(single, fixed, each)):,g} on; measured: between {below:,g} and "
                f"{above:,g}."
            )
    return right("\n".join(said))
