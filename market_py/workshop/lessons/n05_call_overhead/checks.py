"""Checks of the exercises of notebook 05."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from market_py.benchmark.timing import Race
from market_py.workshop.grading.check import CheckResult, graded, hint, right, two_ends
from market_py.workshop.lessons.n05_call_overhead.overheads import per_element
from market_py.workshop.playground import exercise

WIDEST = 4.0
"""An interval so many times wider than the check's own claims too little."""


@graded
def check_list(answer: Any, races: Mapping[int, Race]) -> CheckResult:
    """Check a claimed cost of a list's element, ``(low, high)`` in ns, against one's own races."""
    if len(races) < 2:
        return hint("time two sizes at least: your raw rounds judge your answer.")
    few, many = min(races), max(races)
    own, elements = per_element(races[few], races[many]), many - few
    if own is None:
        return hint("there is no Rust in your rounds: build the extension and time it again.")
    low, high = two_ends(answer, "give the two ends of an interval in ns, as in (1.5, 2.5).")
    found = f"your rounds say {own:z,.1f} ns for each element"
    if low > own.high or high < own.low:
        for factor, mistake in (
            (elements, f"Did you forget to divide by the {elements} elements between the sizes?"),
            (1e-3, "Are these microseconds?"),
        ):
            if low <= own.high * factor and high >= own.low * factor:
                return hint(f"{found}. {mistake}")
        return hint(
            f"{found}, by the differences within rounds between the list and the array at "
            f"{elements} elements' distance."
        )
    if high - low > WIDEST * max(own.high - own.low, abs(own.value) / 20):
        return hint(f"that is true and says little: {found}. Use all the rounds.")
    return right(f"you say {low:.1f} to {high:.1f}; {found}.")


@graded
def check_array(function: Callable[..., Any]) -> CheckResult:
    """Check that a Rust function returns the dispatch as an array; compare it with the list."""
    exercise.require_right(function)
    dispatch = function(np.array([10.0, 20.0]), np.array([50.0, 50.0]), 70.0)[1]
    if isinstance(dispatch, list):
        raise exercise.not_done("your function clears markets, and returns a list so far.")
    if not isinstance(dispatch, np.ndarray):
        return hint(f"the dispatch is a {type(dispatch).__name__}; a NumPy array is wanted.")
    return right(exercise.compared(exercise.keep(function), "rust-naive", "numba-sort"))
