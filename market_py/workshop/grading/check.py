"""Checks of the exercises: each says what was expected, and a hint.

Nothing is sent or stored anywhere.
"""

from __future__ import annotations

import html
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

State = Literal["not done yet", "not right yet", "right"]
_SIGNS: dict[State, str] = {"not done yet": "○", "not right yet": "✗", "right": "✓"}


@dataclass(frozen=True)
class Verdict:
    """What a check says; the last line of a check cell shows it."""

    state: State
    message: str = ""

    def __str__(self) -> str:
        """Say it in words."""
        return f"{_SIGNS[self.state]} {self.state}" + (f": {self.message}" if self.message else "")

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        text = html.escape(str(self)).replace("\n", "<br>")
        return {
            "text/plain": str(self),
            "text/html": f'<div role="status" style="font-size:115%;padding:4px">{text}</div>',
        }


NOT_DONE = Verdict("not done yet")
RETURNS_NOTHING = Verdict(
    "not done yet", "your function returns nothing so far; to print a result does not return it."
)


def hint(message: str) -> Verdict:
    """Refuse an answer and say why."""
    return Verdict("not right yet", message)


def right(message: str) -> Verdict:
    """Accept an answer."""
    return Verdict("right", message)


class Refused(Exception):
    """Ends a check early."""

    def __init__(self, verdict: Verdict) -> None:
        self.verdict = verdict


def answered(call: str, function: Callable[..., Any], *given: Any, first: bool = False) -> Any:
    """Call a learner's function; refuse one that fails or returns nothing.

    Parameters
    ----------
    call : str
        The call, in words.
    function : callable
        The learner's.
    *given
        Its arguments.
    first : bool
        In the first call, nothing returned is a function that is not written yet.
    """
    try:
        answer = function(*given)
    except Exception as error:
        raise Refused(hint(f"{call} fails: {error!r}.")) from error
    if answer is None:
        missing = hint(f"{call} returns None; on this way through it there is no return.")
        raise Refused(RETURNS_NOTHING if first else missing)
    return answer


def number(call: str, answer: Any) -> float:
    """Take what a learner's function returned for a number, or refuse it."""
    try:
        if isinstance(answer, str):
            raise TypeError
        return float(answer)
    except (TypeError, ValueError) as error:
        wrong = f"{call} returns {answer!r}; one number is wanted."
        raise Refused(hint(wrong)) from error


def two_numbers(answer: Any) -> tuple[float, float]:
    """Take an answer for the ends of an interval; TypeError or ValueError where it is none."""
    if isinstance(answer, str | set | frozenset | dict):
        raise TypeError("characters, sets and keys are no ends of an interval")
    low, high = (float(bound) for bound in answer)
    return low, high
