"""Merit-order market clearing in Python, NumPy, numba and Rust.

>>> from market_py import market_clearing
>>> price, dispatch = market_clearing([30.0, 10.0, 20.0], [100.0, 100.0, 100.0], 150.0)
>>> price
20.0
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from market_py.clearing import market_clearing, market_clearing_batch
    from market_py.registry import available_backends, available_variants, get_backend, get_variant

__all__ = [
    "available_backends",
    "available_variants",
    "get_backend",
    "get_variant",
    "market_clearing",
    "market_clearing_batch",
]


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def __getattr__(name: str) -> Any:
    # Imported when first asked for, so that `python -m market_py doctor` runs where NumPy, or
    # anything else, is missing.
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = "clearing" if name.startswith("market_clearing") else "registry"
    globals()[name] = getattr(importlib.import_module(f"{__name__}.{home}"), name)
    return globals()[name]
