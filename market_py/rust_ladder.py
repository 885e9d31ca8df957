"""The rung of the Rust ladder that needs some Python: an array that is kept between calls."""

from market_py.ladder import into
from rust_market import market_clearing_into

rust_out = into(market_clearing_into)
