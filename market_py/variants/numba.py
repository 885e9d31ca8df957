# mypy: allow-untyped-defs
"""The numba variants of the ladder: frozen functions that clear a market, for comparison.

Each variant changes one thing about the one before, and checks no values. Variants that sort behave
like the published function and do not follow the contract. The Rust variants are in
``rust_market/core/src``, their argument conversion in ``rust_market/src``. Only Rust has a variant
that returns a list: numba returns arrays.
"""

from __future__ import annotations

import math

import numpy as np

from market_py.backends.compilation import compiled
from market_py.backends.numba_kernels import clear
from market_py.backends.numba_selection import BRUTE_FORCE_MAX
from market_py.variants.result_array import anew, into

INSERTION_MAX = 16
"""Up to so many keys are sorted by insertion."""


@compiled()
def numba_sort(bids, quantities, demand):
    """Clear a market in the published shape: sort, sum up, search, scatter."""
    order = np.argsort(bids)
    sorted_bids = bids[order]
    sorted_quantities = quantities[order]
    supply = np.cumsum(sorted_quantities)
    marginal = min(np.searchsorted(supply, demand), bids.size - 1)
    accepted = np.zeros_like(quantities)
    accepted[:marginal] = sorted_quantities[:marginal]
    before = supply[marginal - 1] if marginal > 0 else 0.0
    accepted[marginal] = min(sorted_quantities[marginal], demand - before)
    dispatch = np.zeros_like(quantities)
    dispatch[order] = accepted
    return sorted_bids[marginal], dispatch


@compiled()
def numba_scratch(bids, quantities, demand):
    """Clear a market without temporaries: after the sort, one loop in merit order."""
    dispatch = np.empty(bids.size)
    price = _accept(np.argsort(bids), bids, quantities, demand, dispatch)
    return price, dispatch


@compiled()
def numba_keys(bids, quantities, demand):
    """Clear a market by sorting pairs of a price and an index, which avoids indirect reads."""
    keys, indices = bids.copy(), np.arange(bids.size)
    _sort_pairs(keys, indices)
    dispatch = np.empty(bids.size)
    price = _accept(indices, bids, quantities, demand, dispatch)
    return price, dispatch


@compiled()
def numba_select(bids, quantities, demand):
    """Clear a market without sorting, as the backend does; compiled code makes the array."""
    dispatch = np.empty(bids.size)
    price = _select(bids, quantities, demand, dispatch)
    return price, dispatch


@compiled()
def _select(bids, quantities, demand, dispatch):
    """Fill the dispatch, return the price, check nothing."""
    scratch = dispatch if bids.size <= BRUTE_FORCE_MAX else np.empty(2 * bids.size)
    return clear(bids, quantities, demand, False, math.nan, dispatch, scratch)


numba_filled, numba_out = anew(_select), into(_select)


@compiled()
def _accept(order, bids, quantities, demand, dispatch):
    """Dispatch offers in merit order until demand is met; return the price of the last one."""
    dispatch[:] = 0.0
    supply = 0.0
    price = math.nan
    for i in order:
        price = bids[i]
        before = supply
        supply += quantities[i]
        if supply >= demand:
            dispatch[i] = demand - before
            break
        dispatch[i] = quantities[i]
    return price


@compiled()
def _sort_pairs(keys, indices):
    """Sort keys and their indices: a quicksort that ends in insertion sorts."""
    # The longer part waits, so that at most log2(n) < 64 parts do.
    waiting = np.empty((64, 2), dtype=np.int64)
    waiting[0] = 0, keys.size
    count = 1
    while count > 0:
        count -= 1
        start, stop = waiting[count]
        while stop - start > INSERTION_MAX:
            middle = _partition(keys, indices, start, stop)
            if middle - start < stop - middle:
                waiting[count] = middle, stop
                stop = middle
            else:
                waiting[count] = start, middle
                start = middle
            count += 1
        for i in range(start + 1, stop):
            key, index = keys[i], indices[i]
            j = i
            while j > start and keys[j - 1] > key:
                keys[j], indices[j] = keys[j - 1], indices[j - 1]
                j -= 1
            keys[j], indices[j] = key, index


@compiled()
def _partition(keys, indices, start, stop):
    """Move keys up to a pivot before the others (Hoare); return where the others begin."""
    a, b, c = keys[start], keys[(start + stop) // 2], keys[stop - 1]
    pivot = max(min(a, b), min(max(a, b), c))
    low, high = start, stop - 1
    while True:
        while keys[low] < pivot:
            low += 1
        while keys[high] > pivot:
            high -= 1
        if low >= high:
            return max(low, start + 1)
        keys[low], keys[high] = keys[high], keys[low]
        indices[low], indices[high] = indices[high], indices[low]
        low += 1
        high -= 1


def numba_sort_rows(bids, quantities, demands, threads=1):
    """Clear a batch by `numba_sort`, row after row in one compiled call, on one thread.

    ``bids`` of shape (N,) are shared by all rows, and sorted again for each.
    """
    return _sort_rows(np.atleast_2d(bids), np.atleast_2d(quantities), demands)


@compiled()
def _sort_rows(bids, quantities, demands):
    prices = np.empty(demands.size)
    dispatch = np.empty((demands.size, bids.shape[1]))
    for row in range(demands.size):
        prices[row], dispatch[row] = numba_sort(
            bids[row % bids.shape[0]], quantities[row % quantities.shape[0]], demands[row]
        )
    return prices, dispatch
