"""The Rust backend: the functions of the compiled extension ``rust_market``, unchanged."""

from __future__ import annotations

from market_py import extension

market_clearing = extension.load().market_clearing
market_clearing_batch = extension.load().market_clearing_batch
auction_clearing = extension.load().auction_clearing
auction_clearing_batch = extension.load().auction_clearing_batch
