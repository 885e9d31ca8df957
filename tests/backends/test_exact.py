"""The compiled backends against exact arithmetic, on many and on large markets."""

import numpy as np
import pytest

import market_py
from helpers import oracle
from helpers.judge import judge, market, price_of

COMPILED = ("rust", "numba")


@pytest.fixture(params=COMPILED)
def compiled(request):
    if request.param not in market_py.available_backends():
        pytest.skip(f"{request.param} is not there")
    return market_py.get_backend(request.param)


def compare(compiled, number, sizes, seed, **options):
    rng = np.random.default_rng(seed)
    for _ in range(number):
        given = market(int(rng.choice(sizes)), rng)
        judge(compiled.market_clearing(*given), *given, **options)


def test_the_judge_agrees_with_the_oracle():
    rng = np.random.default_rng(1)
    for _ in range(500):
        given = market(int(rng.integers(1, 40)), rng)
        expected = oracle.clear(*given)
        assert price_of(*given) == (expected.price, expected.shortage)


def test_small_markets(compiled):
    compare(compiled, 3000, range(1, 65), seed=2)


def test_markets_of_hundreds(compiled):
    compare(compiled, 200, range(65, 700), seed=3)


@pytest.mark.parametrize("number", [15, pytest.param(100, marks=pytest.mark.long)])
def test_markets_of_tens_of_thousands(compiled, number):
    """Of so many offers a sample tells where the price is, rightly or wrongly."""
    compare(compiled, number, [1 << 15, (1 << 15) + 1, 33_000, 40_000], seed=8)


@pytest.mark.long
def test_a_hundred_thousand_small_markets(compiled):
    compare(compiled, 100_000, range(1, 65), seed=4)


@pytest.mark.long
def test_a_thousand_markets_of_a_thousand_offers(compiled):
    compare(compiled, 1000, [1000], seed=5)


@pytest.mark.long
def test_five_markets_of_a_million_offers(compiled):
    compare(compiled, 5, [1_000_000], seed=6, tolerance=1e-10)


def test_rows_of_batches_are_bitwise_the_single_markets(compiled):
    """Whatever the way to the price, and however the markets are shared out."""
    rng = np.random.default_rng(7)
    for offers in (3, 24, 25, 64, 300, 33_000):
        shared, _, _ = market(offers, rng)
        rows = [market(offers, rng) for _ in range(40 if offers < 1000 else 10)]
        quantities = np.array([row[1] for row in rows])
        demand = np.array([row[2] for row in rows])
        for bids in (shared, np.array([row[0] for row in rows])):
            each = np.broadcast_to(bids, quantities.shape)
            for threads in (1, 2):
                prices, dispatch = compiled.market_clearing_batch(
                    bids, quantities, demand, threads=threads
                )
                for at in range(len(rows)):
                    price, alone = compiled.market_clearing(each[at], quantities[at], demand[at])
                    assert prices[at] == price
                    assert np.array_equal(dispatch[at], alone)
