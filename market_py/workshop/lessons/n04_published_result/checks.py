"""Check of the exercise of notebook 04."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from market_py.benchmark.timing import Race
from market_py.workshop.grading.check import NOT_DONE, Verdict, hint, right, two_numbers


def check_crossover(answer: Any, races: Sequence[Race]) -> Verdict:
    """Check a claimed crossover ``(low, high)``, in offers, against the learner's own races.

    Up to the crossover the naive Rust variant is not slower than the published numba function, by
    the intervals of the races; from there on it is.
    """
    if answer is None:
        return NOT_DONE
    if not races:
        return hint("run the race first: its raw data judges your answer.")
    try:
        low, high = two_numbers(answer)
    except (TypeError, ValueError):
        return hint('give two numbers of offers, as in (10, 20); "never" is float("inf").')
    if "rust-naive" not in races[0].candidates:
        return hint("there is no Rust in your race: build the extension and run it again.")
    below, above = crossover(races)
    found = f"in your data it lies between {below:g} and {above:g} offers"
    if not low <= high:
        return hint("the first number must not exceed the second.")
    # Right is the interval between two sizes of the race, or a part of it. It begins at a size.
    if low < below or high > above or low == np.inf:
        return hint(f"{found}, by the intervals of the ratios.")
    return right(f"you say {low:g} to {high:g}; {found}.")


def crossover(races: Sequence[Race]) -> tuple[float, float]:
    """Largest size up to which Rust is never slower, and the next one.

    Without a race in which it is slower that is infinity; without Rust, all is possible.
    """
    below = 0
    known = [race for race in races if "rust-naive" in race.candidates]
    for race in sorted(known, key=lambda race: race.size):
        if race.verdict("rust-naive", over="numba-sort") == "slower":
            return below, race.size
        below = race.size
    return below, np.inf
