"""The front door of auctions, and what is settled after one."""

import numpy as np
import pytest
from hypothesis import given

import market_py
from helpers.auctions import auctions, bits, clear

AUCTION = [0.0, 80.0], [100.0, 50.0], [100.0, 50.0], [100.0, 20.0]


def test_the_front_door_forwards(backend):
    for name in ("auction_clearing", "auction_clearing_batch"):
        door, room = getattr(market_py, name), getattr(backend, name)
        through = door(*AUCTION, k=0.3, ties="pro_rata", backend=backend.name)
        inside = room(*AUCTION, k=0.3, ties="pro_rata")
        assert all(bits(a) == bits(b) for a, b in zip(through, inside, strict=True))
    with pytest.raises(ValueError, match="backend = 'c': must be one of"):
        market_py.auction_clearing(*AUCTION, backend="c")


@given(auctions())
def test_the_price_interval(auction):
    expected = clear(*auction)
    low, high = market_py.price_interval(*auction)
    assert (low, high) == (expected.low, expected.high)
    assert type(low) is type(high) is float
    rows = [np.array([part, part]) for part in auction]
    lows, highs = market_py.price_interval(*rows)
    assert (lows.tolist(), highs.tolist()) == ([low] * 2, [high] * 2)


def test_uniform_payments_balance():
    price, sold, bought = market_py.auction_clearing(
        [5.0, 8.0], [3.0, 9.0], [9.0, 20.0], [4.0, 5.0]
    )
    received, paid = market_py.payments(price, [5.0, 8.0], sold, bought)
    assert received.tolist() == [24.0, 48.0]
    assert paid.tolist() == [32.0, 40.0]


def test_pay_as_bid_pays_each_its_offer_and_shares_the_cost():
    received, paid = market_py.payments(8.0, [5.0, 8.0], [3.0, 6.0], [4.0, 5.0], "pay_as_bid")
    assert received.tolist() == [15.0, 48.0]
    assert paid.sum() == received.sum()
    assert paid[0] / paid[1] == pytest.approx(4 / 5)


@pytest.mark.parametrize("rule", ["uniform", "pay_as_bid"])
def test_without_trade_nobody_pays(rule):
    price, sold, bought = market_py.auction_clearing([12.0], [5.0], [-10.0], [5.0])
    for amounts in market_py.payments(price, [12.0], sold, bought, rule):
        assert amounts.tolist() == [0.0]
        assert not np.signbit(amounts).any()


@pytest.mark.parametrize("rule", ["uniform", "pay_as_bid"])
def test_settling_a_batch_is_settling_each_row(rule):
    rng = np.random.default_rng(1)
    parts = [rng.uniform(0, 50, (7, count)) for count in (5, 5, 4, 4)]
    prices, sold, bought = market_py.auction_clearing_batch(*parts, k=0.5)
    received, paid = market_py.payments(prices, parts[0], sold, bought, rule)
    consumer, producer = market_py.surplus(parts[0], sold, received, parts[2], bought, paid)
    assert consumer.shape == producer.shape == (7,)
    for row in range(7):
        own = market_py.payments(prices[row], parts[0][row], sold[row], bought[row], rule)
        assert bits(received[row]) == bits(own[0])
        assert bits(paid[row]) == bits(own[1])
        total = market_py.surplus(
            parts[0][row], sold[row], own[0], parts[2][row], bought[row], own[1]
        )
        assert total == pytest.approx((consumer[row], producer[row]))
        assert own[0].sum() == pytest.approx(own[1].sum())


def test_both_surpluses_are_the_welfare():
    """Whatever is paid: payments only move welfare from one side to the other."""
    price, sold, bought = market_py.auction_clearing(*AUCTION, k=0.5)
    for rule in ("uniform", "pay_as_bid"):
        received, paid = market_py.payments(price, AUCTION[0], sold, bought, rule)
        consumer, producer = market_py.surplus(AUCTION[0], sold, received, AUCTION[2], bought, paid)
        assert consumer + producer == 100 * 100.0
    assert (consumer, producer) == (10_000.0, 0.0)


def test_a_fixed_demand_is_settled_with_one_buyer():
    bids, quantities = [30.0, 10.0, 20.0], [100.0, 100.0, 100.0]
    price, dispatch = market_py.market_clearing(bids, quantities, 150.0)
    received, paid = market_py.payments(price, bids, dispatch, [dispatch.sum()])
    assert received.tolist() == [0.0, 2000.0, 1000.0]
    assert paid.tolist() == [3000.0]
    consumer, producer = market_py.surplus(bids, dispatch, received, [3000.0], [150.0], paid)
    assert (consumer, producer) == (150 * 2980.0, 1000.0)


@pytest.mark.parametrize(
    ("wrong", "error", "words"),
    [
        ({"rule": "first"}, ValueError, "rule = 'first': must be 'uniform' or 'pay_as_bid'"),
        ({"price": float("nan")}, ValueError, "price = nan: must be finite"),
        ({"sold": [1.0]}, ValueError, "sold: must have 2 offers like offer_prices, got 1"),
        ({"bought": "x"}, TypeError, "bought: must be real numbers, got str of dtype <U1"),
        ({"bought": 1.0}, ValueError, "bought: must have 1 or 2 dimensions, got shape ()"),
        (
            {"sold": np.ones((3, 2)), "bought": np.ones((4, 1))},
            ValueError,
            "bought: must have 3 rows like sold, got 4",
        ),
    ],
)
def test_bad_settlements(wrong, error, words):
    good = {"price": 1.0, "offer_prices": [1.0, 2.0], "sold": [1.0, 0.0], "bought": [1.0]}
    with pytest.raises(error) as caught:
        market_py.payments(**(good | wrong))
    assert str(caught.value) == words
