"""Checks of the exercise of notebook 02."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import market_py
from market_py.validation import Float64Array
from market_py.workshop.grading.check import CheckResult, Refused, answered, graded, hint, right

HIDDEN_CASES: list[tuple[str, list[float], list[float], float]] = [
    ("a plain market", [30, 10, 20], [100, 100, 100], 150),
    ("demand that ends exactly at a step", [10, 20], [50, 50], 50),
    ("equal prices: the lower index goes first", [20, 10, 10], [50, 50, 50], 70),
    ("no demand: nothing runs, the price is the cheapest offer", [20, 10], [50, 50], 0),
    ("a shortage: all runs, the price is the highest offer", [20, 10], [50, 50], 150),
    ("an offer of nothing sets no price", [5, 10, 90], [0, 50, 0], 80),
    ("a negative price", [-5, 10], [50, 50], 20),
    ("rounding: 0.7 + 0.1 < 0.8 in doubles", [10, 20, 1000], [0.7, 0.1, 1.0], 0.8),
    ("what is missing is more than a billionth of demand", [10, 20], [1, 1], 1.0000001),
]


@graded
def check_clear(clear: Callable[..., Any]) -> CheckResult:
    """Judge a learner's clearing function by hidden cases and by invariants."""
    for about, bids, quantities, demand in HIDDEN_CASES:
        market = np.array(bids, float), np.array(quantities, float), float(demand)
        price, dispatch = market_py.market_clearing(*market, backend="python")
        own_price, own_dispatch = _call(clear, *market, about)
        if own_price != price or not np.allclose(own_dispatch, dispatch, rtol=0, atol=1e-9):
            return hint(
                f"{about}.\nbids {bids}, quantities {quantities}, demand {demand}\n"
                f"expected price {price:g}, dispatch {dispatch.tolist()}\n"
                f"yours    price {own_price:g}, dispatch {own_dispatch.tolist()}"
            )
    rng = np.random.default_rng(1)
    for _ in range(200):
        _check_invariants(clear, rng)
    return right("all hidden cases and 200 random markets are cleared as the contract says.")


def _call(
    clear: Callable[..., Any],
    bids: Float64Array,
    quantities: Float64Array,
    demand: float,
    about: str = "a random market",
) -> tuple[float, Float64Array]:
    """Call a learner's function with care."""
    market = f"{about}: clear({bids.tolist()}, {quantities.tolist()}, {demand:.12g})"
    given = bids.copy(), quantities.copy()
    first = about == HIDDEN_CASES[0][0]
    answer = answered(market, clear, *given, demand, first=first)
    try:
        price, dispatch = answer
    except (TypeError, ValueError) as error:
        wanted = "two things are wanted, as in: return price, dispatch."
        raise Refused(f"{market} returns {answer!r}; {wanted}") from error
    try:
        if isinstance(price, str):
            raise TypeError
        price, dispatch = float(price), np.asarray(dispatch, dtype=float)
    except (TypeError, ValueError) as error:
        wrong = f"{market} returns the price {price!r} and the dispatch {dispatch!r}"
        wanted = "wanted are a number first, then a list or an array of numbers."
        raise Refused(f"{wrong}; {wanted}") from error
    if dispatch.shape != bids.shape:
        shape = f"{market} gives a dispatch of shape {dispatch.shape}"
        raise Refused(f"{shape}; one number for each offer is wanted.")
    if not (np.array_equal(given[0], bids) and np.array_equal(given[1], quantities)):
        raise Refused(f"{market} changes its inputs. Work on a copy.")
    return price, dispatch


def _check_invariants(clear: Callable[..., Any], rng: np.random.Generator) -> None:
    bids = rng.permutation(50)[: rng.integers(1, 9)].astype(float)
    quantities = rng.integers(1, 50, bids.size).astype(float)
    demand = float(rng.integers(0, 1 + int(quantities.sum())))
    market = f"bids {bids.tolist()}, quantities {quantities.tolist()}, demand {demand:g}"
    price, dispatch = _call(clear, bids, quantities, demand)
    if not np.isclose(np.sum(dispatch), demand):
        raise Refused(f"supply must meet demand.\n{market}: {np.sum(dispatch):g} MW run.")
    order = rng.permutation(bids.size)
    _, permuted = _call(clear, bids[order], quantities[order], demand)
    if not np.allclose(dispatch[order], permuted):
        raise Refused(f"the order in which offers arrive must not matter.\n{market}")
    if _call(clear, bids, quantities, demand + 1)[0] < price:
        raise Refused(f"more demand must not lower the price.\n{market}")
