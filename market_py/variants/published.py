"""Published times of a numba and of a Rust function that clear one market.

The workshop starts from this experiment. It found Rust faster for up to ten offers only, and
recommended numba.
"""

from __future__ import annotations

from typing import NamedTuple


class Point(NamedTuple):
    """A row of the published table."""

    offers: int
    numba: float
    """Microseconds per call."""
    rust: float
    """Microseconds per call."""

    @property
    def speedup(self) -> float:
        """Ratio of the two times: above one, Rust was faster."""
        return self.numba / self.rust


POINTS = (
    Point(5, 1.53, 1.24),
    Point(10, 1.58, 1.54),
    Point(20, 1.68, 2.23),
    Point(50, 2.05, 4.45),
    Point(100, 2.78, 7.82),
    Point(200, 4.46, 14.77),
)
