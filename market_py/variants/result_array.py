"""The array of a result: made anew in each call, or written over in the same array."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numpy import empty

from market_py.validation import Float64Array

Fill = Callable[[Float64Array, Float64Array, float, Float64Array], float]
"""Fills the dispatch of a market, and returns its price."""


def anew(fill: Fill) -> Callable[..., Any]:
    """Make a function that lets NumPy make the array of each dispatch."""

    def clear_anew(
        bids: Float64Array, quantities: Float64Array, demand: float
    ) -> tuple[float, Float64Array]:
        dispatch = empty(len(bids))
        return fill(bids, quantities, demand, dispatch), dispatch

    return clear_anew


def into(fill: Fill) -> Callable[..., Any]:
    """Make a function that writes each dispatch into the same array, over the one before."""
    out = empty(0)

    def clear_into(
        bids: Float64Array, quantities: Float64Array, demand: float
    ) -> tuple[float, Float64Array]:
        nonlocal out
        if len(out) != len(bids):
            out = empty(len(bids))
        return fill(bids, quantities, demand, out), out

    return clear_into
