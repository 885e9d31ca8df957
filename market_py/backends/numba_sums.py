# mypy: allow-untyped-defs
"""Compiled sums: fast sums, their error bound, and an exact sum for cases within the bound."""

from __future__ import annotations

import numpy as np

from market_py.backends.compilation import compiled
from market_py.backends.constants import EPSILON

LARGEST = float(np.finfo(np.float64).max)

MAX_PARTS = 2100
"""An exact sum has fewer parts: those do not overlap, and doubles span 2098 bits."""


@compiled(nogil=True)
def sum_in_lanes(terms):
    """Add up in eight sums side by side, which LLVM vectorises without reordering."""
    s0 = s1 = s2 = s3 = s4 = s5 = s6 = s7 = 0.0
    full = terms.size - terms.size % 8
    for i in range(0, full, 8):
        s0 += terms[i]
        s1 += terms[i + 1]
        s2 += terms[i + 2]
        s3 += terms[i + 3]
        s4 += terms[i + 4]
        s5 += terms[i + 5]
        s6 += terms[i + 6]
        s7 += terms[i + 7]
    for i in range(full, terms.size):
        s0 += terms[i]
    return ((s0 + s1) + (s2 + s3)) + ((s4 + s5) + (s6 + s7))


@compiled(nogil=True)
def two_sum(a, b):
    """Return the rounded sum of two numbers and the exact error of that rounding (Knuth)."""
    total = a + b
    b_rounded = total - a
    a_rounded = total - b_rounded
    return total, (a - a_rounded) + (b - b_rounded)


@compiled(nogil=True)
def target_bounds(offers, target):
    """Return two bounds: sums below the first fall short for sure, from the second on they cover.

    A sum of n terms of one sign has a relative error of at most (n - 1) epsilon / 2, in whatever
    order it is taken. Twice that, and 8 more, also covers the rounding of the bounds themselves.
    """
    error = (offers + 8) * EPSILON
    return target * (1.0 - error), target * (1.0 + error)


@compiled(nogil=True)
def exactly_covers(bids, quantities, price, target):
    """Whether the exact sum of what is offered at or below a price reaches the target.

    The parts are the target less these quantities, as an expansion: doubles that do not overlap,
    smallest first, whose exact sum it is (Shewchuk, Discrete Comput. Geom. 18 (1997) 305-363).
    """
    parts = np.empty(MAX_PARTS)
    parts[0] = target
    count = 1
    for i in range(bids.size):
        if bids[i] > price:
            continue
        # GROW-EXPANSION: carry the new term through all parts, and leave each rounding error
        # behind as a part. Zeros are dropped, so that the expansion stays short.
        carried = -quantities[i]
        nonzero = 0
        for part in range(count):
            carried, rounding = two_sum(carried, parts[part])
            if rounding != 0.0:
                parts[nonzero] = rounding
                nonzero += 1
        if carried != 0.0:
            parts[nonzero] = carried
            nonzero += 1
        count = nonzero
        # The largest part has the sign of the sum. Only if another thread writes NaN during the
        # call can the parts become too many, and then the result means nothing anyway.
        if count == 0 or parts[count - 1] <= 0.0 or count == MAX_PARTS:
            return True
    return False
