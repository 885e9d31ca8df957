"""The Rust variants of the ladder; in two of them Python provides the array that Rust fills."""

from market_py import extension
from market_py.variants.result_array import anew, into

_rust = extension.load()

rust_naive = _rust.market_clearing_naive
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
