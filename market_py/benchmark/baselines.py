"""Baselines of the benchmark: an empty call, and one pass over the data."""

from __future__ import annotations

from typing import Any

import numpy as np

from market_py.backends.compilation import compiled
from market_py.benchmark import timing
from market_py.validation import Float64Array


def baselines(market: tuple[Float64Array, Float64Array, Any]) -> dict[str, timing.Call]:
    """Return the baselines for markets, or batches, of this shape."""
    out = np.empty_like(market[1])
    kernel = _pass if out.ndim == 1 else _pass_over_rows

    def one_pass(bids: Float64Array, quantities: Float64Array, demand: Any) -> None:
        kernel(bids, quantities, out)

    one_pass(*market)  # Compiled before it is timed.
    return {timing.EMPTY_CALL: timing.empty_call(3), timing.ONE_PASS: one_pass}


@compiled()
def _pass(bids, quantities, out):  # type: ignore[no-untyped-def]
    """Read both arrays, write one."""
    for i in range(out.size):
        out[i] = bids[i] + quantities[i]


@compiled()
def _pass_over_rows(bids, quantities, out):  # type: ignore[no-untyped-def]
    """Read and write row by row; the bids may be one row for all."""
    rows = np.atleast_2d(bids)
    for row in range(out.shape[0]):
        _pass(rows[row % rows.shape[0]], quantities[row], out[row])
