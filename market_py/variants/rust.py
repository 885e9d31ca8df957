"""The Rust variants of the ladder; in some of them Python provides or makes the result array."""

import numpy as np

from market_py import extension
from market_py.validation import Float64Array
from market_py.variants.result_array import anew, into

_rust = extension.load()

rust_naive = _rust.market_clearing_naive


def rust_published(
    bids: Float64Array, quantities: Float64Array, demand: float
) -> tuple[float, Float64Array]:
    """Clear a market as the published benchmark timed it: `rust_naive`, its list made an array."""
    price, dispatch = rust_naive(bids, quantities, demand)
    return price, np.array(dispatch)


rust_ndarray = _rust.market_clearing_ndarray
rust_scratch = _rust.market_clearing_scratch
rust_unstable = _rust.market_clearing_unstable
rust_keys = _rust.market_clearing_keys
rust_select = _rust.market_clearing_select
rust_unchecked = _rust.market_clearing_unchecked
rust_filled = anew(_rust.market_clearing_into)
rust_out = into(_rust.market_clearing_into)
rust_naive_unchecked = _rust.market_clearing_naive_unchecked
rust_select_list = _rust.market_clearing_select_list
