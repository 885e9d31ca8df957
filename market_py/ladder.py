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
