"""Books that come with the package: published results, and the shape of a day."""

import numpy as np
import pytest

from market_py import auction_clearing, auction_clearing_batch, payments, surplus
from market_py.orders import Book, pinson_example, pypsa_example, synthetic_day
from market_py.orders.rows import Rows


@pytest.mark.parametrize(
    ("book", "price", "volume", "welfare"),
    [(pypsa_example(), 60.0, 390.0, 53_040.0), (pinson_example(), 37.5, 995.0, 94_817.5)],
)
@pytest.mark.parametrize("backend", ["python", "numpy"])
def test_published_results(book, price, volume, welfare, backend):
    found, sold, bought = auction_clearing(*book, backend=backend)
    received, paid = payments(found, book.offer_prices, sold, bought)
    parts = surplus(book.offer_prices, sold, received, book.bid_prices, bought, paid)
    assert (found, sold.sum(), bought.sum(), sum(parts)) == (price, volume, volume, welfare)


def clear(book, extra=0.0):
    """Price with more demand, MW, at the price cap."""
    more = Book(
        *book[:2], np.append(book.bid_prices, 4000.0), np.append(book.bid_quantities, extra)
    )
    return auction_clearing(*more, backend="numpy")[0]


@pytest.mark.parametrize("seed", range(2))
def test_a_synthetic_day_has_the_shape_of_a_sunny_day(seed):
    books = synthetic_day(seed)
    assert list(books) == list(range(1, 25))
    prices = {hour: clear(book) for hour, book in books.items()}
    assert [prices[hour] for hour in (13, 14, 15)] == [0.0] * 3
    assert all(90 < prices[hour] < 160 for hour in (1, 4, 20, 21, 23))
    # A gigawatt more changes nothing at midday, and much where the sun sets.
    assert clear(books[14], 1000.0) == 0.0
    assert clear(books[21], 1000.0) > prices[21] + 1
    assert max(clear(books[hour], 1000.0) - prices[hour] for hour in books) > 10
    for book in books.values():
        assert 2000 <= len(book.offer_prices) + len(book.bid_prices) <= 4000
        for prices_of_side in book[::2]:
            assert np.array_equal(prices_of_side, np.round(prices_of_side, 2))
        for quantities in book[1::2]:
            assert np.all(quantities >= 0)


def test_a_seed_is_a_day():
    one, same, other = synthetic_day(1, 100), synthetic_day(1, 100), synthetic_day(2, 100)
    for a, b in zip(one[5], same[5], strict=True):
        assert np.array_equal(a, b)
    assert not np.array_equal(one[5].offer_quantities, other[5].offer_quantities)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [((-1,), "seed = -1: must be at least 0"), ((0, 99), "orders = 99: must be at least 100")],
)
def test_a_wrong_argument_is_named(arguments, said):
    with pytest.raises(ValueError, match=said):
        synthetic_day(*arguments)


def test_rows_may_be_empty_and_padding_counts_for_nothing():
    rows = Rows(np.array([2, 0, 2]), 4)
    batch = rows.lay_out([1.0, 2.0, 3.0], [7, 8, 9, 10])
    assert batch.tolist() == [[2, 7], [8, 8], [1, 3], [10, 10]]
    assert batch[rows.index].tolist() == [1.0, 2.0, 3.0]
    assert Rows(np.array([], int), 2).lay_out([]).shape == (2, 0)
    prices, *_ = auction_clearing_batch(
        rows.lay_out([10.0, 5.0, 20.0]), rows.lay_out([5, 5, 5]), [99.0], [8.0], backend="numpy"
    )
    assert prices.tolist() == [99.0, 99.0, 20.0, 99.0]
