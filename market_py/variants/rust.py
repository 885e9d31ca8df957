"""The variants of the Rust ladder that need some Python: arrays that the caller makes."""

from market_py.variants.result_array import anew, into
from rust_market import market_clearing_into

rust_filled, rust_out = anew(market_clearing_into), into(market_clearing_into)
