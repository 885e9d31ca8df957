"""The numba backend: convert and check arguments, then call compiled code.

The compiled functions are in `numba_kernels` and, of auctions, in `numba_auction`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache, partial
from typing import Any, SupportsIndex

import numpy as np
from numpy import empty, float64, ndarray
from numpy.typing import ArrayLike, NDArray

from market_py.backends.numba_kernels import (
    check_and_clear,
    clear_attached,
    clear_released,
    clear_rows,
    clear_rows_in_order,
)
from market_py.backends.numba_sampling import SAMPLING_MIN
from market_py.backends.python import clear_auction, repeat_shared_orders
from market_py.backends.threads import parallel_for
from market_py.validation import (
    Batch,
    Float64Array,
    Ties,
    check_auction,
    check_auction_batch,
    check_batch,
    check_market,
)

OFFERS_PER_CHUNK = 1 << 13
"""Number of offers, about, that a thread clears at a time."""

WORTH_RELEASING = 1 << 14
"""From so many offers on, the GIL is released: a call then takes longer than the release."""

DOUBLE = np.dtype(np.float64)
INDEX = "index"


def market_clearing(
    bids: ArrayLike,
    quantities: ArrayLike,
    demand: float,
    *,
    ties: Ties = "index",
    price_cap: float | None = None,
) -> tuple[float, Float64Array]:
    """Clear one market; see `market_py.market_clearing`."""
    if (
        type(bids) is type(quantities) is ndarray
        and bids.dtype is quantities.dtype is DOUBLE
        and (type(demand) is float or type(demand) is float64)
        and ties is INDEX
        and price_cap is None
    ):
        try:
            offers = len(bids)
            dispatch = empty(offers)
            fill = clear_attached if offers < WORTH_RELEASING else clear_released
            price = fill(bids, quantities, demand, dispatch)
        except TypeError:  # An array has another number of dimensions.
            price = math.nan
        if price == price:
            return price, dispatch
    # Compiled code tells that something is wrong, but not what: check again, and say it.
    market = check_market(bids, quantities, demand, ties, price_cap)
    offered = _writeable(market.bids), _writeable(market.quantities)
    cap = math.nan if market.price_cap is None else market.price_cap
    dispatch = np.empty(market.bids.size)
    price = check_and_clear(*offered, market.demand, market.ties == "pro_rata", cap, dispatch)
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
) -> tuple[Float64Array, Float64Array]:
    """Clear a batch, its rows split among threads; see `market_py.market_clearing_batch`."""
    given = bids, quantities, demand, ties, price_cap, threads
    try:
        # Compiled code checks the values of the offers, row by row, faster than NumPy does.
        batch = check_batch(*given, trust_offers=True)
    except (TypeError, ValueError):
        check_batch(*given)  # An earlier argument may hold a wrong value.
        raise
    cap = np.array(math.nan) if batch.price_cap is None else batch.price_cap
    table = (-1, batch.offers)
    prices = np.empty(batch.markets)
    dispatch = np.empty((batch.markets, batch.offers))
    if batch.markets == 0:
        check_batch(*given)
        return prices, dispatch
    order = _shared_order(batch)
    arguments = (
        _writeable(batch.bids).reshape(table),
        _writeable(batch.quantities).reshape(table),
        _writeable(batch.demand).reshape(-1),
        batch.ties == "pro_rata",
        _writeable(cap).reshape(-1),
        prices,
        dispatch,
        *order,
    )
    clear = clear_rows_in_order if order else clear_rows
    share = max(1, OFFERS_PER_CHUNK // batch.offers)
    workers = min(batch.threads, 1 + dispatch.size // OFFERS_PER_CHUNK)
    if not parallel_for(partial(clear, *arguments), batch.markets, share, workers):
        check_batch(*given)
        raise ValueError("the arguments changed during the call")
    return prices, dispatch


def _shared_order(batch: Batch) -> tuple[NDArray[np.intp], ...]:
    """Sort bids that all markets share; return the order, and the ranks that each price spans.

    Return nothing for bids that are not valid, and where a search is faster: in one market, or
    among many offers.
    """
    worth_sorting = batch.markets > 1 and batch.offers < SAMPLING_MIN
    if batch.bids.ndim > 1 or not worth_sorting or not np.isfinite(batch.bids).all():
        return ()
    order = np.argsort(batch.bids, kind="stable")
    prices = batch.bids[order]
    return order, np.stack([np.searchsorted(prices, prices, side) for side in ("left", "right")])


@cache
def _auction_kernels() -> Any:
    """Import the functions that clear auctions at their first use: compiling them takes long."""
    from market_py.backends import numba_auction

    return numba_auction


def _writeable(array: Float64Array) -> Float64Array:
    """Copy a read-only array: for numba it has another type, which would be compiled again."""
    return array if array.flags.writeable else array.copy()


def auction_clearing(
    offer_prices: ArrayLike,
    offer_quantities: ArrayLike,
    bid_prices: ArrayLike,
    bid_quantities: ArrayLike,
    *,
    k: float = 0.0,
    ties: Ties = "index",
) -> tuple[float, Float64Array, Float64Array]:
    """Clear one auction; see `market_py.auction_clearing`."""
    if (
        type(offer_prices) is type(offer_quantities) is ndarray
        and type(bid_prices) is type(bid_quantities) is ndarray
        and offer_prices.dtype is offer_quantities.dtype is DOUBLE
        and bid_prices.dtype is bid_quantities.dtype is DOUBLE
        and type(k) is float
        and ties is INDEX
    ):
        try:
            offers, bids = len(offer_prices), len(bid_prices)
            sold, bought = empty(offers), empty(bids)
            kernels = _auction_kernels()
            is_small = offers + bids < WORTH_RELEASING
            fill = kernels.clear_attached if is_small else kernels.clear_auction
            price = fill(
                offer_prices, offer_quantities, bid_prices, bid_quantities, k, False, sold, bought
            )
        except TypeError:  # An array has another number of dimensions, or another layout.
            price = math.nan
        if price == price:
            return price, sold, bought
    # Compiled code does not tell what is wrong, or whether it left the auction to Python.
    auction = check_auction(offer_prices, offer_quantities, bid_prices, bid_quantities, k, ties)
    orders = map(_writeable, auction[:4])
    sold, bought = np.empty(auction.offer_prices.size), np.empty(auction.bid_prices.size)
    fill = _auction_kernels().clear_auction
    price = fill(*orders, auction.k, auction.ties == "pro_rata", sold, bought)
    return (price, sold, bought) if price == price else _clear_in_python(auction[:4], *auction[4:])


def auction_clearing_batch(
    offer_prices: ArrayLike,
    offer_quantities: ArrayLike,
    bid_prices: ArrayLike,
    bid_quantities: ArrayLike,
    *,
    k: ArrayLike = 0.0,
    ties: Ties = "index",
    threads: SupportsIndex | None = None,
) -> tuple[Float64Array, Float64Array, Float64Array]:
    """Clear a batch, its rows split among threads; see `market_py.auction_clearing_batch`."""
    given = offer_prices, offer_quantities, bid_prices, bid_quantities, k, ties, threads
    try:
        # As in `market_clearing_batch`.
        batch = check_auction_batch(*given, trust_orders=True)
    except (TypeError, ValueError):
        check_auction_batch(*given)
        raise
    offers, bids = batch.orders
    prices = np.empty(batch.auctions)
    sold, bought = np.empty((batch.auctions, offers)), np.empty((batch.auctions, bids))
    clear = partial(
        _auction_kernels().clear_auction_rows,
        *(np.atleast_2d(_writeable(orders)) for orders in batch[:4]),
        _writeable(batch.k).reshape(-1),
        batch.ties == "pro_rata",
        prices,
        sold,
        bought,
    )
    share = max(1, OFFERS_PER_CHUNK // (offers + bids))
    workers = min(batch.threads, 1 + (sold.size + bought.size) // OFFERS_PER_CHUNK)
    parallel_for(clear, batch.auctions, share, workers)
    undecided = np.flatnonzero(np.isnan(prices))
    if undecided.size or batch.auctions == 0:
        batch = repeat_shared_orders(check_auction_batch(*given))
    for row in undecided:
        orders = [array[row] for array in batch[:4]]
        prices[row], sold[row], bought[row] = _clear_in_python(orders, batch.k[row], batch.ties)
    return prices, sold, bought


def _clear_in_python(
    orders: Sequence[Any], *options: Any
) -> tuple[float, Float64Array, Float64Array]:
    """Clear an auction that compiled code has left; check a copy, which no thread can change."""
    return clear_auction(check_auction(*(array.copy() for array in orders), *options))
