"""Checks of the exercises of notebooks 05, 06 and 07."""

from __future__ import annotations

import math
import tracemalloc
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

import market_py
from market_py.timing import Race, Ratio
from market_py.validation import Floats
from market_py.workshop.border import per_element
from market_py.workshop.exercises import (
    NOT_DONE,
    RETURNS_NOTHING,
    Verdict,
    hint,
    right,
    two_numbers,
)
from market_py.workshop.intervals import text

WIDEST = 4.0
"""An interval so many times wider than the check's own claims too little."""


def check_list(answer: Any, races: Mapping[int, Race]) -> Verdict:
    """Check a claimed price of a list's element, ``(low, high)`` in ns, against one's own races."""
    if answer is None:
        return NOT_DONE
    if len(races) < 2:
        return hint("time two sizes at least: your raw rounds judge your answer.")
    few, many = races[min(races)], races[max(races)]
    own = per_element(few, many)
    if own is None:
        return hint("there is no Rust in your rounds: build the extension and time it again.")
    try:
        low, high = two_numbers(answer)
    except (TypeError, ValueError):
        return hint("give the two ends of an interval in ns, as in (1.5, 2.5).")
    return _judge_interval(low, high, own, many.offers - few.offers)


def _judge_interval(low: float, high: float, own: Ratio, elements: int) -> Verdict:
    found = f"your rounds say {text(own, 1)} ns for each element"
    if math.isnan(low) or math.isnan(high):
        return hint("an end of your interval is not a number.")
    if not low <= high:
        return hint("the first number must not exceed the second.")
    if low > own.high or high < own.low:
        for factor, mistake in (
            (elements, f"Did you forget to divide by the {elements} elements between the sizes?"),
            (1e-3, "Are these microseconds?"),
        ):
            if low <= own.high * factor and high >= own.low * factor:
                return hint(f"{found}. {mistake}")
        return hint(
            f"{found}, by the differences within rounds between the list and the array at "
            f"{elements} elements' distance."
        )
    if high - low > WIDEST * max(own.high - own.low, abs(own.value) / 20):
        return hint(f"that is true and says little: {found}. Use all the rounds.")
    return right(f"you say {low:.1f} to {high:.1f}; {found}.")


NOTHING_WRITTEN = Verdict(
    "not done yet",
    "nothing is written into out so far. “out = …” gives its name to another array; "
    "“out[:] = …” and “out=out” write.",
)
MARKET_SIZE = 100_000
"""Offers of the market in which memory is counted: an array of it stands out."""
SPARE = 0.25
"""Memory that any call may use, in arrays of that size."""


def check_accept(accept: Callable[..., Any]) -> Verdict:
    """Judge ``accept(quantities, demand, out)`` by what it writes and by the memory it asks for."""
    rng = np.random.default_rng(6)
    cases = [
        ("a plain market", np.array([50.0, 30.0, 20.0]), 60.0),
        ("demand that ends at a step", np.array([50.0, 30.0, 20.0]), 80.0),
        ("no demand", np.array([50.0, 30.0]), 0.0),
        ("a shortage: all runs", np.array([50.0, 30.0]), 100.0),
        ("an offer of nothing", np.array([50.0, 0.0, 30.0]), 60.0),
        ("one offer", np.array([50.0]), 20.0),
    ]
    for size in (2, 7, 100):
        quantities = rng.integers(0, 50, size).astype(float)
        cases.append((f"{size} random offers", quantities, float(quantities.sum() // 2)))
    for case, (about, quantities, demand) in enumerate(cases):
        verdict = _accepts(accept, about, quantities, demand, first=case == 0)
        if verdict is not None:
            return verdict
    arrays = _arrays_held(accept, rng.uniform(1, 100, MARKET_SIZE))
    if arrays > SPARE:
        return hint(
            f"all cases are right, but with {MARKET_SIZE:,} offers your function held "
            f"{arrays:.1f} more arrays of that length at its peak. Every expression whose result "
            "has no place makes an array; so does a list, and so does an operation whose input and "
            "output overlap without being the same. NumPy's functions take out=."
        )
    return right(
        f"all {len(cases)} cases are right, and with {MARKET_SIZE:,} offers there was never more "
        f"than {arrays:.2f} of an array beside what the caller gave."
    )


def _accepts(
    accept: Callable[..., Any], about: str, quantities: Floats, demand: float, *, first: bool
) -> Verdict | None:
    """Refuse a function that fails in a case, or has not been written."""
    given, out = quantities.copy(), np.full(quantities.size, np.nan)
    call = f"{about}: accept({quantities[:6].tolist()}, {demand:g}, out)"
    try:
        answer = accept(given, demand, out)
    except Exception as error:
        return hint(f"{call} fails: {error!r}.")
    left = np.flatnonzero(np.isnan(out))
    if first and answer is None and left.size == out.size:
        return NOTHING_WRITTEN
    if left.size == out.size:
        return hint(f"{call} does not fill out: write into it, as in out[:] = ….")
    if left.size:
        return hint(
            f"{call} leaves out[{left[0]}] unwritten. What stood there before stays there, so an "
            "offer that is not needed must be given its 0."
        )
    if not np.array_equal(given, quantities):
        return hint(f"{call} changes the quantities. The only array to write into is out.")
    before = np.cumsum(quantities) - quantities
    wanted = np.minimum(np.maximum(demand - before, 0), quantities)
    if not np.allclose(out, wanted, rtol=0, atol=1e-9):
        return hint(f"{call}\nexpected {wanted[:6].tolist()}\nyours    {out[:6].tolist()}")
    return None


def _arrays_held(accept: Callable[..., Any], quantities: Floats) -> float:
    """Count the most memory held during a call, in arrays as long as the market."""
    out = np.empty_like(quantities)
    demand = float(quantities.sum() / 2)
    tracing = tracemalloc.is_tracing()
    if not tracing:
        tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        accept(quantities, demand, out)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        if not tracing:
            tracemalloc.stop()
    return (peak - before) / quantities.nbytes


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


def check_clearing_price(clearing_price: Callable[..., Any]) -> Verdict:
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
        verdict = _finds(clearing_price, about, bids, quantities, demand)  # type: ignore[arg-type]
        if verdict is not None:
            return verdict
    return _count_comparisons(clearing_price, rng)


def _finds(
    clearing_price: Callable[..., Any],
    about: str,
    bids: list[float],
    quantities: list[float],
    demand: float,
) -> Verdict | None:
    """Refuse a function that fails in a case, or has not been written."""
    market = f"bids {bids}, quantities {quantities}, demand {demand}"
    wanted, _ = market_py.market_clearing(bids, quantities, demand, backend="python")
    counter = Counter(MOST * 40)
    given = [Price(bid, counter) for bid in bids]
    try:
        price = clearing_price(given, list(quantities), demand)
    except TooMany:
        return hint(f"{about}: {counter.comparisons} comparisons and no end.\n{market}")
    except Exception as error:
        only = "\nPrices are compared here, and nothing else can be done with them."
        told = only if isinstance(error, TypeError) and Price.__name__ in str(error) else ""
        return hint(f"{about} fails: {error!r}.\n{market}{told}")
    if price is None:
        if about == SELECTION_CASES[0][0]:
            return RETURNS_NOTHING
        return hint(f"{about}: nothing is returned, as if no price covered demand.\n{market}")
    if not isinstance(price, Price) or price._value != wanted:
        moved = [bid._value for bid in given] != bids
        told = "\nThe bids have changed places, and their quantities have not." if moved else ""
        return hint(f"{about}.\n{market}\nexpected {wanted:g}\nyours    {price!r}{told}")
    return None


def _count_comparisons(clearing_price: Callable[..., Any], rng: np.random.Generator) -> Verdict:
    orders: dict[str, Callable[[int], Floats]] = {
        "sorted, cheapest first": lambda n: np.arange(n, dtype=float),
        "sorted, dearest first": lambda n: np.arange(n, dtype=float)[::-1],
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
    clearing_price: Callable[..., Any], bids: Floats, rng: np.random.Generator, at: float = 0.5
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
