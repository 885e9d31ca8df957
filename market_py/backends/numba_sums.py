# mypy: allow-untyped-defs
"""Compiled sums: fast sums, their error bound, and an exact sum for cases within the bound."""

from __future__ import annotations

import math

import numpy as np

from market_py.backends.compilation import compiled
from market_py.backends.constants import COVERAGE, EPSILON

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
def target_bounds(orders, target):
    """Return two bounds: sums below the first fall short for sure, from the second on they cover.

    A sum of n terms of one sign has a relative error of at most (n - 1) epsilon / 2, in whatever
    order it is taken. Twice that, and 8 more, also covers the rounding of the bounds themselves. In
    an auction the target is a sum too, and each weighted bid is rounded: twice as many roundings.
    """
    terms = orders[0].size
    if len(orders) == 4:
        terms = 2 * (orders[0].size + orders[2].size + 4)
    error = (terms + 8) * EPSILON
    return target * (1.0 - error), target * (1.0 + error)


@compiled(nogil=True)
def exactly_covers(orders, price, target):
    """Whether the exact sum of what is offered at or below a price reaches the target.

    The orders are prices and quantities of offers. In an auction those of the bids follow, and the
    target is what is bid above the price, less the tolerance.
    """
    if len(orders) == 4:
        target = _exactly_tolerated(orders[2], orders[3], np.nextafter(price, math.inf), math.inf)
    return exactly_reaches(orders[0], orders[1], -math.inf, price, target)


@compiled(nogil=True)
def exactly_takes(orders, price):
    """Whether what is bid at or above a price reaches what is offered below it, less the tolerance.

    The orders are those of an auction.
    """
    below = np.nextafter(price, -math.inf)
    target = _exactly_tolerated(orders[0], orders[1], -math.inf, below)
    return exactly_reaches(orders[2], orders[3], price, math.inf, target)


@compiled(nogil=True)
def exactly_reaches(prices, quantities, low, high, target):
    """Whether the exact sum of the quantities at prices from low to high reaches the target."""
    parts = np.empty(MAX_PARTS)
    parts[0] = target
    count = _add_exactly(parts, 1, prices, quantities, low, high, -1.0)
    # The largest part has the sign of the sum.
    return count == 0 or parts[count - 1] <= 0.0


@compiled(nogil=True)
def exact_difference(orders, low, high, most):
    """Return a number with the sign of what is offered up to `low` less what is bid from `high`.

    None of the two is more than `most`, up to rounding.
    """
    unit = math.ldexp(1.0, math.frexp(most)[1] + 1)
    small = math.ldexp(unit, math.frexp(float(orders[0].size + orders[2].size))[1] - 52)
    offered = _sum_in_two(orders[0], orders[1], -math.inf, low, unit, small)
    wanted = _sum_in_two(orders[2], orders[3], high, math.inf, unit, small)
    if offered[2] and wanted[2]:
        return (offered[0] - wanted[0]) + (offered[1] - wanted[1])
    parts = np.empty(MAX_PARTS)
    count = _add_exactly(parts, 0, orders[0], orders[1], -math.inf, low, 1.0)
    count = _add_exactly(parts, count, orders[2], orders[3], high, math.inf, -1.0)
    return parts[count - 1] if count > 0 else 0.0


@compiled(nogil=True)
def _sum_in_two(prices, quantities, low, high, unit, small):
    """Add up the quantities at prices from low to high as two sums, and tell if both are exact.

    Adding a power of two that no sum exceeds, and subtracting it, cuts off the lower bits of a
    quantity. What is left are multiples of one number, which are added without rounding; the lower
    bits are treated alike (Rump, Ogita and Oishi, SIAM J. Sci. Comput. 31 (2008) 189-224). Bits are
    lost where quantities differ by many orders of magnitude, and then an expansion, which takes
    several times as long, has to decide.
    """
    total, rest, lost = 0.0, 0.0, False
    for i in range(prices.size):
        quantity = quantities[i] if (prices[i] >= low) & (prices[i] <= high) else 0.0
        upper = (quantity + unit) - unit
        lower = quantity - upper
        middle = (lower + small) - small
        total += upper
        rest += middle
        lost |= lower != middle
    return total, rest, not lost


@compiled(nogil=True)
def _exactly_tolerated(prices, quantities, low, high):
    """Return the exact sum of the quantities at prices from low to high, rounded and tolerated."""
    parts = np.empty(MAX_PARTS)
    count = _add_exactly(parts, 0, prices, quantities, low, high, 1.0)
    total, rounding = 0.0, 0.0
    while count > 0 and rounding == 0.0:
        count -= 1
        total, rounding = two_sum(total, parts[count])
    # Where half a unit in the last place was rounded to even, a smaller part may tell which of two
    # neighbours is closer. Only half a unit can be added twice without a rounding error.
    if count > 0 and (rounding > 0.0) == (parts[count - 1] > 0.0):
        nearest = total + 2.0 * rounding
        if nearest - total == 2.0 * rounding:
            total = nearest
    return total * COVERAGE


@compiled(nogil=True)
def _add_exactly(parts, count, prices, quantities, low, high, sign):
    """Add the quantities at prices from low to high to an exact sum, or subtract them.

    Return the new number of parts. The parts are an expansion: doubles that do not overlap,
    smallest first, whose exact sum it is (Shewchuk, Discrete Comput. Geom. 18 (1997) 305-363). Stop
    as soon as the sum is negative: when quantities are subtracted, it then stays so.
    """
    for i in range(prices.size):
        # Only if another thread writes NaN during the call can the parts become too many, and then
        # the result means nothing anyway.
        if count == MAX_PARTS or (count > 0 and parts[count - 1] < 0.0):
            break
        if not low <= prices[i] <= high:
            continue
        # GROW-EXPANSION: carry the new term through all parts, and leave each rounding error
        # behind as a part. Zeros are dropped, so that the expansion stays short.
        carried = sign * quantities[i]
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
    return count
