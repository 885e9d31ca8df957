"""Clear a day with complex orders: drop the worst loser and clear again, until nobody loses.

Crossing two curves is not a day-ahead market. Sellers also place complex orders: one with a
minimum-income condition is accepted only if the day earns its cost and a fixed sum; a block is
accepted in all its hours or in none. The search here is a teaching heuristic, much simpler than
EUPHEMIA, the algorithm of the European power exchanges: it never takes back what it has dropped, it
has one zone, and it need not find the solution of most welfare.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from market_py.auction import auction_clearing_batch
from market_py.orders.books import Book
from market_py.orders.rows import Rows
from market_py.validation import Float64Array

PRICE_FLOOR = -500.0
"""Least price of European day-ahead auctions, €/MWh: what a price-taking seller offers."""
TOLERANCE = 1e-6
"""Loss that is rounding, €."""


class Steps(NamedTuple):
    """The order steps of a day: arrays of the same length, one entry for each step.

    A step is a price and a quantity in one hour; an order has steps in one or more hours. Steps of
    buyers are simple: only `hour`, `price` and `quantity` count.
    """

    hour: NDArray[np.int64]
    is_sale: NDArray[np.bool_]
    price: Float64Array
    """€/MWh."""
    quantity: Float64Array
    """MWh."""
    order: NDArray[np.int64]
    """Number of the order that the step belongs to."""
    block: NDArray[np.int64]
    """Number of the block within the order; 0 for steps that are accepted one by one."""
    group: NDArray[np.int64]
    """Number, within the order, of an exclusive group: at most one of its blocks is accepted."""
    minimum: Float64Array
    """Quantity that runs whenever the order with a minimum-income condition runs, MWh."""
    fixed: Float64Array
    """Fixed term of the order's minimum-income condition, €; 0 where it has none."""


class ComplexClearing(NamedTuple):
    """A day cleared by `clear_complex_orders`."""

    hours: NDArray[np.int64]
    """The hours, shape (H,), ascending."""
    prices: Float64Array
    """Final prices, shape (H,), €/MWh."""
    plain_prices: Float64Array
    """Prices if all steps were simple orders, shape (H,), €/MWh: two curves cross."""
    prices_by_round: Float64Array
    """Prices of each round, shape (rounds, H), €/MWh."""
    dropped: list[tuple[int, int]]
    """Numbers of the order and of the block (0: none) that each round but the last dropped."""
    before: dict[int, Book]
    """The books of the plain prices, by hour."""
    after: dict[int, Book]
    """The books of the final prices: dropped orders left out, blocks as price-takers."""
    asked: dict[int, Float64Array]
    """What the sellers in `after` asked, blocks their own price too, by hour, €/MWh."""

    @property
    def rounds(self) -> int:
        """How often all hours were cleared, without the plain crossing."""
        return len(self.prices_by_round)


def clear_complex_orders(
    steps: Steps, *, backend: str | None = None, threads: int | None = None
) -> ComplexClearing:
    """Clear all hours; drop the worst loser among complex orders, clear again; until nobody loses.

    Blocks are offered at the price floor. An order with a minimum-income condition earns the price
    on its accepted steps, pays what it offered, and must earn the fixed term of the day; of a step
    that is out of the money only the minimum runs, at a loss. A block earns the price and pays what
    it offered, in all its hours. Of an exclusive group all blocks but the best are losers too. The
    worst loser is the one of the lowest profit.

    Parameters
    ----------
    steps : Steps
        The orders of the day.
    backend, threads
        As for `market_py.auction_clearing_batch`.

    Returns
    -------
    ComplexClearing
        Prices, and the books before and after.

    Examples
    --------
    The price is 30 €/MWh. The first plant earns (30 - 10) €/MWh * 50 MWh = 1,000 €, but 2,000 € are
    its condition.

    >>> steps = Steps(
    ...     hour=np.array([1, 1, 1]),
    ...     is_sale=np.array([True, True, False]),
    ...     price=np.array([10.0, 30.0, 100.0]),
    ...     quantity=np.array([50.0, 90.0, 80.0]),
    ...     order=np.array([1, 2, 3]),
    ...     block=np.zeros(3, int),
    ...     group=np.zeros(3, int),
    ...     minimum=np.zeros(3),
    ...     fixed=np.array([2000.0, 0.0, 0.0]),
    ... )
    >>> cleared = clear_complex_orders(steps)
    >>> cleared.rounds, cleared.dropped, cleared.prices
    (2, [(1, 0)], array([30.]))
    """
    steps = Steps._make(map(np.asarray, steps))
    hours, period = np.unique(steps.hour, return_inverse=True)
    sale = Steps._make(values[steps.is_sale] for values in steps)
    rows = Rows(period[steps.is_sale], len(hours))
    bid_rows = Rows(period[~steps.is_sale], len(hours))
    bids = [bid_rows.lay_out(values[~steps.is_sale]) for values in (steps.price, steps.quantity)]
    quantities = rows.lay_out(sale.quantity)
    taken = rows.lay_out(np.where(sale.block > 0, PRICE_FLOOR, sale.price))
    plain = rows.lay_out(sale.price)

    def clear(prices: Float64Array) -> Float64Array:
        given = prices, quantities, *bids
        return auction_clearing_batch(*given, backend=backend, threads=threads)[0]

    plain_prices, before = clear(plain), _books(hours, plain, quantities, *bids)

    # From here on only the steps of complex orders. A unit is what is dropped as a whole.
    is_complex = (sale.block > 0) | (sale.fixed > 0)
    row, column = (index[is_complex] for index in rows.index)
    sale = Steps._make(values[is_complex] for values in sale)
    keys = np.stack([sale.order, sale.block], axis=1)
    units, first, unit = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    unit = unit.reshape(-1)
    is_block = sale.block > 0
    fixed = np.where(is_block, 0.0, sale.fixed)[first]
    group = _number_groups(sale.order[first], sale.block[first], sale.group[first])
    alive = np.ones(len(units), bool)
    history, dropped = [], []
    while True:
        prices = clear(taken)
        history.append(prices)
        margin = prices[row] - sale.price
        runs = np.where(is_block | (margin >= 0), sale.quantity, sale.minimum)
        earned = np.bincount(unit, runs * margin, len(units))
        profit = earned.astype(np.float64) - fixed
        profit[~alive] = np.inf
        loses = (profit < -TOLERANCE) | (alive & ~_is_best(profit, alive, group))
        if not np.any(loses):
            break
        worst = int(np.argmin(np.where(loses, profit, np.inf)))
        alive[worst] = False
        dropped.append((int(units[worst, 0]), int(units[worst, 1])))
        hit = unit == worst
        quantities[row[hit], column[hit]] = 0.0
    after = _books(hours, taken, quantities, *bids)
    asked = {hour: it.offer_prices for hour, it in _books(hours, plain, quantities, *bids).items()}
    found = hours, prices, plain_prices, np.array(history), dropped
    return ComplexClearing(*found, before, after, asked)


def _number_groups(
    order: NDArray[np.int64], block: NDArray[np.int64], group: NDArray[np.int64]
) -> NDArray[np.intp]:
    """Number the exclusive groups; a unit that is in none is a group of its own."""
    own = np.where(group > 0, 0, 1 + block)
    keys = np.stack([order, group, own], axis=1)
    return np.unique(keys, axis=0, return_inverse=True)[1].reshape(-1)


def _is_best(
    profit: Float64Array, alive: NDArray[np.bool_], group: NDArray[np.intp]
) -> NDArray[np.bool_]:
    """Return which units have the highest profit of those alive in their group, one in each."""
    order = np.lexsort([-profit, ~alive, group])
    is_best = np.zeros(len(profit), bool)
    is_best[order[np.unique(group[order], return_index=True)[1]]] = True
    return is_best


def _books(
    hours: NDArray[np.int64],
    offer_prices: Float64Array,
    offer_quantities: Float64Array,
    bid_prices: Float64Array,
    bid_quantities: Float64Array,
) -> dict[int, Book]:
    """Return the orders of positive quantity of each hour."""
    books = {}
    for hour, sell, offered, buy, wanted in zip(
        hours.tolist(), offer_prices, offer_quantities, bid_prices, bid_quantities, strict=True
    ):
        sells, buys = offered > 0, wanted > 0
        books[hour] = Book(sell[sells], offered[sells], buy[buys], wanted[buys])
    return books
