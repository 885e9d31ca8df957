"""Checks of the exercises of notebook 03."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from market_py.validation import Float64Array
from market_py.workshop.grading import check
from market_py.workshop.grading.check import CheckResult, Refused, hint, right
from market_py.workshop.lessons.n03_timing.flawed_report import FLAWS, REPORT, WHY


@check.graded
def check_flaws(letters: Any) -> CheckResult:
    """Check which lines of the flawed report are said to be flaws."""
    try:
        said = {str(letter).strip().upper() for letter in letters} - {"", ","}
    except TypeError:
        return hint('give the letters, as in {"A", "B"}.')
    if strangers := sorted(said - REPORT.keys()):
        return hint(f"no line is called {', '.join(strangers)}; the lines are A to {max(REPORT)}.")
    sound = [f"{letter} is sound: {WHY[letter]}." for letter in sorted(said - FLAWS.keys())]
    missed = [f"one you have not named: {FLAWS[letter]}" for letter in sorted(FLAWS.keys() - said)]
    if sound or missed:
        found = f"{len(said & FLAWS.keys())} of {len(FLAWS)} flaws found."
        return hint("\n".join([found, *sound, *missed]))
    why = [f"{letter}: {WHY[letter]}." for letter in FLAWS]
    return right("\n".join([f"all {len(FLAWS)}, and no sound line among them.", *why]))


SPIN_MICROSECONDS = (20, 20, 20, 100)
"""Duration of a call of the fake function, for each of its inputs: the mean is no typical call."""
FIRST_CALL_SECONDS = 0.3
TOLERANCE = 0.25
"""What a stopwatch, and a busy machine between two calls, may add to the time of the calls."""


class FakeFunction:
    """A function whose first call is slow, and which takes another time for each input.

    It keeps what its calls took, so that a busy machine does not make a right stopwatch wrong.
    """

    def __init__(self) -> None:
        self.inputs = [(number,) for number in range(len(SPIN_MICROSECONDS))]
        self.seen: list[int] = []
        self.nanoseconds: list[int] = []

    def __call__(self, number: int) -> None:
        """Wait as long as the input says, without leaving the processor."""
        start = time.perf_counter_ns()
        wanted = 1000 * SPIN_MICROSECONDS[number]
        if not self.seen:
            wanted += int(1e9 * FIRST_CALL_SECONDS)
        self.seen.append(number)
        while (taken := time.perf_counter_ns() - start) < wanted:
            pass
        self.nanoseconds.append(taken)

    def right_times(self) -> list[float]:
        """Return the mean times of a call that leave out a warm-up, of any length.

        The first call belongs to it. All inputs are timed equally often.
        """
        later = np.array(self.nanoseconds[1:], float)
        seen, number = np.array(self.seen[1:]), len(self.inputs)
        sums, counts = np.cumsum(later[::-1]), np.arange(1, later.size + 1)
        by_input = np.mean([later[seen == it].mean() for it in range(number)])
        return [float(by_input), *(sums / counts)[number - 1 :: number]]


@check.graded
def check_stopwatch(stopwatch: Callable[..., Any]) -> CheckResult:
    """Judge a learner's stopwatch by a function whose calls take a known time."""
    fake = FakeFunction()
    call = "stopwatch(call, inputs)"
    answer = check.answered(call, stopwatch, fake, fake.inputs, first=True)
    try:
        if isinstance(answer, str | bool):
            raise TypeError
        answer = float(answer)
    except (TypeError, ValueError) as error:
        raise Refused(f"{call} returns {answer!r}; one number is wanted, in ns.") from error
    if missed := len(fake.inputs) - len(set(fake.seen)):
        return hint(
            f"of {len(fake.inputs)} inputs, {missed} were never used. Call with each of them: "
            "a function need not take the same time for all."
        )
    if len(fake.seen) == len(fake.inputs):
        return hint(
            "each input was used once, so that the first call, which is slow, is in your time. "
            "Call before the clock starts, too."
        )
    right_times = fake.right_times()
    if any(_close(answer, it) for it in right_times):
        return right(
            f"{answer / 1e3:,.1f} µs a call, over {len(fake.inputs)} inputs; the first call took "
            f"{FIRST_CALL_SECONDS:g} s, and is not in it."
        )
    return hint(
        f"a call of the test function takes {right_times[0]:,.0f} ns (mean of its inputs); yours "
        f"says {answer:,.0f}. {_mistake(answer, right_times, fake)}".strip()
    )


def _mistake(answer: float, right_times: list[float], fake: FakeFunction) -> str:
    """Say what a wrong time looks like."""
    taken = np.array(fake.nanoseconds, float)
    sums = np.cumsum(taken[:0:-1])
    likely = {
        "The first call is in it: call once before the clock starts.": [
            *(taken.sum() / np.arange(1, taken.size + 1)),
        ],
        "Are these microseconds? Wanted are nanoseconds.": [it / 1e3 for it in right_times],
        "Are these seconds? Wanted are nanoseconds.": [it / 1e9 for it in right_times],
        "Is this the time of one input only, the quickest or the typical one?": [
            1e3 * min(SPIN_MICROSECONDS)
        ],
        "Divide by the number of calls between the two looks at the clock: passes times inputs.": [
            *sums,
            *(sums / len(fake.inputs)),
        ],
    }
    said = (said for said, times in likely.items() if any(_close(answer, it) for it in times))
    return next(said, "")


def _close(answer: float, expected: float) -> bool:
    return abs(answer - expected) <= TOLERANCE * expected


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
