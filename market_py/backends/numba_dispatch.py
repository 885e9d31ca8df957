# mypy: allow-untyped-defs
"""Compiled dispatch: compute how much each offer sells at a given price."""

from __future__ import annotations

import math

from market_py.backends.compilation import compiled
from market_py.backends.constants import SCALE, TINY
from market_py.backends.numba_sums import sum_in_lanes, two_sum

CHUNK = 1 << 12
"""Offers dispatched before they are added up: 32 kB of dispatch stay in the L1 or L2 cache."""
BLOCK = 64
"""Offers compared with the price in one vectorised loop, to skip blocks without such a price."""
FILLS_PER_CHECK = 8
"""Offers at one price that are filled before the code checks whether anything remains: a branch
that depends on it cannot be predicted."""


@compiled(nogil=True)
def dispatch_at_price(price, bids, quantities, demand, pro_rata, cap, dispatch):
    """Dispatch the offers at a price that covers demand; at NaN, in a shortage, all of them."""
    if math.isnan(price):
        for i in range(bids.size):
            dispatch[i] = quantities[i] + 0.0
        return (_highest_offer(bids, quantities) if math.isnan(cap) else cap) + 0.0
    remaining = accept_below(bids, quantities, price, demand, dispatch)
    if pro_rata:
        share_at(bids, quantities, price, remaining, dispatch)
    else:
        fill_at(bids, quantities, price, remaining, dispatch)
    return price + 0.0  # Adding zero turns -0.0 into 0.0, here and wherever it is done.


@compiled(nogil=True)
def accept_below(bids, quantities, price, demand, dispatch):
    """Accept the offers below a price, and no others; return what remains of demand."""
    accepted = 0.0
    if bids.size <= CHUNK:
        accepted = accept_chunk_below(bids, quantities, price, dispatch)
    else:
        for start in range(0, bids.size, CHUNK):
            chunk = slice(start, start + CHUNK)
            accepted += accept_chunk_below(bids[chunk], quantities[chunk], price, dispatch[chunk])
    return max(demand - accepted, 0.0)  # Rounding may leave less than nothing.


@compiled(nogil=True, forceinline=True)
def accept_chunk_below(bids, quantities, price, dispatch):
    """Accept the offers below a price, and no others; return the sum of their quantities."""
    # Chosen by a comparison, not by a branch, so that the loop is vectorised.
    for i in range(bids.size):
        dispatch[i] = (quantities[i] if bids[i] < price else 0.0) + 0.0
    return sum_in_lanes(dispatch)


@compiled(nogil=True)
def fill_at(bids, quantities, price, remaining, dispatch):
    """Dispatch the offers at the price, the lowest index first, until nothing remains."""
    high, low = remaining, 0.0
    for start in range(0, bids.size, BLOCK):
        # LLVM vectorises a loop over a slice, from zero, but not one over later indices.
        block = bids[start : start + BLOCK]
        tied = 0
        for i in range(block.size):
            tied += 1 if block[i] == price else 0
        if tied == 0:
            continue
        stop = start + block.size
        high, low = fill_range(bids, quantities, price, high, low, dispatch, start, stop)
        if high + low <= 0.0:
            return


@compiled(nogil=True, forceinline=True)
def fill_range(bids, quantities, price, high, low, dispatch, start, stop):
    """Do the same for the offers from one index to another; return what then remains."""
    filled = 0
    for i in range(start, stop):
        if bids[i] == price:
            if filled % FILLS_PER_CHECK == 0 and high + low <= 0.0:
                break
            dispatch[i], high, low = _accept(quantities[i], high, low)
            filled += 1
    return high, low


@compiled(nogil=True)
def fill_indices(indices, quantities, remaining, dispatch):
    """Do the same where the indices of the offers at the price are known."""
    high, low = remaining, 0.0
    for filled in range(indices.size):
        if filled % FILLS_PER_CHECK == 0 and high + low <= 0.0:
            return
        i = indices[filled]
        dispatch[i], high, low = _accept(quantities[i], high, low)


@compiled(nogil=True)
def _accept(quantity, high, low):
    """Accept a quantity as far as anything remains; return this, and what then remains.

    What remains is the sum of two doubles, so that many subtractions lose nothing.
    """
    remaining = high + low
    if quantity < remaining:
        left = high - quantity
        # FastTwoSum (Dekker, Numer. Math. 18 (1971) 224-242) gives the error of this difference;
        # it holds as the quantity is the smaller of the two.
        return quantity + 0.0, left, low + ((high - left) - quantity)
    return remaining, 0.0, 0.0


@compiled(nogil=True)
def share_at(bids, quantities, price, remaining, dispatch):
    """Dispatch the same share of each offer at the price, safe from overflow and underflow."""
    # The sum has twice the precision of a double: Sum2 of Ogita, Rump and Oishi, SIAM J. Sci.
    # Comput. 26 (2005) 1955-1988. Beside it runs a sum that is scaled and cannot overflow, for
    # ratios that have lost bits to underflow, or are zero as the first sum overflowed.
    high, low, scaled_total = 0.0, 0.0, 0.0
    for i in range(bids.size):
        if bids[i] == price:
            high, rounding = two_sum(high, quantities[i])
            low += rounding
            scaled_total += quantities[i] * SCALE
    ratio = 0.0 if math.isinf(high) else remaining / (high + low)
    for i in range(bids.size):
        if bids[i] == price:
            accepted = quantities[i] * ratio
            if ratio < TINY:
                accepted = quantities[i] * SCALE / scaled_total * remaining
            dispatch[i] = min(quantities[i], accepted) + 0.0


@compiled(nogil=True)
def clear_without_demand(bids, quantities, dispatch):
    """Dispatch nothing; the price is the lowest offer, of a positive quantity if there is one."""
    dispatch[:] = 0.0
    lowest, lowest_positive = math.inf, math.inf
    for i in range(bids.size):
        lowest = min(lowest, bids[i])
        if quantities[i] > 0.0:
            lowest_positive = min(lowest_positive, bids[i])
    return (lowest if math.isinf(lowest_positive) else lowest_positive) + 0.0


@compiled(nogil=True)
def _highest_offer(bids, quantities):
    """Return the highest offer, of a positive quantity if there is one."""
    highest, highest_positive = -math.inf, -math.inf
    for i in range(bids.size):
        highest = max(highest, bids[i])
        if quantities[i] > 0.0:
            highest_positive = max(highest_positive, bids[i])
    return highest if math.isinf(highest_positive) else highest_positive
