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


@pytest.mark.parametrize("threads", [1, 2, None])
def test_sixteen_threads_with_the_same_inputs(backend, threads):
    rows = slice(None, 20 if backend.name == "python" else 100)
    arguments = BIDS[rows], QUANTITIES[rows], DEMAND[rows]

    def clear(_):
        return (
            backend.market_clearing_batch(*arguments, threads=threads),
            [backend.market_clearing(*market) for market in zip(*arguments, strict=True)],
        )

    (prices, dispatch), singles = clear(0)
    with ThreadPoolExecutor(16) as pool:
        results = list(pool.map(clear, range(16)))
    for (other_prices, other_dispatch), other_singles in results:
        assert np.array_equal(prices, other_prices)
        assert np.array_equal(dispatch, other_dispatch)
        for (price, row), (other_price, other_row) in zip(singles, other_singles, strict=True):
            assert price == other_price
            assert np.array_equal(row, other_row)


def clear_in_child(name):
    prices, _ = market_py.get_backend(name).market_clearing_batch(BIDS, QUANTITIES, DEMAND)
    return prices


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

    with ThreadPoolExecutor(4) as pool:
        # The specification is slow, and Python itself cannot crash.
        times = range(1 if backend.name == "python" else 30)
        done = [pool.submit(task, i) for i in times for task in (scribble, clear)]
        assert [task.result() for task in done] == [None] * len(done)


@pytest.mark.parametrize("name", ["rust", "numba"])
def test_others_run_while_a_large_market_is_cleared(name):
    if name not in market_py.available_backends():
        pytest.skip(f"{name} is not there")
    clear = market_py.get_backend(name).market_clearing
    rng = np.random.default_rng(0)
    market = rng.uniform(0, 100, 4_000_000), rng.uniform(0, 1, 4_000_000), 1e6
    clear(*market)
    assert lets_others_run(lambda: clear(*market))


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
