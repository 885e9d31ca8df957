"""The numba backend: plain loops, compiled just in time and cached."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import SupportsIndex

import numpy as np
from numba import njit
from numpy.typing import ArrayLike

from market_py.backends.constants import COVERAGE, EPSILON, SCALE, TINY
from market_py.validation import Floats, Market, Ties, check_batch, check_market

DOUBLE = np.dtype(np.float64)
LARGEST = float(np.finfo(DOUBLE).max)

MOST_PARTS = 2100
"""Doubles that do not overlap: no more than there are bits from the largest to the smallest."""

OFFERS_PER_THREAD = 1 << 14
"""Fewer offers are not worth another thread."""


def market_clearing(
    bids: ArrayLike,
    quantities: ArrayLike,
    demand: float,
    *,
    ties: Ties = "index",
    price_cap: float | None = None,
) -> tuple[float, Floats]:
    """Clear one market; see `market_py.market_clearing`."""
    market = Market(bids, quantities, demand, ties, price_cap)  # type: ignore[arg-type]
    if not _is_plain(market):
        checked = check_market(*market)
        market = checked._replace(
            bids=_writeable(checked.bids), quantities=_writeable(checked.quantities)
        )
    dispatch = np.empty(market.bids.size)
    cap = math.nan if market.price_cap is None else market.price_cap
    price: float = _check_and_clear(*market[:3], market.ties == "pro_rata", cap, dispatch)
    if math.isnan(price):
        # Compiled code can say that something is wrong, but not what.
        check_market(bids, quantities, demand, ties, price_cap)
        raise ValueError("the arguments changed during the call")
    return price, dispatch


def market_clearing_batch(
    bids: ArrayLike,
    quantities: ArrayLike,
    demand: ArrayLike,
    *,
    ties: Ties = "index",
    price_cap: ArrayLike | None = None,
    threads: SupportsIndex | None = None,
) -> tuple[Floats, Floats]:
    """Clear a batch, its rows shared among threads; see `market_py.market_clearing_batch`."""
    batch = check_batch(bids, quantities, demand, ties, price_cap, threads)
    cap = np.array(math.nan) if batch.price_cap is None else batch.price_cap
    table = (-1, batch.offers)
    prices = np.empty(batch.markets)
    dispatch = np.empty((batch.markets, batch.offers))
    if batch.markets == 0:
        return prices, dispatch
    arguments = (
        _writeable(batch.bids).reshape(table),
        _writeable(batch.quantities).reshape(table),
        _writeable(batch.demand).reshape(-1),
        batch.ties == "pro_rata",
        _writeable(cap).reshape(-1),
        prices,
        dispatch,
    )
    workers = min(batch.threads, batch.markets, 1 + dispatch.size // OFFERS_PER_THREAD)
    if workers == 1:
        _clear_rows(*arguments, 0, batch.markets)
        return prices, dispatch
    # Threads of our own, in compiled code that has released the GIL: numba's parallel loops abort
    # under concurrent calls where there is no other threading layer than `workqueue`.
    bounds = [batch.markets * worker // workers for worker in range(workers + 1)]
    try:
        with ThreadPoolExecutor(workers) as pool:
            parts = [pool.submit(_clear_rows, *arguments, *part) for part in pairwise(bounds)]
        for part in parts:
            part.result()
    except RuntimeError:  # No thread can be started, as when Python shuts down.
        _clear_rows(*arguments, 0, batch.markets)
    return prices, dispatch


def _is_plain(market: Market) -> bool:
    """Whether unchecked arguments have the types that compiled code takes as they are."""
    bids, quantities, demand, ties, price_cap = market
    return (
        type(bids) is type(quantities) is np.ndarray
        and bids.dtype is quantities.dtype is DOUBLE
        and bids.ndim == quantities.ndim == 1
        and bids.flags.carray
        and quantities.flags.carray
        and type(demand) in (float, np.float64)
        and type(ties) is str
        and ties == "index"
        and price_cap is None
    )


def _writeable(array: Floats) -> Floats:
    """Copy a read-only array: to numba it would be of another type, compiled anew."""
    return array if array.flags.writeable else array.copy()


@njit(cache=True, nogil=True)
def _check_and_clear(bids, quantities, demand, pro_rata, cap, dispatch):  # type: ignore[no-untyped-def]
    """Clear one market and return its price, or NaN where the arguments are not a market."""
    if bids.size == 0 or bids.size != quantities.size or not 0.0 <= demand <= LARGEST:
        return math.nan
    for i in range(bids.size):
        if not (abs(bids[i]) <= LARGEST and 0.0 <= quantities[i] <= LARGEST):
            return math.nan
    order = np.argsort(bids, kind="mergesort")
    return _clear(order, bids, quantities, demand, pro_rata, cap, dispatch)


@njit(cache=True, nogil=True)
def _clear_rows(bids, quantities, demand, pro_rata, cap, prices, dispatch, start, stop):  # type: ignore[no-untyped-def]
    """Clear some rows of a batch; an argument of one row is shared by all."""
    for row in range(start, stop):
        own_bids = bids[row if len(bids) > 1 else 0]
        if row == start or len(bids) > 1:
            order = np.argsort(own_bids, kind="mergesort")
        prices[row] = _clear(
            order,
            own_bids,
            quantities[row if len(quantities) > 1 else 0],
            demand[row if len(demand) > 1 else 0],
            pro_rata,
            cap[row if len(cap) > 1 else 0],
            dispatch[row],
        )


@njit(cache=True, nogil=True)
def _clear(order, bids, quantities, demand, pro_rata, cap, dispatch):  # type: ignore[no-untyped-def]
    """Clear one market whose merit order is known; a cap of NaN means none."""
    marginal = _marginal_offer(order, quantities, demand)
    if marginal < 0:
        for i in range(quantities.size):
            dispatch[i] = quantities[i] + 0.0
        return (_highest_offer(order, bids, quantities) if math.isnan(cap) else cap) + 0.0
    price = bids[marginal]
    dispatch[:] = 0.0
    if demand > 0.0:
        _accept(order, bids, quantities, demand, price, pro_rata, dispatch)
    return price + 0.0


@njit(cache=True, nogil=True)
def _marginal_offer(order, quantities, demand):  # type: ignore[no-untyped-def]
    """Return the first offer in merit order with which supply covers demand, or -1."""
    if demand == 0.0:
        for i in order:
            if quantities[i] > 0.0:
                return i
        return order[0]
    target = demand * COVERAGE
    error = 4.0 * EPSILON + (quantities.size * EPSILON) ** 2  # As in Rust's sum.rs.
    surely_short, surely_covered = target * (1.0 - error), target * (1.0 + error)
    high, low = 0.0, 0.0
    for i in order:
        high, rounding = _two_sum(high, quantities[i])
        if math.isinf(high):  # It exceeds every demand.
            return i
        low += rounding
        if high + low >= surely_covered:
            return i
        if high + low > surely_short:
            return _marginal_offer_exactly(order, quantities, target)
    return -1


@njit(cache=True, nogil=True)
def _marginal_offer_exactly(order, quantities, target):  # type: ignore[no-untyped-def]
    """Decide as `_marginal_offer` does, in exact arithmetic.

    The shortfall is kept as a sum of doubles that do not overlap, smallest first (Shewchuk,
    Discrete Comput. Geom. 18 (1997) 305-363).
    """
    parts = np.empty(MOST_PARTS)
    parts[0] = target
    count = 1
    for i in order:
        carried = -quantities[i]
        kept = 0
        for part in range(count):
            carried, rounding = _two_sum(carried, parts[part])
            if rounding != 0.0:
                parts[kept] = rounding
                kept += 1
        if carried != 0.0:
            parts[kept] = carried
            kept += 1
        count = kept
        # The parts are too many only if somebody writes NaN meanwhile: the result means nothing.
        if count == 0 or parts[count - 1] <= 0.0 or count == MOST_PARTS:
            return i
    return -1


@njit(cache=True, nogil=True)
def _highest_offer(order, bids, quantities):  # type: ignore[no-untyped-def]
    """Return the highest offer of a positive quantity, or of any where there is none."""
    for i in order[::-1]:
        if quantities[i] > 0.0:
            return bids[i]
    return bids[order[-1]]


@njit(cache=True, nogil=True)
def _accept(order, bids, quantities, demand, price, pro_rata, dispatch):  # type: ignore[no-untyped-def]
    """Dispatch offers below the price in full and share what remains among those at it."""
    high, low = demand, 0.0
    first = 0
    while first < order.size and bids[order[first]] < price:
        i = order[first]
        dispatch[i] = quantities[i] + 0.0
        high, rounding = _two_sum(high, -quantities[i])
        low += rounding
        first += 1
    last = first
    while last < order.size and bids[order[last]] == price:
        last += 1
    if pro_rata:
        _share(order[first:last], quantities, high + low, dispatch)
        return
    for i in order[first:last]:
        accepted = min(quantities[i], high + low)
        if accepted > 0.0:
            dispatch[i] = accepted
            high, rounding = _two_sum(high, -quantities[i])
            low += rounding


@njit(cache=True, nogil=True)
def _share(tied, quantities, residual, dispatch):  # type: ignore[no-untyped-def]
    """Dispatch the same share of each tied quantity, safe from overflow and underflow."""
    high, low, scaled_total = 0.0, 0.0, 0.0
    for i in tied:
        high, rounding = _two_sum(high, quantities[i])
        low += rounding
        scaled_total += quantities[i] * SCALE
    ratio = 0.0 if math.isinf(high) else residual / (high + low)
    for i in tied:
        accepted = quantities[i] * ratio
        if ratio < TINY:
            accepted = quantities[i] * SCALE / scaled_total * residual
        dispatch[i] = min(quantities[i], accepted) + 0.0


@njit(cache=True, nogil=True)
def _two_sum(a, b):  # type: ignore[no-untyped-def]
    """Return the rounded sum of two numbers and the exact error of that rounding."""
    total = a + b
    b_rounded = total - a
    a_rounded = total - b_rounded
    return total, (a - a_rounded) + (b - b_rounded)
