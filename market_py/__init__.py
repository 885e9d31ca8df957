"""Merit-order market clearing in Python, NumPy, numba and Rust.

>>> from market_py import market_clearing
>>> price, dispatch = market_clearing([30.0, 10.0, 20.0], [100.0, 100.0, 100.0], 150.0)
>>> price
20.0
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from market_py.extras import lazy_exports

if TYPE_CHECKING:
    from market_py.auction import (
        auction_clearing,
        auction_clearing_batch,
        payments,
        price_interval,
        surplus,
    )
    from market_py.clearing import market_clearing, market_clearing_batch
    from market_py.orders import clear_orders
    from market_py.registry import available_backends, available_variants, get_backend, get_variant

__all__ = [
    "auction_clearing",
    "auction_clearing_batch",
    "available_backends",
    "available_variants",
    "clear_orders",
    "get_backend",
    "get_variant",
    "market_clearing",
    "market_clearing_batch",
    "payments",
    "price_interval",
    "surplus",
]

# Imported at first use: `python -m market_py doctor` must run where NumPy is missing.
__getattr__, __dir__ = lazy_exports(
    __name__,
    auction=(
        "auction_clearing",
        "auction_clearing_batch",
        "payments",
        "price_interval",
        "surplus",
    ),
    clearing=("market_clearing", "market_clearing_batch"),
    orders=("clear_orders",),
    registry=("available_backends", "available_variants", "get_backend", "get_variant"),
)
