"""Check of the exercise of notebook 05."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from market_py.benchmark.timing import Race, Ratio
from market_py.workshop.grading.check import (
    NOT_DONE,
    Verdict,
    hint,
    right,
    two_numbers,
)
from market_py.workshop.lessons.n05_call_overhead.overheads import per_element

WIDEST = 4.0
"""An interval so many times wider than the check's own claims too little."""


def check_list(answer: Any, races: Mapping[int, Race]) -> Verdict:
    """Check a claimed price of a list's element, ``(low, high)`` in ns, against one's own races."""
    if answer is None:
        return NOT_DONE
    if len(races) < 2:
        return hint("time two sizes at least: your raw rounds judge your answer.")
    few, many = races[min(races)], races[max(races)]
    own = per_element(few, many)
    if own is None:
        return hint("there is no Rust in your rounds: build the extension and time it again.")
    try:
        low, high = two_numbers(answer)
    except (TypeError, ValueError):
        return hint("give the two ends of an interval in ns, as in (1.5, 2.5).")
    return _judge_interval(low, high, own, many.size - few.size)


def _judge_interval(low: float, high: float, own: Ratio, elements: int) -> Verdict:
    found = f"your rounds say {own:z,.1f} ns for each element"
    if math.isnan(low) or math.isnan(high):
        return hint("an end of your interval is not a number.")
    if not low <= high:
        return hint("the first number must not exceed the second.")
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
