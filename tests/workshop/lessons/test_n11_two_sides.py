"""The panels and exercises of notebook 11."""

import os
from pathlib import Path

import numpy as np
import pytest

from market_py import auction_clearing, surplus
from market_py.extension import REPOSITORY
from market_py.orders.complex_orders import PRICE_FLOOR
from market_py.workshop.lessons.n11_two_sides import books, checks, panel

_FOLDERS = (os.environ.get("MARKET_PY_DATA"), REPOSITORY.parent / "shared" / "data")
DATA = next((it for it in _FOLDERS if it and Path(it, "omie_20250621_bids.csv.gz").exists()), None)
pytestmark = pytest.mark.filterwarnings("ignore:.*:DeprecationWarning")


@pytest.fixture(scope="module")
def day():
    return books.day()[0]


def best_blocks(taken, prices, welfare, block_prices):
    loses = taken * (block_prices > prices[:, None])
    return np.where(loses.any(axis=1), -np.inf, welfare).argmax()


class TestBooks:
    @pytest.mark.parametrize("megawatts", [0, 1, 1000, 1e6])
    def test_the_cheapest_offers_are_withheld(self, day, megawatts):
        book = day[10]
        less = books.withhold(book, megawatts)
        gone = book.offer_quantities - less.offer_quantities
        assert gone.sum() == pytest.approx(min(megawatts, book.offer_quantities.sum()))
        dearest = book.offer_prices[gone > 0].max(initial=-np.inf)
        assert not less.offer_quantities[book.offer_prices < dearest].any()

    def test_a_fixed_demand_clears_at_the_same_price(self, day):
        for book in day.values():
            price, sold, bought = auction_clearing(*book)
            again, _, served = auction_clearing(*books.with_fixed_demand(book, bought))
            assert served.sum() == pytest.approx(sold.sum())
            assert again <= price

    def test_a_day_has_24_books_that_trade(self, day):
        assert [*day] == [*range(1, 25)]
        assert all(auction_clearing(*book)[1].any() for book in day.values())

    def test_without_a_real_day_another_one_stands_in(self, monkeypatch):
        monkeypatch.delenv("MARKET_PY_DATA", raising=False)
        found, asked, name, how = books.day.__wrapped__()
        assert (name, [*found], [*asked]) == ("a synthetic day", *[[*range(1, 25)]] * 2)
        assert "MARKET_PY_DATA is not set" in how

    @pytest.mark.skipif(DATA is None, reason="no data of a real day")
    def test_the_real_day_has_the_official_prices(self, monkeypatch):
        monkeypatch.setenv("MARKET_PY_DATA", str(DATA))
        found, asked, name, how = books.day.__wrapped__()
        assert name == "21 June 2025 in Spain"
        assert all(len(asked[hour]) == len(book.offer_prices) for hour, book in found.items())
        assert "meet 6 of 24 official prices" in how
        assert "24 are met" in how
        assert auction_clearing(*books.withhold(found[10], 1000))[0] == 63


class TestPanels:
    def test_a_day(self, day):
        shown = panel.day_panel(day, "a test")
        before = shown.picture.value, shown.sentence.text
        assert "The prices of a test" in before[1]
        shown.controls["megawatts"].value = 1000
        shown.wait()
        assert shown.picture.value != before[0]
        rises = {
            hour: auction_clearing(*books.withhold(book, 1000))[0] - auction_clearing(*book)[0]
            for hour, book in day.items()
        }
        hour = max(rises, key=rises.get)
        said = f"Without 1,000 MW the price rises most at {hour} h, by {rises[hour]:,.2f} €/MWh"
        assert said in shown.sentence.text

    def test_an_hour(self, day):
        shown = panel.hour_panel(day)
        for name, value in {"hour": 20, "megawatts": 3000, "demand": "fixed"}.items():
            before = shown.picture.value, shown.sentence.text
            shown.controls[name].value = value
            shown.wait()
            assert shown.picture.value != before[0], name
            assert shown.sentence.text != before[1], name

    def test_a_browser_that_cannot_draw_gets_sliders(self):
        figure = panel.flagship_figure()
        figure._repr_mimebundle_()
        figure._handle_custom_msg({"failed": "no SVG"}, [])
        (shown,) = figure._box.children
        assert shown.sentence.text == figure.sentence
        shown.controls["k"].value = 1.0
        shown.wait()
        assert "Price 60.00" in shown.sentence.text

    def test_the_figure_and_python_agree(self):
        figure = panel.flagship_figure()
        assert figure.low < figure.high
        assert "They agree." in panel.agreement(figure)
        figure.set_state({"price": 99})
        assert "They do NOT agree." in panel.agreement(figure)

    def test_subsets(self):
        shown = panel.subsets_panel(best_blocks)
        assert "You choose row 229" in shown.sentence.text
        for not_done in (lambda *_: None, None):
            assert "choose" not in panel.subsets_panel(not_done).sentence.text

    def test_an_accepted_block_sells_all_and_welfare_is_that_of_the_auction(self):
        book, prices, quantities = books.blocks()
        taken, found, welfare = panel.clear_subsets(book, prices, quantities)
        for row in (0, 5, 229, 1023):
            offers = np.append(book.offer_prices, np.full(books.BLOCKS, PRICE_FLOOR))
            offered = np.append(book.offer_quantities, taken[row] * quantities)
            price, sold, bought = auction_clearing(offers, offered, *book[2:])
            assert np.array_equal(sold[-books.BLOCKS :], taken[row] * quantities)
            costs = np.append(book.offer_prices, prices)
            gains = surplus(costs, sold, price * sold, book.bid_prices, bought, price * bought)
            assert (price, sum(gains)) == (found[row], pytest.approx(welfare[row]))


class TestExercises:
    @pytest.mark.parametrize(
        ("answer", "state", "words"),
        [
            (None, "not done yet", ""),
            (books.START, "right", "any price from 40 to 60 clears"),
            (([0, 80], [100, 50], [100, 50], [100, 20]), "right", "0.5 gives 65"),
            (([0, 60], [100, 50], [90, 40], [60, 80]), "not right yet", "bid 2 trades 40"),
            (([0, 60], [100, 50], [90, 70], [90, 20]), "not right yet", "offer 2 trades 10"),
            (([20], [5], [20], [5]), "not right yet", "leave no gap"),
            (([20], [5], [10], [5]), "not right yet", "nothing is traded"),
            (([20], [5], [10]), "not right yet", "not a book of four lists"),
            (([20], [5], ["x"], [5]), "not right yet", "not a book of four lists"),
            (7, "not right yet", "not a book of four lists"),
        ],
    )
    def test_interval(self, answer, state, words):
        found = checks.check_interval(answer)
        assert (found.state, words in found.message) == (state, True), found

    @pytest.mark.parametrize(
        ("function", "state", "words"),
        [
            (lambda p, b, q: np.dot(np.subtract(b, p), q), "right", "for each MWh"),
            (lambda p, b, q: None, "not done yet", ""),
            (lambda p, b, q: np.dot(b, q), "not right yet", "What do they pay?"),
            (lambda p, b, q: p * np.sum(q), "not right yet", "worth to them?"),
            (lambda p, b, q: np.dot(np.subtract(p, b), q), "not right yet", "sign"),
            (lambda p, b, q: np.subtract(b, p).clip(0).sum(), "not right yet", "multiplied"),
            (lambda p, b, q: np.subtract(b, p) * q, "not right yet", "one number"),
        ],
    )
    def test_consumer_surplus(self, function, state, words):
        found = checks.check_consumer_surplus(function)
        assert (found.state, words in found.message) == (state, True), found

    @pytest.mark.parametrize(
        ("function", "state", "words"),
        [
            (best_blocks, "right", "Block 5 asks 44.80, less than the price, and is rejected"),
            (None, "not done yet", ""),
            (lambda *_: None, "not done yet", ""),
            (lambda *_: 0, "not done yet", "takes no block so far"),
            (lambda t, p, w, b: w.argmax(), "not right yet", "it loses"),
            (lambda t, p, w, b: 1, "not right yet", "another fair subset has"),
            (lambda t, p, w, b: "row", "not right yet", "the number of a row is wanted"),
            (lambda t, p, w, b: 9999, "not right yet", "the number of a row is wanted"),
        ],
    )
    def test_blocks(self, function, state, words):
        found = checks.check_blocks(function)
        assert (found.state, words in found.message) == (state, True), found
