"""Benchmark cases that clear auctions, beside one-sided clearing of as many orders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from importlib.util import find_spec
from typing import Any

import numpy as np

from market_py import registry
from market_py.benchmark import timing
from market_py.benchmark.agreement import verify_alike
from market_py.benchmark.cases.case import BenchmarkCase, Setup
from market_py.benchmark.inputs import DISTINCT, distinct_inputs
from market_py.orders import synthetic_day
from market_py.orders.rows import Rows
from market_py.validation import Float64Array

ONE_SIDED = "one-sided "
"""Begins the name of a backend that clears offers and bids as offers, for all that is bid."""
ARGSORT, HIGHS = "numpy argsort", "scipy linprog"
PROGRAMME_SIZE = 200
"""Orders a side with which a linear programme is solved, too: it takes milliseconds."""
DAY = "synthetic day"
NEAR = 1e-9


def auction_case(orders: int, names: Sequence[str], **options: Any) -> BenchmarkCase:
    """Make a case of random auctions with so many orders on each side.

    Each backend also clears a market of all orders, of the same result: a bid that is rejected is
    a generator that is not needed. Options are fields of `BenchmarkCase`.
    """

    def set_up(seed: int) -> Setup:
        rng = np.random.default_rng([seed, orders])
        inputs = [_random_auction(orders, rng) for _ in range(distinct_inputs(2 * orders))]
        candidates: dict[str, timing.Call] = {}
        for name in names:
            backend = registry.get_backend(name)
            candidates[name] = partial(_two_sided, backend.auction_clearing)
            candidates[ONE_SIDED + name] = partial(_one_sided, backend.market_clearing)
        candidates[ARGSORT] = _argsort
        if orders == PROGRAMME_SIZE and find_spec("scipy"):
            candidates[HIGHS] = _linear_programme
        return Setup(candidates, inputs, _verify)

    return BenchmarkCase("auction", "random", orders, set_up, **options)


def day_case(names: Sequence[str], **options: Any) -> BenchmarkCase:
    """Make a case of the 24 auctions of a synthetic day, cleared in one call on one thread."""
    hours = synthetic_day()

    def set_up(seed: int) -> Setup:
        days = [_laid_out(seed + day) for day in range(DISTINCT // len(hours) + 1)]
        clear = {name: registry.get_backend(name).auction_clearing_batch for name in names}
        candidates = {name: partial(it, threads=1) for name, it in clear.items()}
        return Setup(candidates, days, _verify)

    longest = max(len(book.offer_prices) + len(book.bid_prices) for book in hours.values())
    return BenchmarkCase("auction day", DAY, longest, set_up, markets=len(hours), **options)


def _random_auction(orders: int, rng: np.random.Generator) -> tuple[Any, ...]:
    """Draw an auction, and a market of all its orders with its demand."""
    offer_prices, bid_prices = rng.uniform(0, 100, (2, orders))
    offered, wanted = rng.uniform(1, 100, (2, orders))
    book = np.append(offer_prices, bid_prices), np.append(offered, wanted)
    return offer_prices, offered, bid_prices, wanted, *book, float(wanted.sum())


def _laid_out(seed: int) -> tuple[Float64Array, ...]:
    """Return the books of a day as the arguments of a batch."""
    books = [*synthetic_day(seed).values()]
    sides = []
    for prices, quantities in (
        ("offer_prices", "offer_quantities"),
        ("bid_prices", "bid_quantities"),
    ):
        lengths = [len(getattr(book, prices)) for book in books]
        rows = Rows(np.repeat(np.arange(len(books)), lengths), len(books))
        for part in (prices, quantities):
            sides.append(rows.lay_out(np.concatenate([getattr(book, part) for book in books])))
    return tuple(sides)


def _two_sided(clear: Any, *arguments: Any) -> Any:
    return clear(*arguments[:4])


def _one_sided(clear: Any, *arguments: Any) -> Any:
    return clear(*arguments[4:])


def _argsort(*arguments: Any) -> tuple[float, Float64Array]:
    """Clear the market of all orders as one writes it in NumPy, without checks and tolerance.

    Ties by index need a stable sort.
    """
    prices, quantities, demand = arguments[4:]
    order = np.argsort(prices, kind="stable")
    supply = np.cumsum(quantities[order])
    marginal = np.searchsorted(supply, demand)
    accepted = np.zeros_like(quantities)
    accepted[order[:marginal]] = quantities[order[:marginal]]
    last = order[marginal]
    accepted[last] = demand - (supply[marginal] - quantities[last])
    return float(prices[last]), accepted


def _linear_programme(*arguments: Any) -> tuple[float, Float64Array, Float64Array]:
    """Maximise welfare; the price is the dual of the balance."""
    from scipy.optimize import linprog

    offer_prices, offered, bid_prices, wanted = arguments[:4]
    solved = linprog(
        np.append(offer_prices, -bid_prices),
        A_eq=[np.append(np.ones(len(offered)), -np.ones(len(wanted)))],
        b_eq=[0.0],
        bounds=np.stack([np.zeros(2 * len(offered)), np.append(offered, wanted)], axis=1),
        method="highs",
    )
    return solved.eqlin.marginals[0], solved.x[: len(offered)], solved.x[len(offered) :]


def _verify(candidates: Mapping[str, timing.Call], auctions: timing.Inputs) -> dict[str, int]:
    """Compare results; without tolerance, they may differ where nothing is traded."""
    may_differ = ARGSORT, HIGHS
    return verify_alike(candidates, auctions, _differences, "clear this auction", may_differ)


def _differences(one: Any, other: Any, arguments: tuple[Any, ...]) -> int:
    """Say whether prices or accepted quantities differ by more than a billionth."""
    offered, wanted = arguments[1], arguments[3]
    volume = max(offered.sum(), wanted.sum())
    results = [_both_sides(it, wanted) for it in (one, other)]
    same = (
        np.allclose(a, b, rtol=NEAR, atol=NEAR * scale)
        for a, b, scale in zip(*results, (1.0, volume, volume), strict=True)
    )
    return int(not all(same))


def _both_sides(result: Any, wanted: Float64Array) -> tuple[Any, ...]:
    """Return price, sold and bought, also of a market: a bid is bought where it is not accepted."""
    if len(result) == 3:
        return tuple(result)
    price, accepted = result
    offers = len(accepted) - len(wanted)
    return price, accepted[:offers], wanted - accepted[offers:]
