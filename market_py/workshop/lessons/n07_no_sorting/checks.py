"""Check of the exercise of notebook 07."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

import market_py
from market_py.validation import Float64Array
from market_py.workshop.grading.check import (
    RETURNS_NOTHING,
    CheckResult,
    Refused,
    graded,
    hint,
    right,
)


class TooMany(Exception):
    """More prices were compared than a selection needs."""


class Price:
    """A price that can be compared, and counts it; nothing else can be done with it."""

    __slots__ = ("_counter", "_value")

    def __init__(self, value: float, counter: Counter) -> None:
        self._value, self._counter = value, counter

    def __eq__(self, other: object) -> bool:
        return self._value == self._counter.value_of(other)

    def __lt__(self, other: object) -> bool:
        return self._value < self._counter.value_of(other)

    def __gt__(self, other: object) -> bool:
        return self._value > self._counter.value_of(other)

    def __le__(self, other: object) -> bool:
        return self._value <= self._counter.value_of(other)

    def __ge__(self, other: object) -> bool:
        return self._value >= self._counter.value_of(other)

    def __hash__(self) -> int:
        return hash(self._value)

    def __repr__(self) -> str:
        return f"{self._value:g}"


class Counter:
    """Counts comparisons, and ends what compares more than a limit."""

    def __init__(self, limit: float) -> None:
        self.comparisons, self._limit = 0, limit

    def value_of(self, other: object) -> float:
        """Count a comparison with another price."""
        self.comparisons += 1
        if self.comparisons > self._limit:
            raise TooMany
        return other._value if isinstance(other, Price) else float(other)  # type: ignore[arg-type]


SELECTION_CASES: list[tuple[str, list[float], list[float], float]] = [
    ("a plain market", [30, 10, 20], [100, 100, 100], 150),
    ("demand that ends at a step", [10, 20, 30], [50, 50, 50], 100),
    ("one offer", [42], [10], 5),
    ("all prices equal", [20] * 9, [5] * 9, 31),
    ("two prices", [10, 20] * 6, [5] * 12, 31),
    ("two prices, the cheaper suffices", [10, 20] * 6, [5] * 12, 30),
    ("negative prices", [-5, 10, -20], [50, 50, 50], 70),
    ("all that is offered", [30, 10, 20], [100, 100, 100], 300),
]
SMALL, LARGE = 500, 16_000
"""Sizes between which comparisons for each offer are not to grow."""
DEMANDS = np.linspace(0.5, 0.95, 16)
"""Of what is offered. What takes offers off a heap one by one is quick where demand is small."""
GROWTH = 2.5
"""Comparisons for each offer: sorting needs log2(32) = 5 more at the larger size."""
MOST = 60
"""Comparisons for each offer that no selection needs."""


@graded
def check_clearing_price(clearing_price: Callable[..., Any]) -> CheckResult:
    """Judge ``clearing_price(bids, quantities, demand)`` by hidden cases and by comparisons."""
    rng = np.random.default_rng(7)
    cases = [*SELECTION_CASES]
    for kind, levels in (("random", 1000), ("tied", 3)):
        for _ in range(100):
            size = int(rng.integers(1, 40))
            quantities = rng.integers(1, 50, size)
            demand = int(rng.integers(1, quantities.sum() + 1))
            bids = rng.integers(-20, levels - 20, size)
            cases.append((f"{kind} prices", bids.tolist(), quantities.tolist(), demand))
    for about, bids, quantities, demand in cases:  # type: ignore[assignment]
        _finds(clearing_price, about, bids, quantities, demand)  # type: ignore[arg-type]
    return _count_comparisons(clearing_price, rng)


def _finds(
    clearing_price: Callable[..., Any],
    about: str,
    bids: list[float],
    quantities: list[float],
    demand: float,
) -> None:
    """Refuse a function that fails in a case, or has not been written."""
    market = f"bids {bids}, quantities {quantities}, demand {demand}"
    wanted, _ = market_py.market_clearing(bids, quantities, demand, backend="python")
    counter = Counter(MOST * 40)
    given = [Price(bid, counter) for bid in bids]
    try:
        price = clearing_price(given, list(quantities), demand)
    except TooMany:
        raise Refused(f"{about}: {counter.comparisons} comparisons and no end.\n{market}") from None
    except Exception as error:
        only = "\nPrices are compared here, and nothing else can be done with them."
        told = only if isinstance(error, TypeError) and Price.__name__ in str(error) else ""
        raise Refused(f"{about} fails: {error!r}.\n{market}{told}") from error
    if price is None:
        missing = f"{about}: nothing is returned, as if no price covered demand.\n{market}"
        raise Refused(RETURNS_NOTHING if about == SELECTION_CASES[0][0] else missing)
    if not isinstance(price, Price) or price._value != wanted:
        moved = [bid._value for bid in given] != bids
        told = "\nThe bids have changed places, and their quantities have not." if moved else ""
        raise Refused(f"{about}.\n{market}\nexpected {wanted:g}\nyours    {price!r}{told}")


def _count_comparisons(clearing_price: Callable[..., Any], rng: np.random.Generator) -> CheckResult:
    orders: dict[str, Callable[[int], Float64Array]] = {
        "sorted, cheapest first": lambda n: np.arange(n, dtype=float),
        "sorted, highest first": lambda n: np.arange(n, dtype=float)[::-1],
        "all equal": np.ones,
        "at two levels": lambda n: np.arange(n, dtype=float) % 2,
    }
    for about, make in orders.items():
        counted = _comparisons(clearing_price, make(2000), rng)
        if counted > MOST:
            return hint(
                f"all prices are right, but with 2,000 prices {about} your function made more "
                f"than {MOST} comparisons for each. Which guess shrinks the candidates by one "
                "only? Or are those compared again that are out of the question?"
            )
    small, large = (
        float(np.mean([_comparisons(clearing_price, rng.random(n), rng, at) for at in DEMANDS]))
        for n in (SMALL, LARGE)
    )
    counts = f"{small:.1f} comparisons for each of {SMALL} offers, {large:.1f} of {LARGE:,}"
    if large > MOST or large - small > GROWTH:
        return hint(
            f"all prices are right, but they take {counts}: that grows, as sorting does. "
            "A selection throws away the side on which the answer is not."
        )
    return right(f"all prices are right, with {counts}: that does not grow. It is O(N).")


def _comparisons(
    clearing_price: Callable[..., Any],
    bids: Float64Array,
    rng: np.random.Generator,
    at: float = 0.5,
) -> float:
    """Count comparisons for each offer, up to a little more than `MOST`."""
    counter = Counter(MOST * len(bids))
    prices = [Price(float(bid), counter) for bid in bids]
    quantities = rng.integers(1, 50, len(bids)).tolist()
    demand = at * sum(quantities)
    try:
        clearing_price(prices, quantities, demand)
    except (TooMany, RecursionError):
        return math.inf
    return counter.comparisons / len(bids)
