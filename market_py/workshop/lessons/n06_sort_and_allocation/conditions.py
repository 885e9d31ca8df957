"""The conditions under which notebook 06 times the variants that sort."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from market_py.benchmark import inputs
from market_py.validation import Float64Array

LADDERS = {
    "numba": ("numba-sort", "numba-scratch", "numba-keys"),
    "rust": ("rust-ndarray", "rust-scratch", "rust-unstable", "rust-keys"),
}
"""The variants that sort, each with one change more than the one before it."""
TIMED_VARIANTS = tuple(name for ladder in LADDERS.values() for name in ladder)
SIZES = (20, 50, 200, 1000)
DISTINCT, REPEATED = f"{inputs.DISTINCT} different markets", "one market, repeated"


class Conditions(NamedTuple):
    """Under which variants are timed."""

    offers: int
    ordered: int
    """Per cent of the offers that arrive in merit order."""
    markets: str
    """`DISTINCT` or `REPEATED`."""

    def __str__(self) -> str:
        """Say it in words."""
        return f"{self.offers} offers, {self.ordered} % in order, {self.markets}"


def partly_sorted(offers: int, ordered: int, rng: np.random.Generator) -> Float64Array:
    """Draw prices, cheapest first, and shuffle among themselves all but `ordered` per cent."""
    bids = np.sort(rng.uniform(0, 100, offers))
    moved = rng.permutation(offers)[: round(offers * (100 - ordered) / 100)]
    bids[moved] = bids[rng.permutation(moved)]
    return bids


def make_markets(conditions: Conditions, seed: int = 0) -> list[Any]:
    """Make the markets to be timed."""
    offers, ordered, markets = conditions
    rng = np.random.default_rng([seed, offers, ordered])

    def make() -> tuple[Float64Array, Float64Array, float]:
        _, quantities, demand = inputs.random_market(offers, rng)
        return partly_sorted(offers, ordered, rng), quantities, demand

    if markets == REPEATED:
        return [make()] * inputs.DISTINCT
    return [make() for _ in range(inputs.DISTINCT)]
