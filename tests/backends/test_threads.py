"""Many threads, and processes, at once."""

import multiprocessing
import sys
from concurrent.futures import Future, ThreadPoolExecutor
from types import SimpleNamespace

import numpy as np
import pytest

import market_py
from helpers.ticks import lets_others_run
from market_py.backends import threads as pool_of_threads

RNG = np.random.default_rng(5)
BIDS = RNG.uniform(0, 100, (400, 50))
QUANTITIES = RNG.uniform(0, 10, (400, 50))
DEMAND = RNG.uniform(0, 300, 400)


@pytest.mark.parametrize("threads", [1, pytest.param(2, marks=pytest.mark.long), None])
def test_sixteen_threads_with_the_same_inputs(backend, threads):
    rows = slice(None, 20 if backend.name == "python" else 100)
    arguments = BIDS[rows], QUANTITIES[rows], DEMAND[rows]

    def clear(_):
        return (
            backend.market_clearing_batch(*arguments, threads=threads),
            [backend.market_clearing(*market) for market in zip(*arguments, strict=True)],
        )

    check_sixteen_threads(clear)


@pytest.mark.parametrize("threads", [1, pytest.param(2, marks=pytest.mark.long), None])
def test_sixteen_threads_with_the_same_auctions(backend, threads):
    rows = slice(None, 2 if backend.name == "python" else 100)
    arguments = BIDS[rows], QUANTITIES[rows], BIDS[rows] + 10, QUANTITIES[rows]

    def clear(_):
        return (
            backend.auction_clearing_batch(*arguments, threads=threads),
            [backend.auction_clearing(*auction) for auction in zip(*arguments, strict=True)],
        )

    check_sixteen_threads(clear)


def check_sixteen_threads(clear):

    batch, singles = clear(0)
    with ThreadPoolExecutor(16) as pool:
        results = list(pool.map(clear, range(16)))
    for other_batch, other_singles in results:
        for one, other in zip([batch, *singles], [other_batch, *other_singles], strict=True):
            assert all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def clear_in_child(name):
    backend = market_py.get_backend(name)
    prices, _ = backend.market_clearing_batch(BIDS, QUANTITIES, DEMAND)
    auctions = slice(10 if name == "python" else None)
    orders = BIDS[auctions], QUANTITIES[auctions]
    return np.concatenate([prices, backend.auction_clearing_batch(*orders, *orders)[0]])


@pytest.mark.skipif(sys.platform != "linux", reason="forks")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_forked_child_clears_too(backend):
    """Threads do not survive a fork: a pool kept from one call to the next would hang here."""
    expected = clear_in_child(backend.name)
    with multiprocessing.get_context("fork").Pool(1) as pool:
        assert np.array_equal(pool.apply_async(clear_in_child, [backend.name]).get(60), expected)


@pytest.mark.parametrize("demand", [DEMAND, 1.0 / (1 - 1e-9)], ids=["any", "at the boundary"])
def test_writing_to_an_input_meanwhile_breaks_nothing_else(backend, demand):
    """It is the caller's error, and the result means nothing; but nothing crashes."""
    bids, quantities = BIDS.copy(), QUANTITIES.copy()
    if np.ndim(demand) == 0:
        # Doubles cannot decide: the exact sums are at work.
        bids, quantities = np.zeros((40, 5000)), np.full((40, 5000), 2.0**-60)
        quantities[:, 0] = 1.0
        demand = np.full(40, demand)

    def scribble(_):
        for value in (np.nan, 1e308, -1.0, 5.0):
            quantities[::3] = value
            bids[::7] = value

    def clear(_):
        try:
            prices, _ = backend.market_clearing_batch(bids[:40], quantities[:40], demand[:40])
        except ValueError:
            return
        assert prices.shape == (40,)

    def clear_auctions(_):
        orders = bids[:4, :200], quantities[:4, :200]
        try:
            prices, *_ = backend.auction_clearing_batch(*orders, *orders)
        except ValueError:
            return
        assert prices.shape == (4,)

    with ThreadPoolExecutor(4) as pool:
        # The specification is slow, and Python itself cannot crash.
        tasks = scribble, clear, *([clear_auctions] if backend.name in ("rust", "numba") else [])
        times = range(1 if backend.name == "python" else 30)
        done = [pool.submit(task, i) for i in times for task in tasks]
        assert [task.result() for task in done] == [None] * len(done)


@pytest.mark.parametrize("name", ["rust", "numba"])
def test_others_run_while_a_large_market_is_cleared(name):
    if name not in market_py.available_backends():
        pytest.skip(f"{name} is not there")
    backend = market_py.get_backend(name)
    rng = np.random.default_rng(0)
    offers = rng.uniform(0, 100, 4_000_000), rng.uniform(0, 1, 4_000_000)
    for clear, demand in (
        (backend.market_clearing, (1e6,)),
        (backend.auction_clearing, offers),
    ):
        clear(*offers, *demand)
        assert lets_others_run(lambda clear=clear, demand=demand: clear(*offers, *demand))


@pytest.mark.parametrize(
    ("items", "share", "helpers"), [(5, 5, 0), (6, 5, 1), (0, 5, 0), (90, 5, 17)]
)
def test_no_more_helpers_than_shares(items, share, helpers, monkeypatch):
    asked, done = [], []
    pool = SimpleNamespace(submit=lambda some: asked.append(some) or Future())
    monkeypatch.setattr(pool_of_threads, "_pool", lambda: pool)
    assert pool_of_threads.parallel_for(
        lambda *some: done.append(some) or True, items, share, 10**9
    )
    assert len(asked) == helpers
    assert sum(stop - start for start, stop in done) == items
