"""The figure of supply and demand in Chromium, without a kernel, by pointer and keyboard."""

import random

import numpy as np
import pytest

import market_py
from helpers.chromium import BROWSER_TESTS
from helpers.figure_page import DARK, FigurePage
from market_py.workshop.widgets import description
from market_py.workshop.widgets.auction import ORDERS, AuctionFigure

pytest.importorskip("playwright.sync_api")
axe = pytest.importorskip("axe_playwright_python.sync_playwright")
pytestmark = BROWSER_TESTS

BOOK = [0, 20, 60, 90], [100, 60, 60, 60], [120, 80, 40, 10], [90, 70, 60, 60]


class Shown(FigurePage):
    def slider(self, name):
        return self.page.get_by_role("slider", name=name, exact=True)

    def press(self, name, *keys):
        for key in keys:
            self.slider(name).press(key)
            self.assert_true()

    def drag(self, name, right, up):
        """Drag what is grabbed in its middle by so many megawatts and euros, of 400 and 150."""
        plot = self.page.locator(".axes .grid").last.bounding_box()
        target = self.slider(name).locator("rect").last.bounding_box()
        x = target["x"] + target["width"] / 2
        y = target["y"] + target["height"] / 2
        height = plot["width"] * 330 / 664
        mouse = self.page.mouse
        mouse.move(x, y)
        mouse.down()
        mouse.move(x + plot["width"] * right / 400, y - height * up / 150, steps=5)
        mouse.up()
        self.assert_true()

    def assert_true(self):
        """What is shown and said is what `auction_clearing` finds."""
        state = self.state
        offer_prices, offered, bid_prices, wanted = (np.array(state[name]) for name in ORDERS)
        if state["fixed_demand"]:
            bid_prices = np.full_like(bid_prices, 4000)
        factors = state["supply_factor"], state["demand_factor"]
        book = offer_prices, factors[0] * offered, bid_prices, factors[1] * wanted
        found = market_py.auction_clearing(*book, k=state["k"], backend="python")
        price, sold, bought = found
        interval = market_py.price_interval(*book, backend="python")
        assert (state["price"], state["low"], state["high"]) == (price, *interval)
        assert (state["sold"], state["bought"]) == (sold.tolist(), bought.tolist())
        said = description.auction(book, interval, price, sold, bought)
        assert self.sentence == state["sentence"] == said


@pytest.fixture
def shown(browser):
    figure = Shown(browser, AuctionFigure(*BOOK))
    yield figure
    figure.page.close()
    assert figure.crashes == []


def test_orders_and_curves_by_keyboard(shown):
    assert "any price from 40.00 to 60.00 clears. 160 MW traded" in shown.sentence
    shown.press("offer 3", "PageDown", "PageDown", "ArrowDown")
    assert shown.state["offer_prices"][2] == 39
    assert "any price from 39.00 to 40.00 clears. 220 MW traded; no order is cut" in shown.sentence
    shown.press("bid 3", "ArrowLeft", "ArrowUp", "PageUp")
    assert (shown.state["bid_quantities"][2], shown.state["bid_prices"][2]) == (59, 51)
    shown.press("demand", "PageUp", "ArrowLeft", "End", "Home")
    assert shown.state["demand_factor"] == 0
    assert "Nothing is traded" in shown.sentence
    shown.press("supply", "Home", "PageUp", "ArrowUp")
    assert shown.slider("supply").get_attribute("aria-valuetext") == "11 MW"
    assert shown.slider("offer 1").get_attribute("aria-valuetext").startswith("offer 1: 3.92857 MW")


def test_orders_and_curves_by_pointer(shown):
    before = shown.picture()
    shown.drag("bid 2", 0, -25)
    assert shown.state["bid_prices"] == [120, 55, 40, 10]
    assert shown.state["bid_quantities"] == BOOK[3]
    assert shown.picture() != before
    shown.drag("offer 1", -20, 1)
    assert (shown.state["offer_prices"][0], shown.state["offer_quantities"][0]) == (0, 80)
    shown.drag("supply", 40, 0)
    assert shown.slider("supply").get_attribute("aria-valuenow") == "300"
    shown.drag("demand", -80, 0)
    assert shown.slider("demand").get_attribute("aria-valuenow") == "200"
    shown.drag("bid 1", 0, 500)
    assert shown.state["bid_prices"][0] == 150, "the end of the axis"


@pytest.mark.long
def test_k_and_fixed_demand_and_reset(shown):
    before = shown.state
    k = shown.page.get_by_role("slider", name="k, who gets the gap")
    k.press("End")
    shown.assert_true()
    assert shown.state["price"] == 60
    shown.page.get_by_role("checkbox").check()
    shown.assert_true()
    one_sided = market_py.market_clearing(*BOOK[:2], 280, backend="python")
    shown.press("demand", "ArrowLeft")
    assert shown.state["price"] == one_sided[0], "the market of notebook 01"
    shown.press("demand", "PageUp")
    assert shown.page.get_by_text("(off the scale)").is_visible()
    shown.page.get_by_role("button", name="Reset").press("Enter")
    assert shown.state == before
    shown.assert_true()


@pytest.mark.long
def test_a_step_is_described_where_the_pointer_is(shown):
    shown.slider("bid 3").hover()
    detail = shown.page.locator(".detail")
    assert detail.text_content() == "bid 3: 60 MW at 40.00 €/MWh, of which 0 MW bought"
    assert shown.page.locator(".ring.shown").is_visible()


@pytest.mark.long
def test_on_touch(browser):
    figure = Shown(browser, AuctionFigure(*BOOK), has_touch=True)
    grip = figure.slider("supply").locator(".grip").bounding_box()
    figure.page.touchscreen.tap(grip["x"] + 20, grip["y"] + 9)
    assert figure.page.evaluate("document.activeElement.getAttribute('aria-label')") == "supply"
    figure.page.close()
    assert figure.crashes == []


@pytest.mark.long
def test_random_books(shown):
    """The small books of the browser against Python: ties, both crossings, no trade."""
    rng = random.Random(3)
    for _ in range(8):
        for side in ("offer", "bid"):
            prices = [float(rng.randint(-2, 6) * 10) for _ in range(4)]
            quantities = [float(rng.randint(0, 4) * 20) for _ in range(4)]
            shown.page.evaluate(
                "([side, prices, quantities]) => {"
                "model.set(`${side}_prices`, prices); model.set(`${side}_quantities`, quantities)}",
                [side, prices, quantities],
            )
        shown.press("bid 1", "ArrowUp")
        shown.press("offer 4", "ArrowRight")


@pytest.mark.long
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_accessibility(shown, theme):
    if theme == "dark":
        shown.page.add_style_tag(content=DARK)
    found = axe.Axe().run(shown.page, context=".merit-order").response["violations"]
    assert [v["id"] for v in found if v["impact"] in ("serious", "critical")] == []


@pytest.mark.long
def test_any_book_can_be_drawn(browser):
    for book in (([5], [0], [], []), ([], [], [-4, 3], [1, 2]), ([1], [1e9], [4000], [3e9])):
        figure = Shown(browser, AuctionFigure(*book))
        assert figure.page.locator(".price-line").count() == 2
        assert "NaN" not in figure.page.locator(".merit-order").inner_html()
        figure.page.close()
        assert figure.crashes == []
