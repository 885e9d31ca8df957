"""Search for the price step by step, in slow and readable code that records every step.

The backends search in the same way, but with vectorised sums. When few candidates are left, they
compare every candidate with every other.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from market_py.backends.constants import COVERAGE


class Pass(NamedTuple):
    """One pass over the candidates: some guesses, and where they leave the answer."""

    guesses: tuple[float, ...]
    """Prices, lowest first, no two alike."""
    supplies: tuple[float, ...]
    """What is offered at or below each, MW."""
    low: float
    """The answer is above it."""
    high: float
    """The answer is not above it."""
    visited: int
    """Offers that were looked at."""
    left: tuple[int, ...]
    """Offers strictly between the ends: what may still set the price."""


class Search(NamedTuple):
    """How the price of a market was found."""

    price: float | None
    """None in a shortage."""
    passes: tuple[Pass, ...]


def search(
    bids: Sequence[float],
    quantities: Sequence[float],
    demand: float,
    guesses: int = 7,
    seed: int = 0,
) -> Search:
    """Find the lowest price that covers a positive demand, without sorting the offers.

    Each pass draws so many guesses from the candidates, at random.
    """
    rng = np.random.default_rng(seed)
    target = demand * COVERAGE
    low, high = -math.inf, math.inf
    known: list[float] = []  # Quantities of the offers at or below `low`.
    candidates = tuple(range(len(bids)))
    passes = []
    while candidates:
        drawn = sorted({bids[candidates[i]] for i in rng.integers(len(candidates), size=guesses)})
        supplies = []
        cheap = known
        for guess in drawn:
            offered = known + [quantities[i] for i in candidates if bids[i] <= guess]
            supplies.append(math.fsum(offered))
            # `fsum` rounds once: its sign is that of the exact sum.
            if math.fsum([*offered, -target]) >= 0:
                high = guess
                break
            low, cheap = guess, offered
        known = cheap
        left = tuple(i for i in candidates if low < bids[i] < high)
        passes.append(
            Pass(tuple(drawn[: len(supplies)]), tuple(supplies), low, high, len(candidates), left)
        )
        candidates = left
    return Search(high if high < math.inf else None, tuple(passes))


def simulate(guesses: int, markets: int = 200, offers: int = 300, seed: int = 7) -> list[float]:
    """Search random markets, whose demand is equally likely to lie anywhere.

    Returns means: the share of candidates that the first pass leaves, how often all passes look at
    an offer, and the number of passes.
    """
    rng = np.random.default_rng(seed)
    runs = []
    for market in range(markets):
        bids, quantities = rng.random((2, offers)).tolist()
        demand = rng.uniform(0, sum(quantities))
        passes = search(bids, quantities, demand, guesses, seed=market).passes
        visited = sum(step.visited for step in passes)
        runs.append((len(passes[0].left) / offers, visited / offers, len(passes)))
    means: list[float] = np.mean(runs, axis=0).tolist()
    return means


def counted(guesses: Sequence[int], offers: int) -> str:
    """Set what searches of random markets do beside what was derived for them, a line a search."""
    headings = ("guesses", "left", "derived", "visits", "derived", "passes", "ln N / ln 1/r")
    lines = ["".join(f"{heading:>14}" for heading in headings)]
    for number in guesses:
        left, visits, passes = simulate(number, offers=offers)
        r = 2 / (number + 2)
        derived = math.log(offers) / math.log(1 / r)
        numbers = (left, r, visits, 1 / (1 - r), passes, derived)
        lines.append(
            "".join([f"{number:>14}", *(f"{it:>14.{3 - i // 2}f}" for i, it in enumerate(numbers))])
        )
    return "\n".join(lines)
