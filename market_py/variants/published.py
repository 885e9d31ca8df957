"""The published experiment that the workshop starts from.

It cleared single markets with a numba and with a Rust (PyO3) function, found Rust faster for ten
offers or fewer only, and advised to keep numba.
"""

from __future__ import annotations

from typing import NamedTuple


class Point(NamedTuple):
    """One row of the published table."""

    offers: int
    numba: float
    """Microseconds per call."""
    rust: float
    """Microseconds per call."""

    @property
    def speedup(self) -> float:
        """How many times faster Rust was."""
        return self.numba / self.rust


POINTS = (
    Point(5, 1.53, 1.24),
    Point(10, 1.58, 1.54),
    Point(20, 1.68, 2.23),
    Point(50, 2.05, 4.45),
    Point(100, 2.78, 7.82),
    Point(200, 4.46, 14.77),
)
