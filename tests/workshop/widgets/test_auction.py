"""The figure of supply and demand, as Python sees it."""

import base64
import io

import numpy as np
import pytest
from matplotlib.image import imread

from market_py import auction_clearing, market_clearing
from market_py.workshop.widgets.auction import AuctionFigure, auction_figure

pytestmark = pytest.mark.filterwarnings("ignore:.*:DeprecationWarning")
BOOK = [0.0, 80.0], [100.0, 50.0], [100.0, 50.0], [100.0, 20.0]


@pytest.fixture
def figure():
    return AuctionFigure(*BOOK)


def test_it_starts_cleared(figure):
    assert (figure.low, figure.price, figure.high) == (50, 50, 80)
    assert (figure.sold, figure.bought) == ([100, 0], [100, 0])
    assert figure.sentence == (
        "Price 50.00 €/MWh; any price from 50.00 to 80.00 clears. 100 MW traded; no order is cut. "
        "Consumer surplus 5,000 €/h, producer surplus 5,000 €/h."
    )


def test_python_moves_it(figure):
    figure.k = 0.5
    assert figure.price == 65
    figure.demand_factor = 1.2
    price, sold, _ = auction_clearing(*BOOK[:3], [120.0, 24.0], k=0.5)
    assert (figure.price, figure.sold) == (price, sold.tolist())
    assert "offer 2 sells 20 MW of 50 MW" in figure.sentence
    figure.offer_prices = [0.0, 130.0]
    assert "bid 1 gets 100 MW of 120 MW" in figure.sentence
    figure.bid_quantities = [0.0, 0.0]
    assert "Nothing is traded" in figure.sentence


def test_fixed_demand_is_the_market_of_notebook_01(figure):
    figure.fixed_demand = True
    price, dispatch = market_clearing(*BOOK[:2], 120)
    assert (figure.price, figure.sold) == (price, dispatch.tolist())
    figure.supply_factor = 0.5
    assert figure.price == 4000, "a shortage"


def test_what_the_browser_found_is_kept(figure):
    figure.set_state({"k": 1.0, "price": 99, "sentence": "from the browser"})
    assert (figure.price, figure.sentence) == (99.0, "from the browser")


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("k", 1.5, "k = 1.5: must be finite and from 0 to 1"),
        ("supply_factor", -1, "supply_factor = -1.0: must be finite"),
        ("bid_quantities", [1.0], "bid_quantities has 1 elements for 2 orders"),
        ("bid_quantities", [1.0, -1.0], r"bid_quantities\[1\] = -1.0: must be finite and >= 0"),
        ("offer_prices", [1.0, float("nan")], r"offer_prices\[1\] = nan"),
    ],
)
def test_a_wrong_state_is_refused(figure, name, value, message):
    before = figure.get_state()
    with pytest.raises(ValueError, match=message):
        setattr(figure, name, value)
    assert figure.get_state() == before


def test_a_saved_figure_has_a_picture(figure):
    first, _ = figure._repr_mimebundle_()
    figure.k = 1
    bundle, _ = figure._repr_mimebundle_()
    assert imread(io.BytesIO(base64.b64decode(bundle["image/png"]))).shape[:2] == (460, 900)
    assert bundle["image/png"] != first["image/png"]
    assert bundle["text/plain"] == figure.sentence


@pytest.mark.parametrize(
    "book", [([], [], [5.0], [1.0]), ([5.0], [0.0], [], []), ([1.0], [9e9], [4000.0], [9e9])]
)
def test_any_book_is_drawn(book):
    assert AuctionFigure(*book).png()[:4] == b"\x89PNG"


def test_what_is_no_book_has_no_figure():
    assert auction_figure(None) is None
    assert auction_figure(([1], [1, 2], [1], [1])) is None
    assert auction_figure(BOOK, k=1.0).price == 80


def test_arguments_are_copied():
    quantities = np.array(BOOK[1])
    figure = AuctionFigure(BOOK[0], quantities, *BOOK[2:])
    quantities[:] = 0
    figure.k = 1
    assert sum(figure.sold) == 100
