"""The numba backend: convert and check arguments, then call the compiled `numba_kernels`."""

from __future__ import annotations

import math
from functools import partial
from typing import SupportsIndex

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
from market_py.backends.threads import parallel_for
from market_py.validation import Batch, Float64Array, Ties, check_batch, check_market

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


def _writeable(array: Float64Array) -> Float64Array:
    """Copy a read-only array: for numba it has another type, which would be compiled again."""
    return array if array.flags.writeable else array.copy()


def auction_clearing(*args, **kwargs):
    raise NotImplementedError


auction_clearing_batch = auction_clearing
