# mypy: allow-untyped-defs
"""Compiled selection: find the lowest price that covers demand, without sorting the offers.

``fastmath`` lets LLVM reorder the sums here. They only locate the price, and the bounds of
`target_bounds` hold for every order. If a sum is between the two bounds, `exactly_covers` decides.
"""

from __future__ import annotations

import math

import numpy as np

from market_py.backends.compilation import compiled
from market_py.backends.constants import COVERAGE
from market_py.backends.numba_sums import LARGEST, exactly_covers, target_bounds

GUESSES = 7
"""Guesses a pass: seven sums and seven guesses fit into the sixteen vector registers of AVX2."""
BRUTE_FORCE_MAX = 24
"""Up to so many offers are compared all with all, without a branch."""
MAX_POOR_PASSES = 8
"""After so many passes that left more than half of the candidates, sort them instead."""

REORDERED = {"reassoc", "nsz"}


@compiled(nogil=True)
def lowest_covering_price(
    candidate_bids, candidate_quantities, below, high, orders, demand, supply, scratch
):
    """Find the lowest price that covers demand; NaN in a shortage.

    The answer is the price of a candidate, or `high`, which covers demand; `below` is offered below
    all candidates. Candidates are some of the orders (see `exactly_covers`), the bids of an auction
    weighted. Guess some prices, add up what is offered at or below each in one pass, keep the
    candidates between the two guesses that enclose the answer, and go on with those: a quickselect
    with seven pivots, whose weights are the quantities.
    """
    target = demand * COVERAGE
    surely_short, surely_covered = target_bounds(orders, target)
    low, count = -math.inf, candidate_bids.size  # `low` does not cover demand.
    scratch_bids, scratch_quantities = scratch[:count], scratch[count:]
    state = np.uint64(0)
    poor_passes_left = MAX_POOR_PASSES
    while count > BRUTE_FORCE_MAX and poor_passes_left > 0:
        state, guesses = _draw_guesses(candidate_bids, count, state)
        sums = _supply_at(candidate_bids, candidate_quantities, count, *guesses)
        known = below
        for k in range(GUESSES):
            total = known + sums[k]
            if total >= surely_short and (
                surely_covered <= total <= LARGEST or exactly_covers(orders, guesses[k], target)
            ):
                high = guesses[k]
                break
            low, below = guesses[k], total
        before = count
        count = _compact(
            candidate_bids, candidate_quantities, count, low, high, scratch_bids, scratch_quantities
        )
        candidate_bids, candidate_quantities = scratch_bids, scratch_quantities
        poor_passes_left -= count > before // 2
    if count <= BRUTE_FORCE_MAX:
        return brute_force_price(
            candidate_bids,
            candidate_quantities,
            count,
            below,
            high,
            orders,
            target,
            supply,
        )
    # Sorting bounds the work for prices chosen against the guesses.
    order = np.argsort(candidate_bids[:count], kind="mergesort")
    total = below
    for i in order:
        price = candidate_bids[i]
        total += candidate_quantities[i]
        if total >= surely_short and (
            surely_covered <= total <= LARGEST or exactly_covers(orders, price, target)
        ):
            high = price
            break
    return high if high < math.inf else math.nan


@compiled(nogil=True, forceinline=True)
def brute_force_price(
    candidate_bids, candidate_quantities, count, below, high, orders, target, supply
):
    """Do the same for at most `BRUTE_FORCE_MAX` candidates, by comparing all with all."""
    surely_short, surely_covered = target_bounds(orders, target)
    for i in range(count):
        supply[i] = below
    for j in range(count):
        bid, quantity = candidate_bids[j], candidate_quantities[j]
        for i in range(count):
            supply[i] += quantity if bid <= candidate_bids[i] else 0.0
    # The lowest price that covers demand for sure, and the lowest that may.
    sure, possible = high, high
    for i in range(count):
        covers = (supply[i] >= surely_covered) & (supply[i] <= LARGEST)
        sure = min(sure, candidate_bids[i] if covers else high)
        possible = min(possible, high if supply[i] < surely_short else candidate_bids[i])
    if possible < sure:
        sure = _decide_exactly(candidate_bids, count, possible, sure, orders, target)
    return sure if sure < math.inf else math.nan


@compiled(nogil=True)
def _decide_exactly(candidate_bids, count, price, high, orders, target):
    """Try the candidates from `price` on, below `high`, in exact arithmetic."""
    while price < high:
        if exactly_covers(orders, price, target):
            return price
        higher = high
        for i in range(count):
            if candidate_bids[i] > price:
                higher = min(higher, candidate_bids[i])
        price = higher
    return high


@compiled(nogil=True)
def marginal_rank(order, bids, quantities, demand):
    """Find, in merit order, the rank of the offer that covers demand; in a shortage, the end."""
    target = demand * COVERAGE
    orders = bids, quantities
    surely_short, surely_covered = target_bounds(orders, target)
    supply = 0.0
    rank = 0
    # Four at a time: an addition waits for the one before it, so one for four takes a quarter.
    while rank + 4 <= order.size:
        a, b = quantities[order[rank]], quantities[order[rank + 1]]
        c, d = quantities[order[rank + 2]], quantities[order[rank + 3]]
        total = supply + ((a + b) + (c + d))
        if total >= surely_short:
            break
        supply = total
        rank += 4
    while rank < order.size:
        price = bids[order[rank]]
        supply += quantities[order[rank]]
        # Offers at the same price may follow; the exact sum includes them.
        if supply >= surely_short and (
            surely_covered <= supply <= LARGEST or exactly_covers(orders, price, target)
        ):
            break
        rank += 1
    return rank


@compiled(nogil=True)
def _draw_guesses(bids, count, state):
    """Draw seven prices, and sort them."""
    state, a = _draw_price(bids, count, state)
    state, b = _draw_price(bids, count, state)
    state, c = _draw_price(bids, count, state)
    state, d = _draw_price(bids, count, state)
    state, e = _draw_price(bids, count, state)
    state, f = _draw_price(bids, count, state)
    state, g = _draw_price(bids, count, state)
    # A sorting network of 16 comparisons, the fewest for seven; the same as in selection.rs.
    a, g = _sorted_pair(a, g)
    c, d = _sorted_pair(c, d)
    e, f = _sorted_pair(e, f)
    a, c = _sorted_pair(a, c)
    b, e = _sorted_pair(b, e)
    d, g = _sorted_pair(d, g)
    a, b = _sorted_pair(a, b)
    c, f = _sorted_pair(c, f)
    d, e = _sorted_pair(d, e)
    b, c = _sorted_pair(b, c)
    e, g = _sorted_pair(e, g)
    c, d = _sorted_pair(c, d)
    e, f = _sorted_pair(e, f)
    b, c = _sorted_pair(b, c)
    d, e = _sorted_pair(d, e)
    f, g = _sorted_pair(f, g)
    return state, (a, b, c, d, e, f, g)


@compiled(nogil=True)
def _draw_price(bids, count, state):
    state, i = next_index(count, state)
    return state, bids[i]


@compiled(nogil=True)
def next_index(count, state):
    """Draw an index below `count`, and return the next state of the generator.

    A Weyl sequence: it adds 2**64 divided by the golden ratio, modulo 2**64, and so spreads any
    number of draws evenly. The high half times `count`, shifted, is the index.
    """
    state += np.uint64(0x9E37_79B9_7F4A_7C15)
    return state, ((state >> np.uint64(32)) * np.uint64(count)) >> np.uint64(32)


@compiled(nogil=True)
def _sorted_pair(a, b):
    return (a if a < b else b), (a if a > b else b)


@compiled(nogil=True, fastmath=REORDERED)
def _supply_at(bids, quantities, count, a, b, c, d, e, f, g):
    """Add up what is offered at or below each of seven prices."""
    at_a = at_b = at_c = at_d = at_e = at_f = at_g = 0.0
    for i in range(count):
        bid, quantity = bids[i], quantities[i]
        at_a += quantity if bid <= a else 0.0
        at_b += quantity if bid <= b else 0.0
        at_c += quantity if bid <= c else 0.0
        at_d += quantity if bid <= d else 0.0
        at_e += quantity if bid <= e else 0.0
        at_f += quantity if bid <= f else 0.0
        at_g += quantity if bid <= g else 0.0
    return at_a, at_b, at_c, at_d, at_e, at_f, at_g


@compiled(nogil=True)
def _compact(bids, quantities, count, low, high, scratch_bids, scratch_quantities):
    """Copy the offers strictly between two prices to the front; return how many there are."""
    copied = 0
    for i in range(count):
        # Every offer is written, but counted only if it stays: no branch can be mispredicted.
        bid, quantity = bids[i], quantities[i]
        scratch_bids[copied] = bid
        scratch_quantities[copied] = quantity
        copied += (bid > low) & (bid < high)
    return copied
