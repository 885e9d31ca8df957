"""Checks of the exercises of notebook 03."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from market_py.validation import Float64Array
from market_py.workshop.grading import check
from market_py.workshop.grading.check import CheckResult, hint, right
from market_py.workshop.lessons.n03_timing.flawed_report import LIES, REPORT, WHY


@check.graded
def check_lies(letters: Any) -> CheckResult:
    """Check which lines of the flawed report are said to lie."""
    try:
        said = {str(letter).strip().upper() for letter in letters} - {"", ","}
    except TypeError:
        return hint('give the letters, as in {"A", "B"}.')
    if strangers := sorted(said - REPORT.keys()):
        return hint(f"no line is called {', '.join(strangers)}; the lines are A to {max(REPORT)}.")
    accused = [f"{letter} is innocent: {WHY[letter]}." for letter in sorted(said - LIES.keys())]
    missed = [f"one you have not named: {LIES[letter]}" for letter in sorted(LIES.keys() - said)]
    if accused or missed:
        found = f"{len(said & LIES.keys())} of {len(LIES)} lies found."
        return hint("\n".join([found, *accused, *missed]))
    why = [f"{letter}: {WHY[letter]}." for letter in LIES]
    return right("\n".join([f"all {len(LIES)}, and nobody is accused wrongly.", *why]))


PAIRED_CASES: list[tuple[str, tuple[list[float], list[float]], float]] = [
    ("the same ratio in every round", ([2, 4, 6], [1, 2, 3]), 2),
    ("b is the slower one", ([1, 1, 1], [4, 4, 4]), 0.25),
    ("a slow moment that hits one of them only", ([2, 4, 2, 4, 100], [1, 2, 1, 2, 1]), 2),
    ("a machine that is slow in some rounds", ([12, 20, 60], [4, 40, 20]), 3),
    ("an even number of rounds", ([1, 3, 5, 7], [1, 1, 1, 1]), 4),
]
"""What each is about, the rounds of a and of b, and the median of their ratios."""
WRONG_RATIOS: dict[str, Callable[[Float64Array, Float64Array], Any]] = {
    "It is upside down: how many times faster b is, that is a's time over b's.": (
        lambda a, b: np.median(b / a)
    ),
    "This is the ratio of the medians; first divide, within rounds.": (
        lambda a, b: np.median(a) / np.median(b)
    ),
    "This is the mean of the ratios; one bad round moves it.": lambda a, b: np.mean(a / b),
    "This is the ratio of the means; one bad round moves it.": (
        lambda a, b: np.mean(a) / np.mean(b)
    ),
    "This is the ratio of the minima: two lucky rounds.": lambda a, b: np.min(a) / np.min(b),
}


@check.graded
def check_paired_ratio(paired_ratio: Callable[..., Any]) -> CheckResult:
    """Judge a learner's ratio of two candidates, from their rounds, by hidden cases."""

    def mistake(rounds: tuple[Any, ...], answer: float) -> str:
        a, b = (np.array(values, float) for values in rounds)
        likely = (said for said, wrong in WRONG_RATIOS.items() if wrong(a, b) == answer)
        return next((f"\n{said}" for said in likely), "")

    check.hidden_cases(paired_ratio, PAIRED_CASES, mistake)
    return right(f"{len(PAIRED_CASES)} hidden cases, disturbed rounds among them.")
