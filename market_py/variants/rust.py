"""Rust variants that are partly Python: NumPy allocates the array, and Rust fills it."""

from market_py.variants.result_array import anew, into
from rust_market import market_clearing_into

rust_filled, rust_out = anew(market_clearing_into), into(market_clearing_into)
