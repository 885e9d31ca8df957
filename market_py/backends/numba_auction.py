# mypy: allow-untyped-defs
"""Compiled clearing of auctions with orders on both sides.

A bid that is rejected is a generator that is not needed. So the lower end of the price interval is
the price of a market of all orders, the book, in which all that is bid is demanded, and
`numba_selection` finds it there. Bids count a billionth less in it, for the tolerance. Where
floating-point sums cannot decide, exact sums do. The few cases that are left (sums beyond the
doubles, sums of subnormal numbers, tiny quantities at many prices) return NaN, as invalid values
do, and Python clears them.
"""

from __future__ import annotations

import math

import numpy as np
from numba import types

from market_py.backends.compilation import compiled
from market_py.backends.constants import COVERAGE, EPSILON, TINY
from market_py.backends.numba_dispatch import CHUNK, fill_at, share_at
from market_py.backends.numba_sampling import (
    CACHE_LINE,
    SAMPLING_MIN,
    accept_and_mark,
    append_marked,
    bracket_in_sample,
    draw_sample,
    sample_size,
)
from market_py.backends.numba_selection import BRUTE_FORCE_MAX, REORDERED, lowest_covering_price
from market_py.backends.numba_sums import (
    LARGEST,
    exact_difference,
    exactly_takes,
    sum_in_lanes,
    target_bounds,
)

MOST = LARGEST / 4
"""The largest sum of both sides that compiled code clears: sums of four of them do not overflow."""
MAX_STEPS = 8
"""After so many prices of the book above the lowest one that clears the auction, Python goes on."""


@compiled(nogil=True, fastmath=REORDERED)
def _copy_orders(prices, quantities, weight, book_prices, book_quantities):
    """Copy the orders of one side, with a weight; return their sum, or NaN if one is not valid."""
    refused, total = False, 0.0
    for i in range(prices.size):
        price, quantity = prices[i], quantities[i]
        refused |= not ((abs(price) <= LARGEST) & (quantity >= 0.0) & (quantity <= LARGEST))
        book_prices[i] = price
        book_quantities[i] = weight * quantity
        total += quantity
    return math.nan if refused else total


@compiled(nogil=True)
def _accept(orders, inner, below, above, low, pro_rata, sold, bought, scratch):
    """Accept orders of both sides, given the lower end of the price interval.

    Return the upper end, or NaN where Python has to clear. The inner orders are all those that the
    price may accept or reject; `below` is offered and `above` is bid beside them, and accepted.
    """
    offer_prices, offer_quantities, bid_prices, bid_quantities = inner
    sums = _accept_inside(offer_prices, offer_quantities, -math.inf, low, sold, scratch)
    supply_below, supply = below + sums[0], below + sums[1]
    sums = _accept_inside(bid_prices, bid_quantities, low, math.inf, bought, scratch)
    demand_above, demand = above + sums[0], above + sums[1]
    # As in `target_bounds`.
    error = (2 * (orders[0].size + orders[2].size) + 16) * EPSILON
    high = low
    if not demand_above < supply * (COVERAGE - error):
        high = _highest_price(orders, low, error)
        if math.isnan(high):
            return math.nan
        if high > low:
            sums = _accept_inside(bid_prices, bid_quantities, high, math.inf, bought, scratch)
            demand_above, demand = above + sums[0], above + sums[1]
    if not supply + demand <= MOST:
        return math.nan
    # The side that has more is cut down to what the other has. Exact sums tell which side that is;
    # floating-point sums tell well enough how much remains.
    difference = supply - demand
    if 0.0 < abs(difference) <= error * max(supply, demand):
        difference = exact_difference(orders, low, high, max(supply, demand))
    remaining_offers = demand - supply_below if difference > 0.0 else LARGEST
    remaining_bids = supply - demand_above if difference < 0.0 else LARGEST
    filled = _fill(offer_prices, offer_quantities, low, -math.inf, remaining_offers, pro_rata, sold)
    filled &= _fill(bid_prices, bid_quantities, high, math.inf, remaining_bids, pro_rata, bought)
    return high if filled else math.nan


@compiled(nogil=True)
def _accept_inside(prices, quantities, low, high, accepted, scratch):
    """Accept the orders strictly between two prices, and no others.

    Return their sum, and that of all orders from the one price to the other. Both have a fixed
    order, so that an auction has the same result alone and in a batch.
    """
    inside, through = 0.0, 0.0
    for start in range(0, prices.size, CHUNK):
        chunk = slice(start, start + CHUNK)
        own_prices, own_quantities, own_accepted = prices[chunk], quantities[chunk], accepted[chunk]
        terms = scratch[: own_prices.size]
        for i in range(own_prices.size):
            price, quantity = own_prices[i], own_quantities[i]
            own_accepted[i] = (quantity if (price > low) & (price < high) else 0.0) + 0.0
            terms[i] = quantity if (price >= low) & (price <= high) else 0.0
        inside += sum_in_lanes(own_accepted)
        through += sum_in_lanes(terms)
    return inside, through


@compiled(nogil=True)
def _fill(prices, quantities, price, best, remaining, pro_rata, accepted):
    """Accept the orders at the price until nothing remains.

    If less than nothing remains, as far as rounding and the tolerance allow, first give up accepted
    orders, the worst first; their prices lie between the price and the best one. Return whether few
    steps are enough.
    """
    for _ in range(MAX_STEPS):
        if remaining >= 0.0:
            if pro_rata and 0.0 < remaining < LARGEST:
                share_at(prices, quantities, price, remaining, accepted)
            elif remaining > 0.0:
                fill_at(prices, quantities, price, remaining, accepted)
            return True
        worst = best
        for i in range(prices.size):
            is_worse = prices[i] > worst if best < price else prices[i] < worst
            if accepted[i] > 0.0 and is_worse:
                worst = prices[i]
        price = worst
        for i in range(prices.size):
            if prices[i] == price:
                remaining += accepted[i]
                accepted[i] = 0.0
    return False


@compiled(nogil=True)
def _highest_price(orders, low, error):
    """Find the upper end of the price interval, given the lower end; NaN after too many steps.

    Nearly always it is the lower end, or the next price of the book. Only where quantities are tiny
    beside what is traded, several prices follow.
    """
    offer_prices, offer_quantities, bid_prices, bid_quantities = orders
    high = low
    for _ in range(MAX_STEPS):
        # What is offered below the next price of the book, and what is bid at or above it.
        supply = _sum_above(offer_prices, offer_quantities, -math.inf, high)
        demand = _sum_above(bid_prices, bid_quantities, high, math.inf)
        if demand < supply * (COVERAGE - error):
            return high
        price = _next_price(orders, high)
        if price == math.inf:
            return high
        if demand <= supply * (COVERAGE + error) and not exactly_takes(orders, price):
            return high
        high = price
    return math.nan


@compiled(nogil=True)
def _next_price(orders, low):
    """Return the lowest price of the book above another; the book has no orders of nothing.

    Where there are no other orders it has these.
    """
    offer_prices, offer_quantities, bid_prices, bid_quantities = orders
    lowest, lowest_positive, positive = math.inf, math.inf, False
    for prices, quantities in ((offer_prices, offer_quantities), (bid_prices, bid_quantities)):
        for i in range(prices.size):
            price = prices[i] if prices[i] > low else math.inf
            is_positive = quantities[i] > 0.0
            positive |= is_positive
            lowest = min(lowest, price)
            lowest_positive = min(lowest_positive, price if is_positive else math.inf)
    return lowest_positive if positive else lowest


@compiled(nogil=True, fastmath=REORDERED)
def _sum_above(prices, quantities, low, high):
    """Add up the quantities at prices above low and up to high."""
    total = 0.0
    for i in range(prices.size):
        total += quantities[i] if (prices[i] > low) & (prices[i] <= high) else 0.0
    return total


@compiled(nogil=True)
def _clear_within_bracket(orders, pro_rata, sold, bought):
    """Clear a large auction with the help of a sample; return the price interval.

    Decide about the orders outside the bracket in one pass, and copy those inside. They are an
    auction of their own, with what is accepted outside. Return NaN if the interval is not inside,
    if more than a quarter of the orders are, or if some orders are not valid.
    """
    offer_prices, offer_quantities, bid_prices, bid_quantities = orders
    failed = math.nan, math.nan
    count = offer_prices.size + bid_prices.size
    most = count // 4
    scratch = np.empty(5 * most + CHUNK + CHUNK // 8 + BRUTE_FORCE_MAX)
    demand = sum_in_lanes(bid_quantities)
    if not 2.0 * TINY <= demand <= MOST:
        return failed
    low, high = _bracket(orders, demand, scratch)
    if not low < high:
        return failed

    terms, scratch = scratch[:CHUNK], scratch[CHUNK:]
    marks, scratch = scratch[: CHUNK // 8].view(np.uint8), scratch[CHUNK // 8 :]
    supply, scratch = scratch[:BRUTE_FORCE_MAX], scratch[BRUTE_FORCE_MAX:]
    indices, scratch = scratch[:most].view(np.int64), scratch[most:]
    prices, quantities, book = scratch[:most], scratch[most : 2 * most], scratch[2 * most :]
    copies = indices, prices, quantities
    offers, below, _ = _collect(
        offer_prices, offer_quantities, low, high, False, sold, marks, copies
    )
    if offers < 0:
        return failed
    copies = indices[offers:], prices[offers:], quantities[offers:]
    bids, rejected, above = _collect(
        bid_prices, bid_quantities, low, high, True, bought, marks, copies
    )
    if bids < 0:
        return failed
    inside = offers + bids
    prices, quantities, book = prices[:inside], quantities[:inside], book[: 2 * inside]
    inner = prices[:offers], quantities[:offers], prices[offers:], quantities[offers:]
    book_prices, book_quantities = book[:inside], book[inside:]
    for i in range(inside):
        book_prices[i] = prices[i]
        book_quantities[i] = quantities[i] if i < offers else COVERAGE * quantities[i]
    known = below + COVERAGE * rejected
    through = known + sum_in_lanes(book_quantities)
    # Both ends must be certain, as in a market with a fixed demand.
    surely_short, surely_covered = target_bounds(orders, demand * COVERAGE)
    if not (known < surely_short and surely_covered <= through <= MOST):
        return failed
    lowest = lowest_covering_price(
        book_prices, book_quantities, known, high, orders, demand, supply, book
    )
    inner_sold, inner_bought = book[:offers], book[offers:inside]
    highest = _accept(
        orders, inner, below, above, lowest, pro_rata, inner_sold, inner_bought, terms
    )
    if not highest <= high:
        return failed
    for i in range(offers):
        sold[indices[i]] = inner_sold[i]
    for i in range(bids):
        bought[indices[offers + i]] = inner_bought[i]
    return lowest, highest


@compiled(nogil=True)
def _bracket(orders, demand, scratch):
    """Guess a price below the interval and one in it or above, as for a fixed demand."""
    offer_prices, offer_quantities, bid_prices, bid_quantities = orders
    count = offer_prices.size + bid_prices.size
    # From each side a share of the sample.
    offers = sample_size(count) * offer_prices.size // count // CACHE_LINE * CACHE_LINE
    bids = sample_size(count) * bid_prices.size // count // CACHE_LINE * CACHE_LINE
    size = offers + bids
    prices, quantities, scratch = scratch[:size], scratch[size : 2 * size], scratch[2 * size :]
    draw_sample(offer_prices, offer_quantities, prices[:offers], quantities[:offers])
    draw_sample(bid_prices, bid_quantities, prices[offers:], quantities[offers:])
    return bracket_in_sample(prices, quantities, demand / count * size, scratch)


@compiled(nogil=True)
def _collect(prices, quantities, low, high, are_bids, accepted, marks, copies):
    """Accept the offers up to `low`, or the bids above `high`; copy those that lie between.

    Return how many are copied, the sum of the quantities up to `low`, and that of the accepted
    bids. The number is negative if there are too many, or some are not valid.
    """
    indices, inner_prices, inner_quantities = copies
    count, below, above = 0, 0.0, 0.0
    for start in range(0, prices.size, CHUNK):
        chunk = slice(start, start + CHUNK)
        own_prices, own_quantities, own_accepted = prices[chunk], quantities[chunk], accepted[chunk]
        if count + own_prices.size > indices.size:
            return -1, below, above
        if not accept_and_mark(own_prices, own_quantities, low, high, own_accepted, marks):
            return -1, below, above
        below += sum_in_lanes(own_accepted)
        before, count = count, append_marked(marks[: own_prices.size], indices, count)
        if are_bids:
            for i in range(own_prices.size):
                own_accepted[i] = own_quantities[i] - own_accepted[i] + 0.0
        for i in range(before, count):
            inner_prices[i] = own_prices[indices[i]]
            inner_quantities[i] = own_quantities[indices[i]]
            own_accepted[indices[i]] = 0.0
            indices[i] += start
        if are_bids:
            above += sum_in_lanes(own_accepted)
    return count, below, above


@compiled(nogil=True)
def _price_in_interval(low, high, k):
    """Return the price; each operation is rounded once, so that all backends return the same."""
    if not low <= high:
        return math.nan
    return float(min(max((1.0 - k) * low + k * high, low), high) + 0.0)


_VECTOR = types.Array(types.float64, 1, "C")
_SIGNATURE = types.float64(*[_VECTOR] * 4, types.float64, types.boolean, *[_VECTOR] * 2)


# Compiled at import, for these types only: arrays of any other type are refused.
@compiled(_SIGNATURE, nogil=True)
def clear_auction(
    offer_prices, offer_quantities, bid_prices, bid_quantities, k, pro_rata, sold, bought
):
    """Clear one auction: fill what is sold and bought, return the price.

    Return NaN if numbers of orders or values are not valid, or where Python has to clear.
    """
    # The type tells the dimensions, except where numba is switched off.
    if offer_prices.ndim != 1 or bid_prices.ndim != 1:
        return math.nan
    if offer_prices.shape != offer_quantities.shape or bid_prices.shape != bid_quantities.shape:
        return math.nan
    orders = offer_prices, offer_quantities, bid_prices, bid_quantities
    count = offer_prices.size + bid_prices.size
    if count == 0 or not 0.0 <= k <= 1.0:
        return math.nan
    if count >= SAMPLING_MIN:
        low, high = _clear_within_bracket(orders, pro_rata, sold, bought)
        if low <= high:
            return _price_in_interval(low, high, k)
    scratch = np.empty(2 * count + BRUTE_FORCE_MAX)
    scratch, supply = scratch[: 2 * count], scratch[2 * count :]
    book_prices, book_quantities = scratch[:count], scratch[count:]
    offered = _copy_orders(offer_prices, offer_quantities, 1.0, book_prices, book_quantities)
    book_bids = book_prices[offer_prices.size :], book_quantities[offer_prices.size :]
    demand = _copy_orders(bid_prices, bid_quantities, COVERAGE, *book_bids)
    if demand == 0.0 and offered <= MOST:
        low = _next_price(orders, -math.inf)
    elif demand >= 2.0 * TINY and offered + demand <= MOST:
        low = lowest_covering_price(
            book_prices, book_quantities, 0.0, math.inf, orders, demand, supply, scratch
        )
    else:
        return math.nan
    high = _accept(orders, orders, 0.0, 0.0, low, pro_rata, sold, bought, scratch)
    return _price_in_interval(low, high, k)


@compiled(_SIGNATURE)
def clear_attached(
    offer_prices, offer_quantities, bid_prices, bid_quantities, k, pro_rata, sold, bought
):
    """Do the same with the GIL held."""
    return clear_auction(
        offer_prices, offer_quantities, bid_prices, bid_quantities, k, pro_rata, sold, bought
    )


@compiled(nogil=True)
def clear_auction_rows(
    offer_prices,
    offer_quantities,
    bid_prices,
    bid_quantities,
    k,
    pro_rata,
    prices,
    sold,
    bought,
    start,
    stop,
):
    """Clear the rows from ``start`` to ``stop``; an argument with one row is shared by all.

    Return true, also where the price of a row is NaN, as of `clear_auction`.
    """
    for row in range(start, stop):
        prices[row] = clear_auction(
            offer_prices[row if len(offer_prices) > 1 else 0],
            offer_quantities[row if len(offer_quantities) > 1 else 0],
            bid_prices[row if len(bid_prices) > 1 else 0],
            bid_quantities[row if len(bid_quantities) > 1 else 0],
            k[row if len(k) > 1 else 0],
            pro_rata,
            sold[row],
            bought[row],
        )
    return True
