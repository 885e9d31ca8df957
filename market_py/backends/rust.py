"""The Rust backend: the compiled extension ``rust_market``, as it is."""

from __future__ import annotations

import warnings

from market_py import extension

_extension = extension.load()
market_clearing = _extension.market_clearing
market_clearing_batch = _extension.market_clearing_batch

if problem := extension.complaint(_extension):
    warnings.warn(problem, RuntimeWarning, stacklevel=2)
