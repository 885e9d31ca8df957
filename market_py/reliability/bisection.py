"""Find by bisection where something ends to hold."""

from __future__ import annotations

from collections.abc import Callable

STEPS = 60
"""The interval shrinks to 10^-18 of its length."""


def largest(is_allowed: Callable[[float], bool], low: float, high: float) -> float:
    """Return the largest number up to ``high`` that is allowed, given that ``low`` is.

    >>> round(largest(lambda number: number**2 <= 2, 0, 10), 6)
    1.414214
    """
    if is_allowed(high):
        return high
    for _ in range(STEPS):
        middle = (low + high) / 2
        if is_allowed(middle):
            low = middle
        else:
            high = middle
    return low
