"""The price in the price interval of an auction, for all backends in Python."""

from __future__ import annotations

from typing import Any

import numpy as np


def price_in_interval(low: Any, high: Any, k: Any) -> Any:
    """Return the price between two others, numbers or arrays: ``k`` tells who gets the gap.

    Each operation is rounded once, so that all backends return the same bits. The sum may lie
    outside the interval by a rounding error, and is clipped. Adding zero turns -0.0 into 0.0.
    """
    with np.errstate(over="ignore", under="ignore"):
        return np.minimum(np.maximum((1 - k) * low + k * high, low), high) + 0.0
