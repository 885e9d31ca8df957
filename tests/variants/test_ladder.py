"""The variants of the ladder: all clear alike where nothing is tied, and their work is counted."""

import numpy as np
import pytest

import market_py
from market_py import registry
from market_py.benchmark import inputs, operation_counts
from market_py.benchmark.report.waterfall import ORDERS

HAS_RUST = "rust" in market_py.available_backends()


@pytest.mark.parametrize("name", registry.VARIANTS)
@pytest.mark.parametrize("offers", [1, 2, 5, 24, 25, 33, 200, 1000])
def test_every_rung_clears_alike(name, offers):
    if name not in market_py.available_variants():
        pytest.skip(f"{name} is not usable here")
    clear = market_py.get_variant(name)
    for market in inputs.random_markets(offers, distinct=8, seed=3):
        before = [part.copy() for part in market[:2]]
        price, dispatch = clear(*market)
        expected_price, expected = market_py.market_clearing(*market, backend="python")
        assert price == expected_price
        np.testing.assert_allclose(dispatch, expected, rtol=0, atol=1e-9 * market[2])
        assert all(map(np.array_equal, before, market[:2]))


@pytest.mark.parametrize("prices", ["sorted", "reversed", "equal", "few", "organ pipe"])
def test_the_sort_of_pairs(prices):
    from market_py.variants.numba import _sort_pairs

    rng = np.random.default_rng(0)
    made = {
        "sorted": np.arange(3000.0),
        "reversed": np.arange(3000.0)[::-1].copy(),
        "equal": np.ones(3000),
        "few": rng.integers(0, 4, 3000).astype(float),
        "organ pipe": np.concatenate([np.arange(1500.0), np.arange(1500.0)[::-1]]),
    }[prices]
    keys, places = made.copy(), np.arange(3000)
    _sort_pairs(keys, places)
    assert np.array_equal(keys, np.sort(made))
    assert np.array_equal(made[places], keys)
    assert np.array_equal(np.sort(places), np.arange(3000))


@pytest.mark.skipif(not HAS_RUST, reason="no Rust extension")
def test_into_an_array_of_the_callers():
    from rust_market import market_clearing_into

    bids, quantities, out = np.array([30.0, 10, 20]), np.full(3, 100.0), np.full(3, np.nan)
    assert market_clearing_into(bids, quantities, 150.0, out) == 20.0
    assert out.tolist() == [0, 100, 50]
    with pytest.raises(ValueError, match=r"out: must not share memory with the offers"):
        market_clearing_into(bids, quantities, 150.0, quantities)
    table = np.ones((2, 3)).reshape(-1)
    with pytest.raises(ValueError, match=r"out: must not share memory"):
        market_clearing_into(table[1:4], quantities, 150.0, table[3:])
    with pytest.raises(ValueError, match=r"out: must have 3 offers like bids, got 2"):
        market_clearing_into(bids, quantities, 150.0, np.empty(2))
    with pytest.raises(ValueError, match=r"out: .*contiguous"):
        market_clearing_into(bids, quantities, 150.0, np.empty(6)[::2])
    out.flags.writeable = False
    with pytest.raises(ValueError, match=r"out: .*writ"):
        market_clearing_into(bids, quantities, 150.0, out)
    assert bids.tolist() == [30, 10, 20]
    assert quantities.tolist() == [100] * 3


@pytest.mark.skipif(not HAS_RUST, reason="no Rust extension")
@pytest.mark.parametrize("name", [name for name in registry.VARIANTS if name.startswith("rust")])
def test_rungs_refuse_what_does_not_fit(name):
    clear = market_py.get_variant(name)
    with pytest.raises(ValueError, match="quantities: must have 2 offers like bids, got 3"):
        clear(np.ones(2), np.ones(3), 1.0)
    with pytest.raises(ValueError, match="bids: must hold at least one offer"):
        clear(np.ones(0), np.ones(0), 1.0)


def test_the_orders_of_fixes_go_from_rung_to_rung():
    for order in ORDERS:
        for fix, following in zip(order.fixes, order.fixes[1:], strict=False):
            assert fix.after == following.before
        for name in {name for fix in order.fixes for name in (fix.before, fix.after)}:
            assert registry.VARIANTS[name].language == order.language
    rust = [order for order in ORDERS if order.language == "rust"]
    assert len({(order.fixes[0].before, order.fixes[-1].after) for order in rust}) == 1


@pytest.mark.long
def test_work_is_counted():
    if not operation_counts.can_count():
        with pytest.raises(RuntimeError, match="cargo is not installed"):
            operation_counts.count(50)
        return
    work = {it.variant: it for it in operation_counts.count(50)}
    # Six vectors a call and no more; every variant after it asks for none.
    assert work["rust-naive"].allocations == 6
    for variant in ("rust-scratch", "rust-unstable", "rust-keys", "rust-select", "rust"):
        assert work[variant].allocations == 0, variant
    # A sort of 50 compares at least as often as any must on average: log2(50!) = 214.2.
    for variant in ("rust-naive", "rust-scratch", "rust-unstable", "rust-keys"):
        assert 200 < work[variant].comparisons < 600, variant
    assert work["rust-select"].comparisons == work["rust"].comparisons == 0
    assert work["rust-select"].passes < work["rust"].passes < work["rust-select"].passes + 2.1
    assert work["numba-sort"].allocations > work["numba-keys"].allocations
    with pytest.raises(ValueError, match="offers = 0: must be at least 1"):
        operation_counts.count(0)
