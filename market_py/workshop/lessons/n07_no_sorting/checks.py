"""Check of the exercise of notebook 07."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable
from typing import Any

import numpy as np

import market_py
from market_py.validation import Float64Array
from market_py.workshop.grading import check
from market_py.workshop.grading.check import CheckResult, Refused, hint, right
from market_py.workshop.playground import exercise


class TooMany(Exception):
    """More prices were compared than a selection needs."""


class Counter:
    """Counts comparisons, and ends what compares more than a limit."""

    def __init__(self, limit: float) -> None:
        self.comparisons, self._limit = 0, limit

    def count(self) -> None:
        """Count a comparison."""
        self.comparisons += 1
        if self.comparisons > self._limit:
            raise TooMany


def _counted(compare: Callable[[Any, Any], bool]) -> Any:
    """Make a comparison of a price, with another or with a number, that is counted."""

    def counted(self: Price, other: Any) -> bool:
        self._counter.count()
        return compare(self._value, other._value if isinstance(other, Price) else float(other))

    return counted


class Price:
    """A price that can be compared, and counts it; nothing else can be done with it."""

    __slots__ = ("_counter", "_value")

    def __init__(self, value: float, counter: Counter) -> None:
        self._value, self._counter = value, counter

    __eq__ = _counted(operator.eq)
    __lt__ = _counted(operator.lt)
    __gt__ = _counted(operator.gt)
    __le__ = _counted(operator.le)
    __ge__ = _counted(operator.ge)

    def __hash__(self) -> int:
        return hash(self._value)

    def __repr__(self) -> str:
        return f"{self._value:g}"


Case = tuple[str, list[float], list[float], float]
"""What it is about, bids, quantities, and demand."""
SELECTION_CASES: list[Case] = [
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
DEMANDS = np.linspace(0.5, 0.95, 6)
"""Of what is offered. What takes offers off a heap one by one is quick where demand is small."""
GROWTH = 2.5
"""Comparisons for each offer: sorting needs log2(32) = 5 more at the larger size."""
MOST = 60
"""Comparisons for each offer that no selection needs."""


@check.graded
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
    for case in cases:
        _finds(clearing_price, case)
    return _count_comparisons(clearing_price, rng)


def _finds(clearing_price: Callable[..., Any], case: Case) -> None:
    """Refuse a function that fails in a case, or has not been written."""
    about, bids, quantities, demand = case
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
        raise Refused(check.RETURNS_NOTHING if about == SELECTION_CASES[0][0] else missing)
    if not isinstance(price, Price) or price._value != wanted:
        moved = [bid._value for bid in given] != bids
        told = "\nThe bids have changed places, and their quantities have not." if moved else ""
        raise Refused(f"{about}.\n{market}\nexpected {wanted:g}\nyours    {price!r}{told}")


def _count_comparisons(clearing_price: Callable[..., Any], rng: np.random.Generator) -> CheckResult:
    ranks = np.arange(2000.0)
    orders = {
        "sorted, cheapest first": ranks,
        "sorted, highest first": ranks[::-1],
        "all equal": np.ones(2000),
        "at two levels": ranks % 2,
    }
    for about, bids in orders.items():
        if _comparisons(clearing_price, bids, rng) > MOST:
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


@check.graded
def check_search(function: Callable[..., Any]) -> CheckResult:
    """Check that a numba or Rust function clears markets without a sort; compare it with ours.

    It is then one of the learner's variants.
    """
    exercise.require_compiled(function)
    if re.search(r"\w*sort\w*\(", exercise.code(function)):
        raise exercise.not_done("your function sorts so far.")
    exercise.require_right(function)
    name = exercise.keep(function)
    language = name.partition("-")[0]
    others = f"{language}-keys", f"{language}-select"
    compared = [exercise.compared(name, *others, offers=it) for it in (200, 10_000)]
    return right("\n".join(["every market is cleared right, and without a sort.", *compared]))
