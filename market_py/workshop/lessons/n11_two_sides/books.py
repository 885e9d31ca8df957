"""Books of the lesson: a day of auctions, what changes in them, and one book for blocks."""

from __future__ import annotations

from functools import cache

import numpy as np

from market_py.orders import Book, clear_complex_orders, omie, synthetic_day
from market_py.validation import Float64Array

DATE, SEED = "20250621", 11
"""The real day, and the seed of the one that stands in for it."""
BLOCKS = 10
BLOCK_SEED = 28
"""With it the best subset rejects a block that asks 12 €/MWh less than the price."""
CENT = 0.005
CAVEATS = """\
The French price is an input, so that in 9 hours the Spanish price is partly given.
To drop the worst loser is a teaching heuristic, not the algorithm of the exchange.
Accepted blocks stand at the price floor; pay-as-bid pays them what they asked.
There is one zone: a price of Portugal that differs is not found.
Where France offers and bids at the price, volumes include its trade with itself."""

START = Book(
    np.array([-10.0, 20.0, 60.0, 90.0]),
    np.array([100.0, 60.0, 60.0, 60.0]),
    np.array([120.0, 80.0, 40.0, 10.0]),
    np.array([90.0, 70.0, 60.0, 60.0]),
)
"""With which the figure starts: any price from 40 to 60 clears it."""


@cache
def day() -> tuple[dict[int, Book], dict[int, Float64Array], str, str]:
    """Return the books of a day, what sellers asked, its name, and how real prices come about.

    The day is real where the environment variable ``MARKET_PY_DATA`` names its files.
    """
    try:
        real = omie.load_day(DATE)
    except FileNotFoundError as missing:
        books = synthetic_day(SEED)
        asked = {hour: book.offer_prices for hour, book in books.items()}
        return books, asked, "a synthetic day", f"No real day. {missing}"
    cleared = clear_complex_orders(real.steps)
    plain, found = (
        int((np.abs(prices - real.spain) < CENT).sum())
        for prices in (cleared.plain_prices, cleared.prices)
    )
    return (
        cleared.after,
        cleared.asked,
        "21 June 2025 in Spain",
        f"Two curves an hour meet {plain} of {len(real.spain)} official prices. After dropping "
        f"{len(cleared.dropped)}\norders that lose, one by one, clearing all hours each time, "
        f"{found} are met.\n{CAVEATS}",
    )


def withhold(book: Book, megawatts: float) -> Book:
    """Take the cheapest offers, of so many MW in all, out of a book."""
    order = np.argsort(book.offer_prices, kind="stable")
    left = np.empty_like(book.offer_quantities)
    offered = np.cumsum(book.offer_quantities[order])
    left[order] = np.clip(offered - megawatts, 0, book.offer_quantities[order])
    return book._replace(offer_quantities=left)


def with_fixed_demand(book: Book, bought: Float64Array) -> Book:
    """Let buyers want what they bought before, at any price."""
    return book._replace(bid_prices=np.full_like(bought, omie.PRICE_CAP), bid_quantities=bought)


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
