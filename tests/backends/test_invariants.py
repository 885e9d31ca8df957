"""What must hold of every market, whatever its buffers."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.optimize import linprog

from helpers.markets import markets

LEVELS = st.integers(-20, 100).map(float)
AMOUNTS = st.integers(0, 500).map(float)
LARGEST = float(np.finfo(float).max)
PLAIN = markets(prices=LEVELS, quantities=AMOUNTS)


def is_short(market):
    _, quantities, demand = market
    return sum(quantities) < demand


@given(PLAIN, st.randoms(use_true_random=False))
def test_permuting_offers_permutes_dispatch(backends, market, random):
    bids, quantities, demand = market
    assume(len(set(bids)) == len(bids))
    order = list(range(len(bids)))
    random.shuffle(order)
    for backend in backends:
        price, dispatch = backend.market_clearing(bids, quantities, demand)
        permuted = [bids[i] for i in order], [quantities[i] for i in order], demand
        permuted_price, permuted_dispatch = backend.market_clearing(*permuted)
        assert permuted_price == price
        assert permuted_dispatch.tolist() == [dispatch[i] for i in order]


@given(PLAIN, st.integers(-20, 20))
def test_scaling_by_a_power_of_two_scales_the_result(backends, market, power):
    bids, quantities, demand = (np.array(part) for part in market)
    # Far from overflow and underflow scaling is exact.
    assume(demand == 0 or 1e-300 < demand < 1e300)
    factor = 2.0**power
    for backend in backends:
        price, dispatch = backend.market_clearing(bids, quantities, demand)
        assert backend.market_clearing(bids * factor, quantities, demand)[0] == price * factor
        scaled = backend.market_clearing(bids, quantities * factor, demand * factor)
        assert scaled[0] == price
        assert np.array_equal(scaled[1], dispatch * factor)


@given(markets(), st.floats(0, 1e6))
def test_more_demand_never_lowers_the_price(backends, market, more):
    bids, quantities, demand = market
    for backend in backends:
        price, _ = backend.market_clearing(bids, quantities, demand)
        higher, _ = backend.market_clearing(bids, quantities, min(demand + more, LARGEST))
        assert higher >= price


@given(markets(), markets(max_offers=1))
def test_one_more_offer_never_raises_the_price(backends, market, one_more):
    bids, quantities, demand = market
    (bid,), (quantity,), _ = one_more
    assume(quantity > 0)
    # In a shortage, or where nothing is offered, the highest offer sets the price.
    assume(sum(quantities) >= demand > 0)
    for backend in backends:
        price, _ = backend.market_clearing(bids, quantities, demand)
        cheaper, _ = backend.market_clearing([*bids, bid], [*quantities, quantity], demand)
        assert cheaper <= price


@pytest.mark.filterwarnings("ignore:.*:scipy.optimize.OptimizeWarning")
@given(PLAIN, st.integers(1, 4000))
def test_the_linear_programme_costs_the_same(backends, market, demand):
    """Least cost dispatch; the price lies between the marginal costs of one MW less and more."""
    bids, quantities, _ = market
    # Half a megawatt off the integers: away from every step.
    demand -= 0.5
    assume(sum(quantities) > demand)
    programme = {
        "c": bids,
        "A_eq": np.ones((1, len(bids))),
        "bounds": [(0, quantity) for quantity in quantities],
        "method": "highs",
    }
    solution = linprog(b_eq=[demand], **programme)
    assert solution.success
    for backend in backends:
        price, dispatch = backend.market_clearing(bids, quantities, demand)
        assert np.dot(bids, dispatch) == pytest.approx(solution.fun, abs=1e-6)
        assert price == pytest.approx(solution.eqlin.marginals[0], abs=1e-6)
