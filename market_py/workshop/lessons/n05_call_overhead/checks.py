"""Check of the exercise of notebook 05."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from market_py.benchmark.timing import Race
from market_py.workshop.grading.check import CheckResult, graded, hint, right, two_ends
from market_py.workshop.lessons.n05_call_overhead.overheads import per_element

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
