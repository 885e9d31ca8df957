"""Auctions built on edges, and the two-sided contract once more, in whole numbers.

A quantity is an integer in units of the smallest double, so that every sum is exact.
"""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from hypothesis import strategies as st

from helpers.markets import PRICES, QUANTITIES, demands

UNIT = 2**1074
COVERAGE = round((1 - 1e-9) * 2**53)
LEVELS = st.sampled_from([-20.0, -0.0, 0.0, 10.0, 20.0, 20.5, 3000.0])


@st.composite
def auctions(draw, max_orders=8, prices=LEVELS | PRICES, quantities=QUANTITIES, least=0):
    """Offers and bids, prices and quantities of each; sums of one side often meet the other's."""
    offers, bids = draw(st.integers(least, max_orders)), draw(st.integers(least, max_orders))
    if offers + bids == 0:
        offers = 1
    few = draw(st.lists(prices, min_size=1, max_size=4))
    price = st.sampled_from(few) | prices
    offered = draw(st.lists(quantities, min_size=offers, max_size=offers))
    wanted = draw(st.lists(quantities, min_size=bids, max_size=bids))
    if bids and offers and draw(st.booleans()):
        wanted[-1] = draw(demands(offered))
    if bids and offers and draw(st.booleans()):
        offered[-1] = draw(demands(wanted))
    offer_prices = draw(st.lists(price, min_size=offers, max_size=offers))
    bid_prices = draw(st.lists(price, min_size=bids, max_size=bids))
    return offer_prices, offered, bid_prices, wanted


@dataclass
class Cleared:
    low: float
    high: float
    volume: int
    sold: list[Fraction]
    bought: list[Fraction]


def exact(quantity):
    return int(Fraction(quantity) * UNIT)


def rounded(number, shift=0):
    """Divide by a power of two and round: to 53 bits or, of a small one, to units."""
    drop = max(shift, number.bit_length() - 53)
    whole, rest = number >> drop, number & ((1 << drop) - 1)
    half = (1 << drop) >> 1
    whole += rest > half or (rest == half > 0 and whole % 2)
    return whole << (drop - shift)


def tolerated(quantity):
    return rounded(rounded(quantity) * COVERAGE, 53)


def clear(offer_prices, offer_quantities, bid_prices, bid_quantities, ties="index"):
    offers = list(zip(map(float, offer_prices), map(exact, offer_quantities), strict=True))
    bids = list(zip(map(float, bid_prices), map(exact, bid_quantities), strict=True))
    book = sorted({price for price, quantity in offers + bids if quantity})
    book = book or sorted({price for price, _ in offers + bids})

    def supply(price):
        return sum(q for p, q in offers if p <= price)

    def demand(price):
        return sum(q for p, q in bids if p >= price)

    for low in book:
        if supply(low) >= tolerated(sum(q for p, q in bids if p > low)):
            break
    for high in book[::-1]:
        if demand(high) >= tolerated(sum(q for p, q in offers if p < high)):
            break
    volume = min(supply(low), demand(high))
    sold = accept(offers, volume, ties)
    bought = accept([(-price, quantity) for price, quantity in bids], volume, ties)
    return Cleared(low, high, volume, sold, bought)


def accept(orders, volume, ties):
    accepted = [Fraction(0)] * len(orders)
    for level in sorted({price for price, _ in orders}):
        tied = [i for i, (price, _) in enumerate(orders) if price == level]
        offered = sum(orders[i][1] for i in tied)
        taken = min(volume, offered)
        volume -= taken
        for i in tied:
            quantity = orders[i][1]
            if ties == "index":
                accepted[i] = Fraction(min(quantity, taken))
                taken -= min(quantity, taken)
            elif offered:
                accepted[i] = Fraction(quantity * taken, offered)
    return accepted


def price(low, high, k):
    between = (1 - k) * low + k * high
    return float(min(max(between, low), high)) + 0.0


def check(result, auction, k=0.0, ties="index", tolerance=10**12):
    """Assert that a backend's result is what the contract says."""
    got, sold, bought = result
    expected = clear(*auction, ties)
    assert expected.low <= expected.high
    assert type(got) is float
    assert bits(got) == bits(price(expected.low, expected.high, k))
    offer_prices, offer_quantities, bid_prices, bid_quantities = map(np.array, auction)
    sides = [
        (sold, offer_quantities, offer_prices > expected.low, expected.sold),
        (bought, bid_quantities, bid_prices < expected.high, expected.bought),
    ]
    partly = 0
    for accepted, quantities, excluded, exactly in sides:
        assert type(accepted) is np.ndarray
        assert accepted.dtype == np.float64
        assert accepted.shape == quantities.shape
        assert np.all((accepted >= 0) & (accepted <= quantities))
        assert not np.signbit(accepted).any()
        assert not accepted[excluded].any()
        partly += np.count_nonzero((accepted > 0) & (accepted < quantities))
        allowed = Fraction(expected.volume, tolerance)
        amounts = list(map(exact, accepted.tolist()))
        assert abs(sum(amounts) - expected.volume) <= allowed + len(amounts)
        for amount, right in zip(amounts, exactly, strict=True):
            assert abs(amount - right) <= allowed + 1
    if ties == "index":
        assert partly <= 1
    return expected


def bits(values):
    return np.atleast_1d(np.asarray(values, float)).view(np.int64).tolist()
