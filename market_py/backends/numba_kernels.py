"""What numba compiles: plain loops over the offers of a market.

The algorithm is that of ``rust_market/core``. Loops that are to be vectorised hold no branch: a
comparison chooses between a value and zero. LLVM may reorder the sums that only locate the price
(``fastmath``), since a bound of their error is taken into account; the sum behind the dispatch has
a fixed order, so that a market has one result, cleared alone or in a batch.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from market_py.backends.constants import COVERAGE, EPSILON, SCALE, TINY

LARGEST = float(np.finfo(np.float64).max)

MOST_PARTS = 2100
"""Doubles that do not overlap: no more than there are bits from the largest to the smallest."""

FEW = 24
"""So few offers are compared all with all."""
PATIENCE = 8
"""So many passes that do not shrink the candidates to a half are bad luck, or malice."""
BLOCK = 64
"""So many offers are looked at together for the price."""

REORDERED = {"reassoc", "nsz"}


@njit(cache=True, nogil=True)
def is_market(bids, quantities, demand):  # type: ignore[no-untyped-def]
    """Whether all values are what the contract asks for."""
    refused = not 0.0 <= demand <= LARGEST
    for i in range(bids.size):
        refused |= not (
            (abs(bids[i]) <= LARGEST) & (quantities[i] >= 0.0) & (quantities[i] <= LARGEST)
        )
    return not refused


@njit(cache=True, nogil=True)
def clear(bids, quantities, demand, pro_rata, cap, dispatch):  # type: ignore[no-untyped-def]
    """Clear one market: fill the dispatch, return the price; a cap of NaN means none."""
    if demand == 0.0:
        return _clear_without_demand(bids, quantities, dispatch)
    price = _lowest_covering_price(bids, quantities, demand, dispatch)
    return _settle(price, bids, quantities, demand, pro_rata, cap, dispatch)


@njit(cache=True, nogil=True)
def clear_rows(bids, quantities, demand, pro_rata, cap, prices, dispatch, start, stop):  # type: ignore[no-untyped-def]
    """Clear some rows of a batch; an argument of one row is shared by all."""
    shared = len(bids) == 1
    order = np.argsort(bids[0], kind="mergesort") if shared else np.empty(0, dtype=np.int64)
    for row in range(start, stop):
        row_bids = bids[0 if shared else row]
        row_quantities = quantities[row if len(quantities) > 1 else 0]
        row_demand = demand[row if len(demand) > 1 else 0]
        row_cap = cap[row if len(cap) > 1 else 0]
        if shared and row_demand > 0.0:
            price = _price_in_order(order, row_bids, row_quantities, row_demand)
            prices[row] = _settle(
                price, row_bids, row_quantities, row_demand, pro_rata, row_cap, dispatch[row]
            )
        else:
            prices[row] = clear(
                row_bids, row_quantities, row_demand, pro_rata, row_cap, dispatch[row]
            )


@njit(cache=True, nogil=True)
def _settle(price, bids, quantities, demand, pro_rata, cap, dispatch):  # type: ignore[no-untyped-def]
    """Dispatch the offers at a price that covers demand; at NaN, in a shortage, all."""
    if math.isnan(price):
        for i in range(bids.size):
            dispatch[i] = quantities[i] + 0.0
        return (_highest_offer(bids, quantities) if math.isnan(cap) else cap) + 0.0
    for i in range(bids.size):
        dispatch[i] = (quantities[i] if bids[i] < price else 0.0) + 0.0
    remaining = max(demand - _sum(dispatch), 0.0)  # Rounding may leave less than nothing.
    if pro_rata:
        _share(bids, quantities, price, remaining, dispatch)
    else:
        _serve(bids, quantities, price, remaining, dispatch)
    return price + 0.0


@njit(cache=True, nogil=True)
def _sum(terms):  # type: ignore[no-untyped-def]
    """Add up in eight sums side by side, which vectorises without reordering."""
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


@njit(cache=True, nogil=True)
def _serve(bids, quantities, price, remaining, dispatch):  # type: ignore[no-untyped-def]
    """Dispatch the offers at the price, the lowest index first, until nothing remains."""
    high, low = remaining, 0.0
    for start in range(0, bids.size, BLOCK):
        stop = min(start + BLOCK, bids.size)
        tied = 0
        for i in range(start, stop):
            tied += bids[i] == price
        if tied == 0:
            continue
        for i in range(start, stop):
            if bids[i] == price:
                dispatch[i] = max(min(quantities[i], high + low), 0.0)
                high, rounding = _two_sum(high, -quantities[i])
                low += rounding
                if high + low <= 0.0:
                    return


@njit(cache=True, nogil=True)
def _share(bids, quantities, price, remaining, dispatch):  # type: ignore[no-untyped-def]
    """Dispatch the same share of each offer at the price, safe from overflow and underflow."""
    high, low, scaled_total = 0.0, 0.0, 0.0
    for i in range(bids.size):
        if bids[i] == price:
            high, rounding = _two_sum(high, quantities[i])
            low += rounding
            scaled_total += quantities[i] * SCALE
    ratio = 0.0 if math.isinf(high) else remaining / (high + low)
    for i in range(bids.size):
        if bids[i] == price:
            accepted = quantities[i] * ratio
            if ratio < TINY:
                accepted = quantities[i] * SCALE / scaled_total * remaining
            dispatch[i] = min(quantities[i], accepted) + 0.0


@njit(cache=True, nogil=True)
def _clear_without_demand(bids, quantities, dispatch):  # type: ignore[no-untyped-def]
    """Dispatch nothing; the price is the cheapest offer, of a positive quantity if there is one."""
    dispatch[:] = 0.0
    cheapest, cheapest_positive = math.inf, math.inf
    for i in range(bids.size):
        cheapest = min(cheapest, bids[i])
        if quantities[i] > 0.0:
            cheapest_positive = min(cheapest_positive, bids[i])
    return (cheapest if math.isinf(cheapest_positive) else cheapest_positive) + 0.0


@njit(cache=True, nogil=True)
def _highest_offer(bids, quantities):  # type: ignore[no-untyped-def]
    """Return the highest offer, of a positive quantity if there is one."""
    highest, highest_positive = -math.inf, -math.inf
    for i in range(bids.size):
        highest = max(highest, bids[i])
        if quantities[i] > 0.0:
            highest_positive = max(highest_positive, bids[i])
    return highest if math.isinf(highest_positive) else highest_positive


@njit(cache=True, nogil=True)
def _bounds(offers, target):  # type: ignore[no-untyped-def]
    """Sums below the first surely fall short, sums from the second on surely cover (coverage.rs)."""
    error = (offers + 8) * EPSILON
    return target * (1.0 - error), target * (1.0 + error)


@njit(cache=True, nogil=True)
def _price_in_order(order, bids, quantities, demand):  # type: ignore[no-untyped-def]
    """Find the lowest price that covers demand, the merit order known; NaN in a shortage."""
    target = demand * COVERAGE
    surely_short, surely_covered = _bounds(bids.size, target)
    supply = 0.0
    for i in order:
        supply += quantities[i]
        if supply >= surely_short and (
            surely_covered <= supply <= LARGEST or _covers(bids, quantities, bids[i], target)
        ):
            return bids[i]
    return math.nan


@njit(cache=True, nogil=True)
def _lowest_covering_price(bids, quantities, demand, scratch):  # type: ignore[no-untyped-def]
    """Find the lowest price that covers demand; NaN in a shortage.

    Guess some prices, add up what is offered at or below each in one pass, keep the offers between
    the two guesses that enclose the answer, and go on with those.
    """
    offers = bids.size
    target = demand * COVERAGE
    surely_short, surely_covered = _bounds(offers, target)
    # `low` does not cover demand, and `below` is offered at or below it; `high` covers it.
    low, below, high = -math.inf, 0.0, math.inf
    kept_bids, kept_quantities, count = bids, quantities, offers
    if offers > FEW:
        new_bids, new_quantities = np.empty(offers), np.empty(offers)
        place = np.uint64(0)
        patience = PATIENCE
        while count > FEW:
            if patience == 0:
                high = _price_among_sorted(
                    kept_bids[:count], kept_quantities[:count], below, high,
                    bids, quantities, target, surely_short, surely_covered,
                )  # fmt: skip
                return high if high < math.inf else math.nan
            place, guesses = _guess(kept_bids, count, place)
            sums = _supply_at(kept_bids, kept_quantities, count, guesses)
            for k in range(len(guesses)):
                supply = below + sums[k]
                if supply >= surely_short and (
                    surely_covered <= supply <= LARGEST
                    or _covers(bids, quantities, guesses[k], target)
                ):
                    high = guesses[k]
                    break
                low = guesses[k]
                last = sums[k]
            else:
                k = len(guesses)
            if k > 0:
                below += last
            before = count
            count = _keep(kept_bids, kept_quantities, count, low, high, new_bids, new_quantities)
            kept_bids, kept_quantities = new_bids, new_quantities
            if count > before // 2:
                patience -= 1
        scratch = new_quantities if count < offers else scratch
    high = _price_among_few(
        kept_bids, kept_quantities, count, below, high,
        bids, quantities, target, surely_short, surely_covered, dispatch_scratch(scratch, count),
    )  # fmt: skip
    return high if high < math.inf else math.nan
