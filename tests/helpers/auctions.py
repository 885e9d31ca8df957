"""Auctions built on edges, and the two-sided contract once more, in whole numbers.

A quantity is an integer in units of the smallest double, so that every sum is exact.
"""

import math
import random
import struct
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from hypothesis import strategies as st

UNIT = 2**1074
COVERAGE = round((1 - 1e-9) * 2**53)
PRICES = -20.0, -5.0, -0.0, 0.0, 10.0, 20.0, 20.5, 3000.0
QUANTITIES = 0.0, -0.0, 0.1, 0.7, 1.0, 100.0, 5e-324, 1e-310, 1e16, 1e300
LARGEST = 1.7e308


def any_price(rng):
    kind = rng.randrange(4)
    if kind == 0:
        return rng.choice(PRICES)
    if kind == 1:
        return float(rng.randint(-3, 3))
    return rng.uniform(-500, 3000) if kind == 2 else any_float(rng)


def any_quantity(rng):
    kind = rng.randrange(4)
    if kind == 0:
        return rng.randint(0, 50) / 10
    if kind == 1:
        return rng.choice(QUANTITIES)
    return rng.uniform(0, 1000) if kind == 2 else abs(any_float(rng))


def any_float(rng):
    (value,) = struct.unpack("d", struct.pack("Q", rng.getrandbits(64)))
    return value if math.isfinite(value) else 0.0


def near_a_sum(rng, quantities):
    """Where some of the quantities end, or are tolerated to end, or a few doubles beside it."""
    total = 0.0
    for quantity in quantities:
        total += quantity if rng.randrange(3) else 0.0
    if rng.randrange(2):
        total /= 1 - 1e-9
    for _ in range(rng.randint(0, 3)):
        total = math.nextafter(total, rng.choice([0.0, math.inf]))
    return min(total, LARGEST)


def make_auction(rng, max_orders=8, price=any_price, quantity=any_quantity, least=0):
    """Prices and quantities of offers and of bids; sums of one side often meet the other's."""
    few = [price(rng) for _ in range(rng.randint(1, 4))]
    sides = [
        (
            [rng.choice(few) if rng.randrange(2) else price(rng) for _ in range(number)],
            [quantity(rng) for _ in range(number)],
        )
        for number in (rng.randint(least, max_orders), rng.randint(least, max_orders))
    ]
    (offer_prices, offered), (bid_prices, wanted) = sides
    if not offered and not wanted:
        return few[:1], [quantity(rng)], [], []
    for one, other in ((offered, wanted), (wanted, offered)):
        if one and other and rng.randrange(2):
            one[-1] = near_a_sum(rng, other)
    return offer_prices, offered, bid_prices, wanted


@st.composite
def auctions(draw, *args, **options):
    """Most are made from a seed, which is fast; the others can be shrunk."""
    if draw(st.integers(0, 9)):
        rng = random.Random(draw(st.integers(0, 2**64 - 1)))
    else:
        rng = draw(st.randoms(use_true_random=False))
    return make_auction(rng, *args, **options)


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
