"""Books of the lesson: a day of 24 hours, what changes in them, and one book for blocks."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from market_py.validation import Float64Array
from market_py.workshop.widgets.auction import PRICE_CAP

FLOOR = -500.0
"""Lowest price of the European day-ahead market, €/MWh."""
BLOCKS = 10
BLOCK_SEED = 28
"""With it the best subset rejects a block that asks 12 €/MWh less than the price."""


class Book(NamedTuple):
    """Orders of one auction: €/MWh and MW, shapes (N,), (N,), (M,) and (M,)."""

    offer_prices: Float64Array
    offer_quantities: Float64Array
    bid_prices: Float64Array
    bid_quantities: Float64Array


START = Book(
    np.array([0.0, 20.0, 60.0, 90.0]),
    np.array([100.0, 60.0, 60.0, 60.0]),
    np.array([120.0, 80.0, 40.0, 10.0]),
    np.array([90.0, 70.0, 60.0, 60.0]),
)
"""With which the figure starts: any price from 40 to 60 clears it."""


def day() -> tuple[list[Book], str]:
    """The books of a day, one an hour, and what day it is."""
    return synthetic_day(11), "a synthetic day"


def synthetic_day(seed: int) -> list[Book]:
    """Stand-in for ``market_py.orders.books.synthetic_day``."""
    rng = np.random.default_rng(seed)
    hours = np.arange(24)
    loads = 24e3 + 4e3 * np.sin((hours - 6) / 24 * 4 * np.pi - 1) + 2e3 * (hours > 7)
    suns = 28e3 * np.clip(np.sin((hours - 5.5) / 15 * np.pi), 0, None)
    day = []
    for load, sun in zip(loads, suns, strict=True):
        offers = [
            (np.linspace(-15, 0, 20), 7e3),
            (np.linspace(-3, 4, 60), 4e3 + sun),
            (np.linspace(10, 90, 50), 4e3),
            (np.linspace(60, 180, 60), 18e3),
        ]
        bids = [(np.full(20, PRICE_CAP), 0.8 * load), (np.linspace(160, -10, 60), 0.35 * load)]
        day.append(Book(*_orders(rng, offers), *_orders(rng, bids)))
    return day


def _orders(
    rng: np.random.Generator, groups: list[tuple[Float64Array, float]]
) -> tuple[Float64Array, Float64Array]:
    prices = np.concatenate([prices for prices, _ in groups])
    quantities = [total * rng.dirichlet(np.full(len(prices), 4.0)) for prices, total in groups]
    return prices.round(2), np.concatenate(quantities).round(1)


def withhold(book: Book, megawatts: float) -> Book:
    """Take the cheapest offers, of so many MW in all, out of a book."""
    order = np.argsort(book.offer_prices, kind="stable")
    left = np.empty_like(book.offer_quantities)
    offered = np.cumsum(book.offer_quantities[order])
    left[order] = np.clip(offered - megawatts, 0, book.offer_quantities[order])
    return book._replace(offer_quantities=left)


def with_fixed_demand(book: Book, bought: Float64Array) -> Book:
    """Let buyers want what they bought before, at any price."""
    return book._replace(bid_prices=np.full_like(bought, PRICE_CAP), bid_quantities=bought)


def blocks() -> tuple[Book, Float64Array, Float64Array]:
    """A book, and prices and MW of fill-or-kill offers beside it, shape (BLOCKS,)."""
    rng = np.random.default_rng(BLOCK_SEED)
    book = Book(
        np.sort(rng.uniform(0, 120, 30)).round(1),
        rng.uniform(5, 30, 30).round(),
        np.sort(rng.uniform(0, 150, 30)).round(1),
        rng.uniform(5, 40, 30).round(),
    )
    return book, rng.uniform(35, 65, BLOCKS).round(1), rng.uniform(20, 70, BLOCKS).round()
