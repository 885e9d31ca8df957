"""Checks of the exercises of notebook 06."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from market_py.workshop.grading.check import CheckResult, graded, right
from market_py.workshop.playground import exercise
from market_py.workshop.playground.collection import CELLS

NEEDED_IN_RUST = 2.0
"""Blocks of memory: for the indices, and for the merges of a stable sort."""


@graded
def check_scratch(function: Callable[..., Any]) -> CheckResult:
    """Check that a numba or Rust function has no temporaries, and compare it with ours.

    It is then one of the learner's variants.
    """
    exercise.require_right(function)
    if function in CELLS:
        others = "rust-ndarray", "rust-scratch"
        (own,), needed = exercise.allocations(function), NEEDED_IN_RUST
    else:
        others = "numba-sort", "numba-scratch"
        own, needed = exercise.allocations(function, "numba-scratch")
    if own > needed:
        raise exercise.not_done(
            f"your function clears every market right. Blocks of memory in a call: {own:g}; "
            f"{needed:g} are enough. Which arrays exist only because the next line reads "
            "them?"
        )
    compared = exercise.compared(exercise.keep(function), *others)
    return right(f"blocks of memory in a call: {own:g}. {compared}")
