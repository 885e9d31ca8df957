"""Checks of the exercises: each says what was expected, and a hint.

Nothing is sent or stored anywhere.
"""

from __future__ import annotations

import functools
import html
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, ParamSpec

import numpy as np

P = ParamSpec("P")
State = Literal["not done yet", "not right yet", "right"]
_SIGNS: dict[State, str] = {"not done yet": "○", "not right yet": "✗", "right": "✓"}


@dataclass(frozen=True)
class CheckResult:
    """What a check says; the last line of a check cell shows it."""

    state: State
    message: str = ""

    def __str__(self) -> str:
        return f"{_SIGNS[self.state]} {self.state}" + (f": {self.message}" if self.message else "")

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        text = html.escape(str(self)).replace("\n", "<br>")
        return {
            "text/plain": str(self),
            "text/html": f'<div role="status" style="font-size:115%;padding:4px">{text}</div>',
        }


NOT_DONE = CheckResult("not done yet")
RETURNS_NOTHING = CheckResult(
    "not done yet", "your function returns nothing so far; to print a result does not return it."
)


def hint(message: str) -> CheckResult:
    """Refuse an answer and say why."""
    return CheckResult("not right yet", message)


def right(message: str) -> CheckResult:
    """Accept an answer."""
    return CheckResult("right", message)


class Refused(Exception):
    """Ends a check early, with what the check says; a text is a hint."""

    def __init__(self, found: CheckResult | str) -> None:
        self.found = hint(found) if isinstance(found, str) else found


@dataclass(frozen=True)
class Failed:
    """Stands in a notebook for a function that was not compiled, or was refused."""

    message: str

    def __bool__(self) -> bool:
        """Return False: there is no function."""
        return False


def graded(check: Callable[P, CheckResult]) -> Callable[P, CheckResult]:
    """Let a check end by raising `Refused`; None is not done yet, and `Failed` is refused."""

    @functools.wraps(check)
    def checked(*answer: P.args, **options: P.kwargs) -> CheckResult:
        if answer and answer[0] is None:
            return NOT_DONE
        if answer and isinstance(answer[0], Failed):
            return hint(answer[0].message)
        try:
            return check(*answer, **options)
        except Refused as refused:
            return refused.found

    return checked


def answered(call: str, function: Callable[..., Any], *given: Any, first: bool = False) -> Any:
    """Call a learner's function; refuse one that fails or returns nothing.

    In the first call, nothing returned is a function that is not written yet.
    """
    try:
        answer = function(*given)
    except Exception as error:
        raise Refused(f"{call} fails: {error!r}.") from error
    if answer is None:
        missing = f"{call} returns None; on this way through it there is no return."
        raise Refused(RETURNS_NOTHING if first else missing)
    return answer


def hidden_cases(
    function: Callable[..., Any],
    cases: Sequence[tuple[str, tuple[Any, ...], float]],
    hint_at: Callable[[tuple[Any, ...], float], str] = lambda given, answer: "",
) -> None:
    """Refuse a learner's function that returns another number than expected in a case.

    A case is what it is about, the arguments, and the number. `hint_at` takes arguments and a wrong
    answer, and says what it looks like.
    """
    for case, (about, given, expected) in enumerate(cases):
        call = f"{function.__name__}{given}"
        copies = (np.array(value) if np.ndim(value) else value for value in given)
        answer = answered(call, function, *copies, first=case == 0)
        try:
            if isinstance(answer, str):
                raise TypeError
            answer = float(answer)
        except (TypeError, ValueError) as error:
            raise Refused(f"{call} returns {answer!r}; one number is wanted.") from error
        if not np.isclose(answer, expected, rtol=1e-9, atol=0):
            told = f"{about}.\n{call} is {expected:g}; yours says {answer:g}."
            raise Refused(told + hint_at(given, answer))


def two_ends(answer: Any, wanted: str) -> tuple[float, float]:
    """Take an answer for an interval, its lower end first, or refuse it."""
    try:
        if isinstance(answer, str | set | frozenset | dict):
            raise TypeError
        low, high = (float(end) for end in answer)
    except (TypeError, ValueError) as error:
        raise Refused(wanted) from error
    if np.isnan(low) or np.isnan(high):
        raise Refused("an end of your interval is not a number.")
    if not low <= high:
        raise Refused("the first number must not exceed the second.")
    return low, high


def between_sizes(answer: Any, found: tuple[float, float], of: str, about: str) -> CheckResult:
    """Judge an interval between two sizes that were timed; a part of it is right too.

    The upper end of what was found may be infinite. `of` says what is counted, and `about` goes on
    after "your data".
    """
    wanted = f'give two numbers of {of}, as in (10, 20); "never" is float("inf").'
    low, high = two_ends(answer, wanted)
    below, above = found
    if low < below or high > above or low == np.inf:
        if low <= below and high >= above:
            return hint("that is true, but too wide: it must lie between two neighbouring sizes.")
        return hint(
            f"your data{about} say otherwise. At which size does the interval of the ratio lie on "
            "the other side of 1 for the first time?"
        )
    said = f"in your data{about} it lies between {below:g} and {above:g}"
    return right(f"you say {low:g} to {high:g}; {said}.")
