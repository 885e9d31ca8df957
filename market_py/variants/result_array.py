"""Provide the array of a result: a new one in each call, or the same one each time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numpy import empty

from market_py.validation import Float64Array

Fill = Callable[[Float64Array, Float64Array, float, Float64Array], float]
"""``(bids, quantities, demand, dispatch) -> price``; fills the dispatch."""


def anew(fill: Fill) -> Callable[..., Any]:
    """Return a function that fills a new array in each call."""

    def clear_anew(
        bids: Float64Array, quantities: Float64Array, demand: float
    ) -> tuple[float, Float64Array]:
        dispatch = empty(len(bids))
        return fill(bids, quantities, demand, dispatch), dispatch

    return clear_anew


def into(fill: Fill) -> Callable[..., Any]:
    """Return a function that overwrites the same array in each call."""
    out = empty(0)

    def clear_into(
        bids: Float64Array, quantities: Float64Array, demand: float
    ) -> tuple[float, Float64Array]:
        nonlocal out
        if len(out) != len(bids):
            out = empty(len(bids))
        return fill(bids, quantities, demand, out), out

    return clear_into
