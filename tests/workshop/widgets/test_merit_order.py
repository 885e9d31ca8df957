"""The figure that is dragged in the browser, as Python sees it."""

import base64
import io

import ipywidgets as widgets
import numpy as np
import pytest
from matplotlib.image import imread

from market_py.reliability import rts79
from market_py.workshop.lessons.n01_merit_order import panel as panel_01
from market_py.workshop.widgets import merit_order
from market_py.workshop.widgets.merit_order import MeritOrderFigure

pytestmark = pytest.mark.filterwarnings("ignore:.*:DeprecationWarning")


@pytest.fixture
def figure():
    return panel_01.flagship_figure()


def small(**changed):
    market = {"bids": [30.0, 10.0, 20.0], "quantities": [100.0, 100.0, 100.0], "demand": 150.0}
    return MeritOrderFigure(**(market | changed))


class TestState:
    def test_it_starts_cleared(self, figure):
        assert figure.demand == 2200
        assert figure.price == 15.3
        assert figure.marginal == ["coal 76 MW #2"]
        assert figure.fuel_prices == {"oil": 1.0, "coal": 1.0, "nuclear": 1.0}
        assert figure.sentence.startswith("Demand 2,200 MW clears at 15.30 $/MWh: coal 76 MW #2")

    def test_python_moves_it(self, figure):
        figure.demand = 3000
        figure.fuel_prices = {"oil": 0.75}
        figure.outages = ["nuclear 400 MW #1", "nuclear 400 MW #2"]
        figure.lost_load = 2500
        bids, quantities = rts79.offers({"oil": 0.75}, tuple(figure.outages))
        assert np.array_equal(figure.bids, bids)
        assert np.array_equal(figure.quantities, quantities)
        assert figure.price == 2500
        assert figure.marginal == []
        assert "395 MW are not served, and the price is 2,500.00 $/MWh" in figure.sentence
        assert "They agree." in panel_01.agreement(figure)

    def test_what_the_browser_found_is_kept(self, figure):
        figure.set_state({"demand": 2300, "price": 99, "sentence": "from the browser"})
        assert (figure.price, figure.sentence) == (99.0, "from the browser")
        assert "They do NOT agree." in panel_01.agreement(figure)
        figure.demand = 2310
        assert figure.price != 99

    def test_any_offers_will_do(self):
        figure = small()
        assert figure.price == 20
        assert figure.marginal == ["offer 2"]
        tied = small(bids=[10, 10, 10], demand=90, ties="pro_rata")
        assert tied.dispatch == [30, 30, 30]
        assert small(bids=[-50, 10, 20])._y_ticks[0] <= -50
        assert small(quantities=[0, 0, 0], demand=0).price == 10
        assert small(bids=[0, 0, 0]).price == 0

    def test_the_axes_hold_whatever_is_dragged(self, figure):
        highest, _ = rts79.offers(dict.fromkeys(("oil", "coal", "nuclear"), 2.0))
        assert figure._y_ticks[-1] >= highest.max()
        assert figure._x_ticks[-1] >= sum(unit.capacity for unit in rts79.UNITS)

    def test_arguments_are_copied(self):
        quantities = np.full(3, 100.0)
        figure = small(quantities=quantities)
        quantities[:] = 0
        figure.demand = 140
        assert sum(figure.dispatch) == 140


class TestErrors:
    @pytest.mark.parametrize(
        ("changed", "message"),
        [
            ({"quantities": [1.0, -1.0, 1.0]}, r"quantities\[1\] = -1.0: must be finite and >= 0"),
            ({"names": ["a", "b"]}, "names has 2 elements for 3 offers"),
            ({"names": ["a", "b", "a"]}, "names: each offer needs one of its own"),
            ({"kinds": ["oil", "oil"]}, "kinds has 2 elements for 3 offers"),
            ({"fuel_costs": [1.0]}, "fuel_costs has 1 elements for 3 offers"),
            ({"fuel_costs": [1.0, np.nan, 1.0]}, r"fuel_costs\[1\] = nan"),
            ({"ties": "coin"}, "ties"),
        ],
    )
    def test_of_arguments(self, changed, message):
        with pytest.raises(ValueError, match=message):
            small(**changed)

    def test_of_types(self):
        with pytest.raises(TypeError, match="bids"):
            small(bids=["a", "b", "c"])

    @pytest.mark.parametrize(
        ("name", "value", "message"),
        [
            ("demand", -1, "demand = -1.0: must be finite and from 0 to 3500"),
            ("demand", float("nan"), "demand = nan: must be finite"),
            ("fuel_prices", {"peat": 1.0}, "fuel_prices: 'peat' has no price"),
            ("fuel_prices", {"oil": 7}, r"fuel_prices\['oil'\] = 7: .* from 0.2 to 2"),
            ("outages", ["coal"], "outages: there is no 'coal'"),
            ("lost_load", float("inf"), "lost_load = inf: must be finite"),
        ],
    )
    def test_of_a_state(self, figure, name, value, message):
        before = figure.get_state()
        with pytest.raises(ValueError, match=message):
            setattr(figure, name, value)
        assert figure.get_state() == before


class TestFallback:
    def test_a_saved_figure_is_never_blank(self, figure):
        first, _ = figure._repr_mimebundle_()
        figure.demand = 3000
        bundle, _ = figure._repr_mimebundle_()
        assert imread(io.BytesIO(base64.b64decode(bundle["image/png"]))).shape[:2] == (460, 900)
        assert bundle["image/png"] != first["image/png"]
        assert bundle["text/plain"] == figure.sentence
        assert "application/vnd.jupyter.widget-view+json" in bundle

    def test_the_picture_of_python_is_that_of_the_panel(self, figure):
        panel = panel_01.merit_order_panel()
        assert panel.sentence.text == figure.sentence

    def test_a_browser_that_cannot_draw_gets_the_panel(self):
        figure = small(fallback=lambda: widgets.Label("instead"))
        figure._repr_mimebundle_()
        assert figure._box.children == (figure,)
        figure._handle_custom_msg({"failed": "no SVG"}, [])
        assert figure._box.children[0].value == "instead"

    def test_the_panel_of_python_agrees_with_itself(self):
        panel = panel_01.merit_order_panel()
        assert "market_clearing itself" in panel_01.agreement(panel)

    def test_what_is_no_market_has_no_figure(self):
        assert merit_order.market_figure(None, None, None) is None
        assert merit_order.market_figure([1], [1, 2], 1) is None
        assert merit_order.market_figure([1, 2], [1, 2], 1).price == 1


def test_the_files_of_the_browser_come_with_the_package(figure):
    assert "clearMarket" in figure._esm
    assert "export default" in figure._esm
    assert ".merit-order" in figure._css
    for forbidden in ("innerHTML", "http://", "https://", "import "):
        code = figure._esm.replace("http://www.w3.org/", "")
        assert forbidden not in code + figure._css


def test_what_is_too_large_to_draw_is_refused_in_words():
    for market in ([1e308], [1], 1), ([1], [1e308], 1), ([1], [1], 1e308):
        with pytest.raises(ValueError, match="above 1e\\+300 cannot be drawn"):
            merit_order.market_figure(*market)
