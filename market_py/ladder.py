"""The numba rungs of the ladder: named ways to clear a market, kept side by side to be compared.

A rung keeps the semantics of the published function, not the contract's, and is frozen. The Rust
rungs are in ``rust_market/core/src/ladder.rs``.
"""

from __future__ import annotations

import numpy as np
from numba import njit


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


def numba_sort_rows(bids, quantities, demands, threads=1):  # type: ignore[no-untyped-def]
    """Clear a batch by `numba_sort`, row after row in one compiled call; one thread works.

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
