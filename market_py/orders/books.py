"""Order books that come with the package: two published examples, and a synthetic day."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from market_py.validation import Float64Array, check_integer


class Book(NamedTuple):
    """The orders of one auction: the arguments of `market_py.auction_clearing`.

    Examples
    --------
    >>> from market_py import auction_clearing
    >>> price, sold, bought = auction_clearing(*pypsa_example())
    >>> price, float(sold.sum())
    (60.0, 390.0)
    """

    offer_prices: Float64Array
    """Least prices that sellers take, shape (N,), €/MWh."""
    offer_quantities: Float64Array
    """Offered quantities, shape (N,), MW."""
    bid_prices: Float64Array
    """Most that buyers pay, shape (M,), €/MWh."""
    bid_quantities: Float64Array
    """Quantities bid for, shape (M,), MW."""


def pypsa_example() -> Book:
    """Return the twelve orders of an example of PyPSA; it clears at 60 €/MWh.

    390 MW are traded, and the welfare is 53,040 €/h.

    References
    ----------
    "Demand and Supply Bids in Electricity Markets", documentation of PyPSA
    (docs/examples/demand-supply-bids.ipynb), © PyPSA Contributors, CC BY 4.0,
    https://creativecommons.org/licenses/by/4.0. The orders are unchanged, without their zones.
    """
    return Book(
        offer_prices=np.array([0.0, 15, 20, 36, 60, 150, 200]),
        offer_quantities=np.array([120.0, 100, 50, 60, 70, 60, 50]),
        bid_prices=np.array([200.0, 90, 75, 65, 24]),
        bid_quantities=np.array([250.0, 80, 20, 40, 60]),
    )


def pinson_example() -> Book:
    """Return the 27 orders of an example of a university course; it clears at 37.5 €/MWh.

    995 MW are traded.

    References
    ----------
    P. Pinson, course 31761 "Renewables in Electricity Markets", Technical University of Denmark;
    http://pierrepinson.com/index.php/teaching/. The numbers are those of a copy in the repository
    damiskov/market-clearing-price on GitHub (data/test.csv). A second copy, in the documentation of
    pymarket, differs in the price of the last bid only (21 instead of 16), which is not accepted.
    """
    return Book(
        offer_prices=np.array([0.0, 0, 15, 30, 32.5, 34, 36, 37.5, 39, 40, 60, 70, 100, 150, 200]),
        offer_quantities=np.array(
            [120.0, 50, 200, 400, 60, 50, 60, 100, 70, 50, 70, 45, 50, 60, 50]
        ),
        bid_prices=np.array([200.0, 110, 100, 90, 85, 75, 65, 40, 38, 31, 24, 16]),
        bid_quantities=np.array([250.0, 300, 120, 80, 40, 70, 60, 45, 30, 35, 25, 10]),
    )


PRICE_CAP = 4000.0
"""Highest price that may be bid in the synthetic day, €/MWh, as in European day-ahead auctions."""

HOURS = np.arange(1, 25)
SUN = np.clip(np.sin((HOURS - 7.0) / 14 * np.pi), 0, None) ** 1.5
"""Share of the solar capacity that produces in each hour of a clear day in June."""
LOAD = 27 - 4 * np.cos((HOURS - 4) / 12 * np.pi) + 3 * np.exp(-(((HOURS - 21) / 2.0) ** 2))
"""Consumption in each hour, GW: a night valley at 4 h and an evening peak at 21 h."""


def synthetic_day(seed: int = 0, orders: int = 3000) -> dict[int, Book]:
    """Draw order books of 24 hours whose curves have the shape of a sunny day.

    At night and in the evening gas sets the price, where the curves are steep. At midday more solar
    power is offered at 0 €/MWh than is needed: the curves are flat and the price is zero. Most
    buyers bid the price cap; industry and pumped storage bid less. The numbers are invented, and
    no real order is among them.

    Parameters
    ----------
    seed : int
        Seed of `numpy.random.default_rng`; the same seed gives the same books.
    orders : int
        About how many orders each hour has, at least 100; without sun a quarter less.

    Returns
    -------
    dict
        For each hour, 1 to 24, its `Book`. Prices are whole cents, quantities multiples of 0.1 MW.

    Examples
    --------
    >>> from market_py import auction_clearing
    >>> books = synthetic_day(seed=1)
    >>> auction_clearing(*books[14])[0] < 1 < 100 < auction_clearing(*books[21])[0]
    True
    """
    rng = np.random.default_rng(check_integer("seed", seed, 0))
    share = check_integer("orders", orders, 100) // 20
    books = {}
    for hour, sun, load in zip(HOURS.tolist(), SUN.tolist(), LOAD.tolist(), strict=True):
        # Orders (in twentieths), gigawatts, prices: mean and standard deviation, €/MWh.
        sellers = [
            (3 if sun else 0, 20 * sun, 0.0, 0.0),  # solar without subsidies
            (2 if sun else 0, 14 * sun, -1.0, 2.0),  # other solar
            (3, 9.0, -8.0, 12.0),  # wind and nuclear, which would pay to go on running
            (2, 5.0, 95.0, 20.0),  # hydro
            (3, 13.0, 120.0, 15.0),  # gas
            (1, 6.0, 220.0, 60.0),  # peaking units
        ]
        buyers = [
            (3, 0.85 * load, PRICE_CAP, 0.0),  # households
            (2, 0.15 * load, 90.0, 45.0),  # industry
            (1, 5.0, 5.0, 15.0),  # pumped storage
        ]
        books[hour] = Book(*_draw(rng, share, sellers), *_draw(rng, share, buyers))
    return books


def _draw(
    rng: np.random.Generator, share: int, kinds: list[tuple[int, float, float, float]]
) -> tuple[Float64Array, Float64Array]:
    """Draw prices and quantities of orders of several kinds, in random order."""
    prices, quantities = [], []
    for shares, gigawatts, mean, deviation in kinds:
        sizes = rng.lognormal(sigma=1.0, size=shares * share)
        quantities.append(np.round(1000 * gigawatts * sizes / max(sizes.sum(), 1.0), 1))
        prices.append(np.round(rng.normal(mean, deviation, len(sizes)), 2) + 0.0)
    order = rng.permutation(sum(map(len, prices)))
    return np.concatenate(prices)[order], np.concatenate(quantities)[order]
