# mypy: allow-untyped-defs
"""Compiled clearing: functions that clear one market, or the rows of a batch.

The algorithm is that of ``rust_market/core``. `numba_selection` finds the price; in large markets
`numba_sampling` first narrows the search. `numba_dispatch` fills the result.

LLVM vectorises these loops because they have no branch: a comparison selects a value or zero. The
sum that decides the dispatch has a fixed order, so that a market has the same result alone and in a
batch. Functions for small markets have ``forceinline``, because passing an array to a function
takes longer than adding up its values.
"""

from __future__ import annotations

import math

import numpy as np
from numba import types

from market_py.backends.compilation import compiled
from market_py.backends.constants import COVERAGE
from market_py.backends.numba_dispatch import (
    accept_below,
    accept_chunk_below,
    clear_without_demand,
    dispatch_at_price,
    fill_indices,
    fill_range,
)
from market_py.backends.numba_sampling import (
    SAMPLING_MIN,
    are_valid_offers,
    bracket_from_sample,
    clear_within_bracket,
)
from market_py.backends.numba_selection import (
    BRUTE_FORCE_MAX,
    brute_force_price,
    lowest_covering_price,
    marginal_rank,
)
from market_py.backends.numba_sums import LARGEST


@compiled(nogil=True, forceinline=True)
def clear(bids, quantities, demand, pro_rata, cap, dispatch, scratch):
    """Clear one market: fill the dispatch, return the price; a cap of NaN means none.

    ``scratch`` is working memory for twice as many doubles as there are offers. It is not used up
    to `BRUTE_FORCE_MAX` offers.
    """
    if demand == 0.0:
        return clear_without_demand(bids, quantities, dispatch)
    if bids.size <= BRUTE_FORCE_MAX:
        return _clear_by_brute_force(bids, quantities, demand, pro_rata, cap, dispatch)
    price = lowest_covering_price(
        bids, quantities, 0.0, math.inf, (bids, quantities), demand, dispatch, scratch
    )
    return dispatch_at_price(price, bids, quantities, demand, pro_rata, cap, dispatch)


@compiled(nogil=True, forceinline=True)
def _clear_by_brute_force(bids, quantities, demand, pro_rata, cap, dispatch):
    """Do the same for a few offers, where making slices would take as long as clearing."""
    target = demand * COVERAGE
    price = brute_force_price(
        bids, quantities, bids.size, 0.0, math.inf, (bids, quantities), target, dispatch
    )
    if pro_rata or math.isnan(price):
        return dispatch_at_price(price, bids, quantities, demand, pro_rata, cap, dispatch)
    accepted = accept_chunk_below(bids, quantities, price, dispatch)
    remaining = max(demand - accepted, 0.0)
    fill_range(bids, quantities, price, remaining, 0.0, dispatch, 0, bids.size)
    return price + 0.0


@compiled(nogil=True, forceinline=True)
def _check_and_clear(bids, quantities, demand, pro_rata, cap, dispatch, scratch):
    """Do the same, and return NaN where the values are not valid."""
    if not 0.0 <= demand <= LARGEST:
        return math.nan
    if bids.size >= SAMPLING_MIN and demand > 0.0:
        low, high = bracket_from_sample(bids, quantities, demand, scratch)
        if low < high:
            price = clear_within_bracket(
                bids, quantities, demand, pro_rata, low, high, dispatch, scratch
            )
            if not math.isnan(price):
                return price
    if not are_valid_offers(bids, quantities):
        return math.nan
    return clear(bids, quantities, demand, pro_rata, cap, dispatch, scratch)


@compiled(nogil=True)
def clear_rows(bids, quantities, demand, pro_rata, cap, prices, dispatch, start, stop):
    """Clear the rows from ``start`` to ``stop``; an argument with one row is shared by all.

    Return whether all of them are valid; if not, the results mean nothing.
    """
    scratch = np.empty(2 * dispatch.shape[1])
    for row in range(start, stop):
        own_bids = bids[row if len(bids) > 1 else 0]
        own_quantities = quantities[row if len(quantities) > 1 else 0]
        own_demand = demand[row if len(demand) > 1 else 0]
        own_cap = cap[row if len(cap) > 1 else 0]
        prices[row] = _check_and_clear(
            own_bids, own_quantities, own_demand, pro_rata, own_cap, dispatch[row], scratch
        )
        if math.isnan(prices[row]):
            return False
    return True


@compiled(nogil=True)
def clear_rows_in_order(
    bids, quantities, demand, pro_rata, cap, prices, dispatch, order, tied, start, stop
):
    """Do the same where all rows share valid bids, whose merit order is ``order``.

    The price of the offer with some rank is that of all ranks from ``tied[0]`` to ``tied[1]``.
    """
    bids = bids[0]
    for row in range(start, stop):
        own_quantities = quantities[row if len(quantities) > 1 else 0]
        own_demand = demand[row if len(demand) > 1 else 0]
        own_cap = cap[row if len(cap) > 1 else 0]
        own_dispatch = dispatch[row]
        if not _is_valid(own_quantities, own_demand):
            return False
        if own_demand == 0.0:
            prices[row] = clear_without_demand(bids, own_quantities, own_dispatch)
            continue
        rank = marginal_rank(order, bids, own_quantities, own_demand)
        price = bids[order[rank]] if rank < order.size else math.nan
        if pro_rata or rank == order.size:
            prices[row] = dispatch_at_price(
                price, bids, own_quantities, own_demand, pro_rata, own_cap, own_dispatch
            )
        else:
            remaining = accept_below(bids, own_quantities, price, own_demand, own_dispatch)
            indices = order[tied[0, rank] : tied[1, rank]]
            fill_indices(indices, own_quantities, remaining, own_dispatch)
            prices[row] = price + 0.0
    return True


@compiled(nogil=True)
def _is_valid(quantities, demand):
    """Whether the quantities and demand are finite and not negative."""
    refused = not 0.0 <= demand <= LARGEST
    for i in range(quantities.size):
        refused |= not ((quantities[i] >= 0.0) & (quantities[i] <= LARGEST))
    return not refused


@compiled(forceinline=True)
def check_and_clear(bids, quantities, demand, pro_rata, cap, dispatch):
    """Clear one market and return its price, or NaN where the arguments are not valid."""
    # The type tells the dimensions: in machine code that comparison costs nothing.
    if bids.ndim != 1 or quantities.ndim != 1 or bids.size != quantities.size or bids.size == 0:
        return math.nan
    # No copy is made of an array whose type says that it is contiguous.
    bids, quantities = np.ascontiguousarray(bids), np.ascontiguousarray(quantities)
    # Brute force does not use its scratch: any array will do.
    scratch = dispatch if bids.size <= BRUTE_FORCE_MAX else np.empty(2 * bids.size)
    return float(_check_and_clear(bids, quantities, demand, pro_rata, cap, dispatch, scratch))


_PLAIN = types.Array(types.float64, 1, "C")
_STRIDED = types.Array(types.float64, 1, "A", readonly=True)
_SIGNATURES = [
    types.float64(offers, offers, types.float64, _PLAIN) for offers in (_PLAIN, _STRIDED)
]


# Compiled at import for these types, so that the first call need not wait.
@compiled(_SIGNATURES)
def clear_attached(bids, quantities, demand, dispatch):
    """Clear one market by the default rules."""
    return check_and_clear(bids, quantities, demand, False, math.nan, dispatch)


@compiled(_SIGNATURES, nogil=True)
def clear_released(bids, quantities, demand, dispatch):
    """Do the same with the GIL released."""
    return check_and_clear(bids, quantities, demand, False, math.nan, dispatch)
