"""A batch is many markets: row by row the same as one at a time, whatever the threads."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.markets import RULES, markets

THREADS = [None, 1, 2, 8]


def bit_for_bit(one, other):
    return np.array_equal(np.asarray(one).view(np.int64), np.asarray(other).view(np.int64))


def assert_rows_equal_single_calls(backend, bids, quantities, demand, ties, price_cap, threads):
    prices, dispatch = backend.market_clearing_batch(
        bids, quantities, demand, ties=ties, price_cap=price_cap, threads=threads
    )
    number, offers = dispatch.shape
    assert prices.shape == (number,)
    assert prices.dtype == dispatch.dtype == np.float64
    assert type(prices) is type(dispatch) is np.ndarray
    bids = np.broadcast_to(bids, (number, offers))
    quantities = np.broadcast_to(quantities, (number, offers))
    demand = np.broadcast_to(demand, number)
    caps = None if price_cap is None else np.broadcast_to(price_cap, number)
    for row in range(number):
        price, accepted = backend.market_clearing(
            bids[row],
            quantities[row],
            demand[row],
            ties=ties,
            price_cap=None if caps is None else caps[row],
        )
        assert bit_for_bit(price, prices[row])
        assert bit_for_bit(accepted, dispatch[row])


@st.composite
def batches(draw):
    """Arguments of a batch, each shared or with a row for each market."""
    number, offers = draw(st.integers(1, 6)), draw(st.integers(1, 8))
    rows = [draw(markets(max_offers=offers)) for _ in range(number)]
    bids = np.array([np.resize(row[0], offers) for row in rows])
    quantities = np.array([np.resize(row[1], offers) for row in rows])
    demand = np.array([row[2] for row in rows])
    rules = draw(RULES)
    cap = rules["price_cap"]
    if cap is not None and draw(st.booleans()):
        cap = np.resize([cap, 7.0], number)
    shape = draw(st.sampled_from(["own", "bids", "quantities", "both", "demand"]))
    if shape in ("bids", "both"):
        bids = bids[0]
    if shape in ("quantities", "both"):
        quantities = quantities[0]
    if shape == "demand":
        demand = demand[0]
    return bids, quantities, demand, rules["ties"], cap


@given(batches(), st.sampled_from(THREADS))
def test_rows_equal_single_calls(backends, batch, threads):
    for backend in backends:
        assert_rows_equal_single_calls(backend, *batch, threads)


@pytest.mark.parametrize("ties", ["index", "pro_rata"])
@pytest.mark.parametrize("shared", ["", "bids", "quantities"])
@pytest.mark.parametrize("threads", THREADS)
def test_enough_rows_for_every_thread(backend, threads, shared, ties):
    rng = np.random.default_rng(3)
    number = 300 if backend.name == "python" else 4000
    bids = rng.integers(0, 12, (number, 24)).astype(float)
    quantities = rng.uniform(0, 9, (number, 24))
    demand = rng.uniform(0, 150, number)
    bids = bids[0] if shared == "bids" else bids
    quantities = quantities[0] if shared == "quantities" else quantities
    cleared = backend.market_clearing_batch(bids, quantities, demand, ties=ties, threads=threads)
    alone = backend.market_clearing_batch(bids, quantities, demand, ties=ties, threads=1)
    assert bit_for_bit(cleared[0], alone[0])
    assert bit_for_bit(cleared[1], alone[1])
    some = slice(None, None, number // 20)
    assert_rows_equal_single_calls(
        backend,
        bids if shared == "bids" else bids[some],
        quantities if shared == "quantities" else quantities[some],
        demand[some],
        ties,
        None,
        threads,
    )


def test_the_number_of_markets(backend):
    clear = backend.market_clearing_batch
    prices, dispatch = clear([10.0, 20.0], [50.0, 50.0], 70.0)
    assert (prices.tolist(), dispatch.tolist()) == ([20.0], [[50.0, 20.0]])
    assert clear([[10.0, 20.0]], [50.0, 50.0], [70.0])[0].shape == (1,)
    assert clear([10.0], [50.0], [1.0, 2.0], price_cap=[3.0, 4.0])[0].shape == (2,)
    assert clear([10.0], [50.0], 99.0, price_cap=[4.0])[0].tolist() == [4.0]
    assert clear([10.0], [50.0], 99.0, threads=10**30)[0].tolist() == [10.0]
    assert clear([10.0], [50.0], 99.0, threads=np.int8(3))[0].tolist() == [10.0]


@pytest.mark.parametrize(
    ("bids", "quantities", "demand"),
    [
        (np.ones((0, 3)), np.ones((0, 3)), 1.0),
        (np.ones((0, 1 << 22)), np.ones(1 << 22), 1.0),
        (np.ones(3), np.ones(3), np.ones(0)),
        (np.ones((0, 3)), np.ones(3), []),
    ],
)
def test_no_markets(backend, bids, quantities, demand):
    prices, dispatch = backend.market_clearing_batch(bids, quantities, demand)
    assert (prices.shape, dispatch.shape) == ((0,), (0, bids.shape[-1]))
    assert prices.dtype == dispatch.dtype == np.float64


def test_the_marginal_offer_up_to_rounding(backend):
    bids, quantities = np.tile([10.0, 20.0, 1000.0], (5, 1)), np.array([0.7, 0.1, 1.0])
    prices, _ = backend.market_clearing_batch(bids, quantities, 0.8)
    assert prices.tolist() == [20.0] * 5
