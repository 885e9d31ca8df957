"""Checks of the exercises of notebook 11."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from market_py import auction_clearing, price_interval
from market_py.validation import Float64Array
from market_py.workshop.grading.check import (
    CheckResult,
    Refused,
    answered,
    graded,
    hidden_cases,
    hint,
    right,
)
from market_py.workshop.lessons.n11_two_sides import books
from market_py.workshop.lessons.n11_two_sides.panel import clear_subsets
from market_py.workshop.playground.exercise import not_done


@graded
def check_interval(book: Any) -> CheckResult:
    """Check for a book with trade that more than one price clears."""
    try:
        price, sold, bought = auction_clearing(*book)
        low, high = price_interval(*book)
    except (TypeError, ValueError) as error:
        return hint(f"this is not a book of four lists: {error}.")
    if not sold.any():
        return hint("nothing is traded. Some bid must be at or above some offer.")
    if low < high:
        return right(
            f"any price from {low:g} to {high:g} clears, and {sold.sum():g} MW are traded. Your k "
            f"decides: 0.5 gives {auction_clearing(*book, k=0.5)[0]:g}."
        )
    for name, accepted, quantities in (("offer", sold, book[1]), ("bid", bought, book[3])):
        for i, (part, quantity) in enumerate(zip(accepted, quantities, strict=True), 1):
            if 0 < part < quantity:
                return hint(
                    f"only {price:g} clears it: {name} {i} trades {part:g} of its {quantity:g} MW, "
                    "and an order that is cut fixes the price. When is no order cut?"
                )
    return hint(
        f"only {price:g} clears it. No order is cut, but an offer and a bid, accepted or not, "
        "leave no gap around the price."
    )


@graded
def check_consumer_surplus(function: Callable[..., Any]) -> CheckResult:
    """Check a function of a price, the prices of bids and what each of them buys."""

    def hint_at(given: tuple[Any, ...], answer: float) -> str:
        price, bid_prices, bought = given
        worth = float(np.dot(bid_prices, bought))
        paid = price * sum(bought)
        for wrong, words in (
            (worth, "That is what the MWh are worth to buyers. What do they pay?"),
            (paid, "That is what buyers pay. What are the MWh worth to them?"),
            (paid - worth, "Its sign is wrong: a buyer gains the bid minus the price."),
            (
                sum(max(bid - price, 0) for bid in bid_prices),
                "A gain per MWh must be multiplied by the MWh.",
            ),
        ):
            if np.isclose(answer, wrong):
                return f" {words}"
        return ""

    cases = [
        ("two buyers pay less than they bid", (40, [120, 80], [90, 70]), 10_000),
        ("a bid that buys nothing gains nothing", (50, [100, 50, 20], [10, 5, 0]), 500),
        ("a price below zero is a gain as well", (-10, [30, -20], [2, 0]), 80),
        ("nothing is traded", (10, [5], [0]), 0),
    ]
    hidden_cases(function, cases, hint_at)
    return right("each buyer gains its bid minus the price, for each MWh that it buys.")


@graded
def check_blocks(function: Callable[..., Any]) -> CheckResult:
    """Check a function that chooses among subsets of blocks."""
    book, prices, quantities = books.blocks()
    taken, found, welfare = clear_subsets(book, prices, quantities)
    chosen = _judge(function, taken, found, welfare, prices)
    rng = np.random.default_rng(5)
    for count in rng.integers(1, 6, 30):
        some = rng.permutation(len(prices))[:count]
        _judge(function, *clear_subsets(book, prices[some], quantities[some]), prices[some])
    rejected = np.flatnonzero((taken[chosen] == 0) & (prices < found[chosen]))
    block = rejected[prices[rejected].argmin()]
    with_it = chosen | 1 << block
    return right(
        f"blocks {_names(taken[chosen])} are accepted, at {found[chosen]:.2f} €/MWh. Block "
        f"{block + 1} asks {prices[block]:.2f}, less than the price, and is rejected all the same: "
        f"with it the price would be {found[with_it]:.2f}. It is paradoxically rejected."
    )


def _judge(
    function: Callable[..., Any],
    taken: Any,
    prices: Float64Array,
    welfare: Float64Array,
    block_prices: Float64Array,
) -> int:
    """Refuse a wrong choice, or return the right one."""
    loses = (taken == 1) & (block_prices > prices[:, np.newaxis])
    best = int(np.where(loses.any(axis=1), -np.inf, welfare).argmax())
    given = (taken, prices, welfare, block_prices)
    answer = answered("best_blocks", function, *(it.copy() for it in given), first=True)
    try:
        row = int(answer)
        chosen = taken[row]
    except (TypeError, ValueError, IndexError) as error:
        raise Refused(f"best_blocks returns {answer!r}; the number of a row is wanted.") from error
    if row == best:
        return best
    if row == 0 and len(block_prices) == books.BLOCKS:
        raise not_done("best_blocks takes no block so far, and blocks add welfare.")
    said = f"of {len(taken)} subsets you choose row {row}, blocks {_names(chosen)}."
    if loses[row].any():
        block = int(np.flatnonzero(loses[row])[0])
        raise Refused(
            f"{said} Block {block + 1} asks {block_prices[block]:.2f} and is paid "
            f"{prices[row]:.2f} €/MWh: it loses."
        )
    raise Refused(
        f"{said} No block loses, but the welfare is {welfare[row]:,.0f} €/h, and another fair "
        f"subset has {welfare[best]:,.0f}."
    )


def _names(taken: Any) -> str:
    return ", ".join(str(block + 1) for block in np.flatnonzero(taken)) or "none"
