"""The numba backend: loops compiled just in time, and cached; see `numba_kernels`."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import SupportsIndex

import numpy as np
from numpy import empty, ndarray
from numba import njit, types
from numpy.typing import ArrayLike

from market_py.backends.numba_kernels import clear, clear_rows, is_market
from market_py.validation import Floats, Ties, check_batch, check_market

OFFERS_PER_THREAD = 1 << 14
"""Fewer offers are not worth another thread."""

DOUBLE = np.dtype(np.float64)
INDEX = "index"
PLAIN = types.Array(types.float64, 1, "C")
STRIDED = types.Array(types.float64, 1, "A", readonly=True)


@njit(cache=True)
def _check_and_clear(bids, quantities, demand, pro_rata, cap, dispatch):  # type: ignore[no-untyped-def]
    """Clear one market and return its price, or NaN where the arguments are not a market."""
    if bids.size != quantities.size or bids.size == 0 or not is_market(bids, quantities, demand):
        return math.nan
    # No copy is made of what is contiguous by its type.
    bids, quantities = np.ascontiguousarray(bids), np.ascontiguousarray(quantities)
    return clear(bids, quantities, demand, pro_rata, cap, dispatch)


@njit(
    [types.float64(offers, offers, types.float64, PLAIN) for offers in (PLAIN, STRIDED)],
    cache=True,
)
def _clear_plain(bids, quantities, demand, dispatch):  # type: ignore[no-untyped-def]
    """Clear one market by the default rules."""
    return _check_and_clear(bids, quantities, demand, False, math.nan, dispatch)


def market_clearing(
    bids: ArrayLike,
    quantities: ArrayLike,
    demand: float,
    *,
    ties: Ties = "index",
    price_cap: float | None = None,
) -> tuple[float, Floats]:
    """Clear one market; see `market_py.market_clearing`."""
    if (
        type(bids) is type(quantities) is ndarray
        and bids.dtype is quantities.dtype is DOUBLE
        and type(demand) is float
        and ties is INDEX
        and price_cap is None
    ):
        try:
            dispatch = empty(len(bids))
            price = _clear_plain(bids, quantities, demand, dispatch)
        except TypeError:  # Of another dimension.
            price = math.nan
        if price == price:
            return price, dispatch
    # Compiled code can say that something is wrong, but not what.
    market = check_market(bids, quantities, demand, ties, price_cap)
    offered = _writeable(market.bids), _writeable(market.quantities)
    cap = math.nan if market.price_cap is None else market.price_cap
    dispatch = np.empty(market.bids.size)
    price = _check_and_clear(*offered, market.demand, market.ties == "pro_rata", cap, dispatch)
    if math.isnan(price):
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
        clear_rows(*arguments, 0, batch.markets)
        return prices, dispatch
    # Threads of our own, in compiled code that has released the GIL: numba's parallel loops abort
    # under concurrent calls where there is no other threading layer than `workqueue`.
    bounds = [batch.markets * worker // workers for worker in range(workers + 1)]
    try:
        with ThreadPoolExecutor(workers) as pool:
            parts = [pool.submit(clear_rows, *arguments, *part) for part in pairwise(bounds)]
        for part in parts:
            part.result()
    except RuntimeError:  # No thread can be started, as when Python shuts down.
        clear_rows(*arguments, 0, batch.markets)
    return prices, dispatch


def _writeable(array: Floats) -> Floats:
    """Copy a read-only array: to numba it would be of another type, compiled anew."""
    return array if array.flags.writeable else array.copy()
