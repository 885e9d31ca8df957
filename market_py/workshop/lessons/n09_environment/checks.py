"""The checks of notebook 09."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from market_py.learning import compute_gae
from market_py.workshop.grading import check
from market_py.workshop.grading.check import CheckResult, hint, right
from market_py.workshop.lessons.n09_environment.panel import clearing_share

AMDAHL_CASES = (
    ("half of the time, twice as fast", (0.5, 2.0), 4 / 3),
    ("all of the time", (1.0, 7.0), 7.0),
    ("none of the time", (0.0, 100.0), 1.0),
    ("a tenth of the time, in no time at all", (0.1, float("inf")), 1 / 0.9),
    ("a step that has become slower", (0.5, 0.5), 2 / 3),
)

GAE_CASES: tuple[tuple[str, tuple[Any, ...]], ...] = (
    (
        "one step: the reward, and the discounted value after it, less the value before it",
        ([3.0], [1.0], 2.0, [False], [0.0], 0.5, 0.9),
    ),
    (
        "lambda is 0: each step counts alone",
        ([1.0, 2.0, 3.0], [0.5, 1.5, 2.5], 4.0, [False] * 3, [0.0] * 3, 0.9, 0.0),
    ),
    (
        "an error counts gamma times lambda for the step before it",
        ([1.0, 2.0, 3.0], [0.5, 1.5, 2.5], 4.0, [False] * 3, [0.0] * 3, 0.9, 0.5),
    ),
    (
        "an episode ended with step 1: its final value follows, and no error of the next episode",
        ([1.0, 2.0, 3.0], [0.5, 1.5, 2.5], 4.0, [False, True, False], [0.0, 7.0, 0.0], 0.9, 0.5),
    ),
    (
        "two agents, with a column each",
        (
            [[1.0, 2.0], [3.0, 4.0]],
            [[0.0, 1.0], [2.0, 3.0]],
            [5.0, 6.0],
            [False] * 2,
            [[0.0, 0.0], [0.0, 0.0]],
            0.9,
            0.5,
        ),
    ),
)
"""What each is about, and the arguments of `compute_gae`."""


@check.graded
def check_gae(my_gae: Callable[..., Any]) -> CheckResult:
    """Judge a function that computes advantages as `compute_gae` does."""
    for case, (about, given) in enumerate(GAE_CASES):
        copies = [np.array(value) if np.ndim(value) else value for value in given]
        answer = check.answered("my_gae(...)", my_gae, *copies, first=case == 0)
        expected, _ = compute_gae(*given)
        try:
            found = np.asarray(answer, float)
        except (TypeError, ValueError):
            return hint(f"my_gae returns {answer!r}; an array of advantages is wanted.")
        if found.shape != expected.shape:
            return hint(f"{about}.\nThe shape must be {expected.shape}; yours is {found.shape}.")
        if not np.allclose(found, expected, rtol=1e-9, atol=1e-12):
            told = f"{about}.\nIt is {expected.round(4).tolist()}; yours says"
            return hint(f"{told} {found.round(4).tolist()}.")
    return right(f"{len(GAE_CASES)} hidden cases, as `market_py.learning.compute_gae`.")


@check.graded
def check_clearing_share(answer: Any, parts: dict[str, tuple[float, float, float]]) -> CheckResult:
    """Judge an interval, in per cent, for the share of the step that is clearing."""
    low, high = check.two_ends(answer, "An interval is two numbers, such as (10, 20).")
    if not 0 <= low < high <= 100:
        return hint("It takes two different ends between 0 and 100 per cent, the lower first.")
    if high - low > 20:
        return hint("More than twenty points wide says little: be bolder.")
    share = 100 * clearing_share(parts)
    if high <= 1 < share:
        return hint("The ends are per cent, and yours look like fractions: 0.1 is 10 per cent.")
    if not low <= share <= high:
        return hint(
            "It must hold the share by medians: that of clearing, divided by the sum of those of "
            f"all parts. In your own run this is not in [{low:g}, {high:g}]."
        )
    return right(f"In your own run it is {share:.1f} %.")


@check.graded
def check_amdahl(whole_speedup: Callable[..., Any], share: float | None) -> CheckResult:
    """Judge a function that predicts the speed-up of the whole; then apply it to a share."""
    check.hidden_cases(whole_speedup, AMDAHL_CASES)
    said = f"{len(AMDAHL_CASES)} hidden cases."
    if share is not None:
        most = float(whole_speedup(share, float("inf")))
        said += (
            f" In your own run {share:.0%} of learning were steps of the markets: with a step that "
            f"takes no time at all it would be {most:.2f} times as fast."
        )
    return right(said)
