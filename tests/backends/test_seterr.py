"""NumPy's error state is the caller's: no public function depends on it, or warns."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from helpers.auctions import auctions
from helpers.markets import RULES, markets

SUBNORMAL = [1.0, 2.0, 3.0], [5e-324, 5e-324, 1e-310], 1e-323
OVERFLOWING = [1.0, 2.0, 2.0], [1.7e308, 1.7e308, 1.7e308], 1.75e308


@example(SUBNORMAL, {})
@example(OVERFLOWING, {"ties": "pro_rata"})
@example(([1.0, 1.0], [5e-324, 1e308], 3e-320), {"ties": "pro_rata"})
@given(markets(), RULES)
def test_clearing_under_seterr(backends, market, rules):
    for backend in backends:
        expected = backend.market_clearing(*market, **rules)
        with np.errstate(all="raise"):
            price, dispatch = backend.market_clearing(*market, **rules)
            prices, rows = backend.market_clearing_batch(*market, **rules)
        assert price == expected[0] == prices[0]
        assert np.array_equal(dispatch, expected[1])
        assert np.array_equal(rows[0], expected[1])


@example(([1.0, 2.0], [5e-324, 1.5e-323], [3.0], [1e-323]), 0.3, "pro_rata")
@example(([1.0, 2.0], [1.7e308] * 2, [3.0, 3.0, 0.0], [1.7e308] * 3), 0.5, "pro_rata")
@example(([1.7e308], [1.0], [-1.7e308], [1.0]), 0.5, "index")
@given(auctions(), st.floats(0, 1), st.sampled_from(["index", "pro_rata"]))
def test_auctions_under_seterr(backends, auction, k, ties):
    for backend in backends:
        expected = backend.auction_clearing(*auction, k=k, ties=ties)
        with np.errstate(all="raise"):
            one = backend.auction_clearing(*auction, k=k, ties=ties)
            rows = backend.auction_clearing_batch(*auction, k=[k], ties=ties)
        for same, row, right in zip(one, rows, expected, strict=True):
            assert np.array_equal(same, right)
            assert np.array_equal(row[0], right)


def test_bad_values_under_seterr(backends):
    for backend in backends:
        for wrong in (np.nan, np.inf, -np.inf):
            with np.errstate(all="raise"), pytest.raises(ValueError, match=r"bids\[1\] = "):
                backend.market_clearing([1.0, wrong], [1.0, 1.0], 1.0)
            with np.errstate(all="raise"), pytest.raises(ValueError, match=r"bid_prices\[1\] = "):
                backend.auction_clearing([1.0], [1.0], [1.0, wrong], [1.0, 1.0])


def test_conversions_under_seterr(backend):
    wide = np.array(["1e-4000", "2"], dtype=np.longdouble)
    with np.errstate(all="raise"):
        assert backend.market_clearing(wide, [1.0, 1.0], 2.0)[0] == 2.0
        assert backend.market_clearing([1.0, 2.0], wide, wide[0])[0] == 2.0
        with pytest.raises(ValueError, match="demand = inf"):
            backend.market_clearing([1.0], [1.0], np.longdouble("1e4000"))
