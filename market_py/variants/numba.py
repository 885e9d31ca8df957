"""The numba variants of the ladder: named ways to clear a market, kept to be compared.

Each variant changes one thing about the one before, checks no values, and is frozen. Variants that
sort keep the semantics of the published function, not the contract's. The Rust variants are in
``rust_market/core/src``, their argument conversion in ``rust_market/src``. Only Rust has a variant
that returns a list: numba returns arrays. Functions that call the kernels of the backend are not
cached: numba would not notice that those have changed.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from market_py.backends.numba_kernels import FEW, clear
from market_py.variants.result_array import anew, into

SHORT = 16
"""Stretches so short are sorted by insertion."""


@njit(cache=True)
def numba_sort(bids, quantities, demand):  # type: ignore[no-untyped-def]
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


@njit(cache=True)
def numba_scratch(bids, quantities, demand):  # type: ignore[no-untyped-def]
    """Clear a market without temporaries: after the sort, one loop in merit order."""
    dispatch = np.empty(bids.size)
    price = _accept(np.argsort(bids), bids, quantities, demand, dispatch)
    return price, dispatch


@njit(cache=True)
def numba_keys(bids, quantities, demand):  # type: ignore[no-untyped-def]
    """Clear a market by a sort in which the price travels with the place."""
    keys, places = bids.copy(), np.arange(bids.size)
    _sort_pairs(keys, places)
    dispatch = np.empty(bids.size)
    price = _accept(places, bids, quantities, demand, dispatch)
    return price, dispatch


@njit
def numba_select(bids, quantities, demand):  # type: ignore[no-untyped-def]
    """Clear a market without sorting, as the backend does; the array is made in compiled code."""
    dispatch = np.empty(bids.size)
    price = _select(bids, quantities, demand, dispatch)
    return price, dispatch


@njit
def _select(bids, quantities, demand, dispatch):  # type: ignore[no-untyped-def]
    """Fill the dispatch, return the price, check nothing."""
    kept = dispatch if bids.size <= FEW else np.empty(2 * bids.size)
    return clear(bids, quantities, demand, False, math.nan, dispatch, kept)


numba_cheap, numba_out = anew(_select), into(_select)


@njit(cache=True)
def _accept(order, bids, quantities, demand, dispatch):  # type: ignore[no-untyped-def]
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


@njit(cache=True)
def _sort_pairs(keys, places):  # type: ignore[no-untyped-def]
    """Sort keys, each with its place: quicksort, the longer part waiting; insertion when short."""
    waiting = np.empty((64, 2), dtype=np.int64)
    waiting[0] = 0, keys.size
    count = 1
    while count > 0:
        count -= 1
        start, stop = waiting[count]
        while stop - start > SHORT:
            middle = _partition(keys, places, start, stop)
            if middle - start < stop - middle:
                waiting[count] = middle, stop
                stop = middle
            else:
                waiting[count] = start, middle
                start = middle
            count += 1
        for i in range(start + 1, stop):
            key, place = keys[i], places[i]
            j = i
            while j > start and keys[j - 1] > key:
                keys[j], places[j] = keys[j - 1], places[j - 1]
                j -= 1
            keys[j], places[j] = key, place


@njit(cache=True)
def _partition(keys, places, start, stop):  # type: ignore[no-untyped-def]
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
        places[low], places[high] = places[high], places[low]
        low += 1
        high -= 1


def numba_sort_rows(bids, quantities, demands, threads=1):  # type: ignore[no-untyped-def]
    """Clear a batch by `numba_sort`, row after row in one compiled call; one thread counts.

    ``bids`` of shape (N,) are shared by all rows, and sorted again for each.
    """
    return _sort_rows(np.atleast_2d(bids), np.atleast_2d(quantities), demands)


@njit(cache=True)
def _sort_rows(bids, quantities, demands):  # type: ignore[no-untyped-def]
    prices = np.empty(demands.size)
    dispatch = np.empty((demands.size, bids.shape[1]))
    for row in range(demands.size):
        prices[row], dispatch[row] = numba_sort(
            bids[row % bids.shape[0]], quantities[row % quantities.shape[0]], demands[row]
        )
    return prices, dispatch
