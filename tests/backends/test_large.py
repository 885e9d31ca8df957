"""Large markets and crowded ties."""

import numpy as np
import pytest


def reference(bids, quantities, demand):
    """Price and supply below it, by sorting, for markets away from the boundary."""
    order = np.argsort(bids, kind="stable")
    supply = np.cumsum(quantities[order])
    marginal = np.searchsorted(supply, demand)
    return bids[order[marginal]]


SIZES = [10_000, 100_000, pytest.param(1_000_000, marks=pytest.mark.long)]
DISTRIBUTIONS = {
    "random": lambda n, rng: rng.uniform(-50, 300, n),
    "sorted": lambda n, rng: np.sort(rng.uniform(-50, 300, n)),
    "reversed": lambda n, rng: np.sort(rng.uniform(-50, 300, n))[::-1].copy(),
    "equal": lambda n, rng: np.full(n, 42.0),
    "two levels": lambda n, rng: rng.choice([10.0, 20.0], n),
    "magnitudes": lambda n, rng: 10.0 ** rng.uniform(-150, 150, n),
}


@pytest.mark.parametrize("distribution", DISTRIBUTIONS.values(), ids=DISTRIBUTIONS.keys())
@pytest.mark.parametrize("offers", SIZES)
def test_large_markets(backends, distribution, offers):
    rng = np.random.default_rng(offers)
    bids, quantities = distribution(offers, rng), rng.uniform(0, 10, offers)
    demand = float(np.sum(quantities) * 0.37)
    price = reference(bids, quantities, demand)
    results = [
        backend.market_clearing(bids, quantities, demand)
        for backend in backends
        if backend.name != "python" or offers <= 10_000
    ]
    tolerance = demand * (1e-12 if offers <= 10_000 else 1e-10)
    for cleared_price, dispatch in results:
        assert cleared_price == price
        assert np.array_equal(dispatch[bids < price], quantities[bids < price])
        assert not dispatch[bids > price].any()
        assert abs(dispatch.sum() - demand) <= 1e-9 * demand
        assert np.abs(dispatch - results[0][1]).max() <= tolerance


@pytest.mark.parametrize("distribution", DISTRIBUTIONS.values(), ids=DISTRIBUTIONS.keys())
@pytest.mark.parametrize("orders", SIZES)
def test_large_auctions(backends, distribution, orders):
    """A bid that is rejected is a generator that is not needed."""
    rng = np.random.default_rng(orders)
    prices, quantities = distribution(orders, rng), rng.uniform(0, 10, orders)
    is_bid = np.arange(orders) % 3 == 0
    price = reference(prices, quantities, float(np.sum(quantities[is_bid])))
    bid_prices, wanted = prices[is_bid], quantities[is_bid]
    offer_prices, offered = prices[~is_bid], quantities[~is_bid]
    results = [
        backend.auction_clearing(offer_prices, offered, bid_prices, wanted)
        for backend in backends
        if backend.name != "python" or orders <= 10_000
    ]
    for cleared_price, sold, bought in results:
        assert cleared_price == price
        assert np.array_equal(sold[offer_prices < price], offered[offer_prices < price])
        assert np.array_equal(bought[bid_prices > price], wanted[bid_prices > price])
        assert not sold[offer_prices > price].any()
        assert not bought[bid_prices < price].any()
        volume = sold.sum()
        tolerance = volume * (1e-12 if orders <= 10_000 else 1e-10)
        assert abs(volume - bought.sum()) <= 2 * tolerance
        for one, same in zip((sold, bought), results[0][1:], strict=True):
            assert np.abs(one - same).max() <= tolerance


@pytest.mark.parametrize("ties", ["index", "pro_rata"])
@pytest.mark.parametrize("orders", [5000, 40_000])
def test_ties_of_thousands_on_both_sides(backend, ties, orders):
    """A quarter as many offers as bids: half of the bids at the higher price is cut."""
    if backend.name == "python" and orders > 5000:
        pytest.skip("slow")
    prices, quantities = np.where(np.arange(orders) % 2, 10.0, 20.0), np.full(orders, 0.1)
    offers = slice(orders // 4)
    price, sold, bought = backend.auction_clearing(
        prices[offers] - 10, quantities[offers], prices, quantities, ties=ties
    )
    assert price == 20.0
    assert np.all(sold == 0.1)
    assert not bought[1::2].any()
    ranks = np.arange(orders // 2)
    expected = 0.1 * (ranks < orders // 4) if ties == "index" else 0.05
    np.testing.assert_allclose(bought[::2], expected, rtol=0, atol=orders * 1e-12)


@pytest.mark.parametrize("ties", ["index", "pro_rata"])
def test_ties_at_one_of_many_prices(backend, ties):
    """Here a sample tells the price from its neighbours."""
    rng = np.random.default_rng(3)
    bids = rng.integers(0, 50, 40_000).astype(float)
    quantities = rng.uniform(0, 10, 40_000)
    demand = float(quantities.sum() * 0.37)
    price, dispatch = backend.market_clearing(bids, quantities, demand, ties=ties)
    assert price == reference(bids, quantities, demand)
    tied = bids == price
    assert tied.sum() > 500
    assert np.array_equal(dispatch[bids < price], quantities[bids < price])
    assert not dispatch[bids > price].any()
    remaining = demand - quantities[bids < price].sum()
    if ties == "pro_rata":
        expected = quantities[tied] * (remaining / quantities[tied].sum())
    else:
        before = np.cumsum(quantities[tied]) - quantities[tied]
        expected = np.clip(remaining - before, 0, quantities[tied])
    np.testing.assert_allclose(dispatch[tied], expected, rtol=0, atol=demand * 1e-11)


@pytest.mark.parametrize("ties", ["index", "pro_rata"])
def test_ties_of_thousands(backend, ties):
    offers = 5000
    quantities = np.full(offers, 0.1)
    bids = np.where(np.arange(offers) % 2, 10.0, 20.0)
    price, dispatch = backend.market_clearing(bids, quantities, 375.0, ties=ties)
    assert price == 20.0
    assert np.all(dispatch[1::2] == 0.1)
    cheap = dispatch[::2]
    if ties == "index":
        np.testing.assert_allclose(cheap[:1250], 0.1, atol=375e-12)
        np.testing.assert_allclose(cheap[1251:], 0.0, atol=375e-12)
    else:
        np.testing.assert_allclose(cheap, 0.05, rtol=1e-12)


@pytest.mark.parametrize("offers", SIZES)
def test_pro_rata_among_offers_that_swallow_each_other(backends, offers):
    """Added one after the other in doubles, the small ones vanish beside the large one."""
    quantities = np.full(offers, 2.0**-53)
    quantities[0] = 1.0
    share = 0.5 / (1.0 + (offers - 1) * 2.0**-53)
    for backend in backends:
        _, dispatch = backend.market_clearing(np.zeros(offers), quantities, 0.5, ties="pro_rata")
        error = np.abs(dispatch - quantities * share).max()
        assert error <= 0.5 * (1e-12 if offers <= 10_000 else 1e-10), backend.name
        assert error <= 1e-15, backend.name


def test_many_offers_that_doubles_cannot_add(backend):
    """A huge offer swallows tiny ones in floating point; exactly, the last of them counts."""
    tiny = 2.0**-54
    quantities = np.array([1.0, *[tiny] * 1000])
    bids = np.arange(1001.0)
    # The target is a thousand and first step away from one.
    demand = 1.0 / (1 - 1e-9)
    while demand * (1 - 1e-9) < 1 + 2.0**-52:
        demand = float(np.nextafter(demand, 2))
    price, _ = backend.market_clearing(bids, quantities, demand)
    assert demand * (1 - 1e-9) == 1 + 2.0**-52
    assert price == 4.0
