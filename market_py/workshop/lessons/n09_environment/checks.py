"""The checks of notebook 09."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

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
            "Divide the median of clearing by the sum of the medians of all the parts; "
            f"in your own run that is not in [{low:g}, {high:g}]."
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
