"""Rules 1 to 6 and 9 of the contract, against exact arithmetic."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from helpers import oracle
from helpers.markets import RULES, markets

SHIPPED = [
    # The five tests that came with the published function.
    ([10, 20, 30], [100, 100, 100], 150, 20, [100, 50, 0]),
    ([10, 20], [50, 50], 100, 20, [50, 50]),
    ([10, 20], [50, 50], 150, 20, [50, 50]),
    ([10, 20], [50, 50], 0, 10, [0, 0]),
    ([30, 10, 20], [100, 100, 100], 150, 20, [0, 100, 50]),
]
EDGES = [
    # A unit that completes demand up to rounding is marginal.
    ([10, 20, 1000], [0.7, 0.1, 1], 0.8, 20, [0.7, 0.1, 0]),
    # Offers of nothing set no price, except where there is no other.
    ([5, 10, 20], [0, 50, 50], 0, 10, [0, 0, 0]),
    ([5, 10, 900], [50, 50, 0], 200, 10, [50, 50, 0]),
    ([5, 10], [0, 0], 0, 5, [0, 0]),
    ([5, 10], [0, 0], 1, 10, [0, 0]),
    # Equal prices, -0.0 and 0.0 among them: the lower index first.
    ([20, 10, 10], [50, 50, 50], 70, 10, [0, 50, 20]),
    ([0.0, -0.0], [50, 50], 70, 0, [50, 20]),
    # A quantity of -0.0 is dispatched as 0.0, first among equals and where a trace remains.
    ([5, 5], [-0.0, 50], 30, 5, [0, 30]),
    ([5, 5], [0.1, -0.0], 0.1 * (1 + 5e-10), 5, [0.1, 0]),
    ([-10, -20], [50, 50], 30, -20, [0, 30]),
    # Sums beyond the largest double.
    ([1, 2, 3], [1.7e308, 1.7e308, 1.7e308], 1.75e308, 2, [1.7e308, 5e306, 0]),
    # Subnormal numbers are numbers.
    ([1, 2, 3], [5e-324, 5e-324, 5e-324], 1e-323, 2, [5e-324, 5e-324, 0]),
]


@pytest.mark.parametrize(("bids", "quantities", "demand", "price", "dispatch"), SHIPPED + EDGES)
def test_known_markets(backend, bids, quantities, demand, price, dispatch):
    cleared = backend.market_clearing(bids, quantities, demand)
    oracle.check(cleared, bids, quantities, demand)
    assert cleared[0] == price
    np.testing.assert_allclose(cleared[1], dispatch, rtol=1e-12)
    prices, rows = backend.market_clearing_batch([bids, bids], quantities, demand)
    assert prices.tolist() == [price, price]
    assert np.array_equal(rows, [cleared[1], cleared[1]])


def test_shortage_costs_the_cap_and_only_a_shortage_does(backend):
    clear = backend.market_clearing
    assert clear([10, 20], [50, 50], 150, price_cap=3000.0)[0] == 3000.0
    assert clear([10, 20], [50, 50], 150, price_cap=15)[0] == 15.0
    assert clear([10, 20], [50, 50], 100, price_cap=15)[0] == 20.0
    price, dispatch = clear([10, 20], [50, 50], 150, price_cap=-0.0)
    assert not np.signbit(price)
    assert dispatch.tolist() == [50, 50]
    assert clear([10], [0], 0, price_cap=15)[0] == 10.0


def test_pro_rata_shares_alike(backend):
    clear = backend.market_clearing
    price, dispatch = clear([10, 20, 20, 30], [40, 100, 50, 9], 100, ties="pro_rata")
    assert price == 20
    assert dispatch.tolist() == [40, 40, 20, 0]
    assert clear([5, 5], [1e300, 3e300], 4e-10, ties="pro_rata")[1].tolist() == [1e-10, 3e-10]
    assert clear([5, 5], [1e308, 1e308], 1e308, ties="pro_rata")[1].tolist() == [5e307, 5e307]


@given(markets(), RULES)
def test_backends_agree_with_exact_arithmetic(backends, market, rules):
    for backend in backends:
        oracle.check(backend.market_clearing(*market, **rules), *market, **rules)


# What remains of demand, less the largest double, is no double: nothing remains after the last.
BEYOND = ([0.0] * 3, [6.52e307, 1.7976931348623157e308, 1e300], 6.52e307 + 1e300)


@given(markets(max_offers=40), RULES)
@example(BEYOND, {"ties": "index", "price_cap": None})
def test_backends_agree_with_each_other(backends, market, rules):
    results = [backend.market_clearing(*market, **rules) for backend in backends]
    tolerance = 1e-12 * market[2] + 5e-324
    for (price, dispatch), (other_price, other_dispatch) in itertools.combinations(results, 2):
        assert price == other_price
        assert np.abs(dispatch - other_dispatch).max() <= tolerance


INTEGERS = st.integers(0, 2**45).map(float)


@given(markets(max_offers=40, quantities=INTEGERS), st.integers(0, 2**52), st.data())
def test_integers_are_dispatched_bit_for_bit(backends, market, demand, data):
    bids, quantities, _ = market
    demand = data.draw(st.sampled_from([float(demand), sum(quantities[::2]), sum(quantities)]))
    expected = oracle.clear(bids, quantities, demand)
    for backend in backends:
        price, dispatch = backend.market_clearing(bids, quantities, demand)
        assert price == expected.price
        assert dispatch.tolist() == [float(share) for share in expected.dispatch]


@given(st.data())
def test_every_step_boundary(backends, data):
    """Demand at, just below and just above each step, and where the target meets the step."""
    bids, quantities, _ = data.draw(markets(max_offers=3))
    step = 0.0
    for quantity in np.array(quantities)[np.argsort(bids, kind="stable")].tolist():
        step += quantity
        for middle in (step, step / (1 - 1e-9), step * (1 + 5e-10), step * (1 + 2e-9)):
            for demand in (math.nextafter(middle, 0), middle, math.nextafter(middle, math.inf)):
                if not math.isfinite(demand):
                    continue
                for backend in backends:
                    cleared = backend.market_clearing(bids, quantities, demand)
                    oracle.check(cleared, bids, quantities, demand)
