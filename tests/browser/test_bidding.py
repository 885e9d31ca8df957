"""The figure of learning agents in Chromium: it plays and is moved through without a kernel."""

import pytest

from helpers.chromium import BROWSER_TESTS
from helpers.figure_page import DARK, FigurePage
from helpers.learned import figure

pytest.importorskip("playwright.sync_api")
axe = pytest.importorskip("axe_playwright_python.sync_playwright")

pytestmark = BROWSER_TESTS
MOVED = "() => model.get('frame') === model.get('frames').length - 1"


class Shown(FigurePage):
    """The figure on a page."""

    def __init__(self, browser, **options):
        self.figure = figure()
        super().__init__(browser, self.figure, **options)
        self.slider = self.page.get_by_role("slider", name="update")
        self.player = self.page.get_by_role("button", name="Play")

    @property
    def live(self):
        return self.page.get_by_role("status").get_attribute("aria-live")

    def assert_shows(self, update):
        shown = self.figure.frames[update]
        assert self.sentence == shown["sentence"]
        state = self.state
        assert (state["frame"], state["price"]) == (update, shown["price"])
        assert state["sentence"] == shown["sentence"]
        assert self.slider.get_attribute("aria-valuetext") == f"{update} of 4"
        assert f"price {shown['price']:.2f} €/MWh" in self.page.locator(".tag").text_content()


@pytest.fixture
def shown(browser):
    made = Shown(browser)
    yield made
    made.page.close()
    assert made.crashes == []


def test_updates_by_keyboard(shown):
    shown.assert_shows(4)
    shown.slider.focus()
    pictures = {shown.picture()}
    keys = {"ArrowLeft": 3, "Home": 0, "ArrowRight": 1, "ArrowUp": 2, "End": 4}
    for key, update in keys.items():
        shown.page.keyboard.press(key)
        shown.assert_shows(update)
        assert shown.live == "polite"
        pictures.add(shown.picture())
    assert len(pictures) == 5


def test_blocks_are_in_merit_order_and_the_withheld_is_behind(shown):
    large, small = shown.page.locator(".body[fill$='-1)'], .body[fill$='-0)']").all()[2:4]
    gap = shown.page.locator(".withheld:not([visibility=hidden])").last
    left, right, behind = (it.bounding_box() for it in (small, large, gap))
    assert left["x"] + left["width"] <= right["x"] + 1
    assert behind["x"] >= right["x"] + right["width"] - 2
    # 175 MW of 200, at 70 and 30 €/MWh.
    assert behind["width"] / right["width"] == pytest.approx(25 / 175, rel=0.1)
    assert left["height"] / right["height"] == pytest.approx(30 / 70, rel=0.05)


def test_it_plays_to_the_end_and_pauses(shown):
    page = shown.page
    page.evaluate("model.set('frames', Array(9).fill(model.get('frames')).flat())")
    shown.player.press("Enter")
    pause = page.get_by_role("button", name="Pause")
    pause.wait_for()
    assert shown.live == "off", "a screen reader does not read each picture"
    pause.press("Enter")
    shown.player.wait_for()
    stopped = shown.state["frame"]
    assert 4 <= stopped < 44
    page.wait_for_timeout(50)
    assert shown.state["frame"] == stopped
    page.evaluate("model.set('frame', 43)")
    shown.player.press("Enter")
    page.wait_for_function(MOVED)
    shown.player.wait_for()
    assert shown.sentence == shown.figure.frames[4]["sentence"]


def test_updates_arrive_while_agents_learn(shown):
    page = shown.page
    page.evaluate(
        """() => {
          model.set('frames', [...model.get('frames'), model.get('frames')[1]]);
          model.set('frame', 5);
        }"""
    )
    assert shown.sentence == shown.figure.frames[1]["sentence"]
    assert shown.slider.get_attribute("max") == "5"
    assert shown.live == "off"
    shown.slider.focus()
    page.keyboard.press("Home")
    assert shown.sentence.startswith("Update 0: ")
    assert shown.live == "polite"


def test_with_less_motion_there_are_few_pictures(browser):
    shown = Shown(browser, reduced_motion="reduce")
    shown.page.clock.install()
    shown.page.evaluate("model.set('frames', Array(41).fill(model.get('frames')[0]))")
    shown.page.evaluate("model.set('frame', 40)")
    shown.player.press("Enter")
    for update in (5, 10):
        shown.page.clock.run_for(1000)
        assert shown.state["frame"] == update
    shown.page.close()


def test_a_page_without_a_kernel_plays(browser):
    page = browser.new_page()
    crashes = []
    page.on("pageerror", lambda error: crashes.append(str(error)))
    played = figure()
    played.frames = played.frames * 9
    page.set_content(f"<main>{played.html()}{played.html()}</main>")
    for part in page.locator(".merit-order").all():
        slider = part.get_by_role("slider", name="update")
        part.get_by_text("Update 4: ").wait_for()
        slider.press("Home")
        part.get_by_text("Update 0: ").wait_for()
        part.get_by_role("button", name="Play").press("Enter")
        part.get_by_role("button", name="Pause").wait_for()
        slider.press("Home")
        part.get_by_role("button", name="Play").wait_for()
    assert len({*page.locator("pattern").evaluate_all("all => all.map(it => it.id)")}) == 4
    page.close()
    assert crashes == []


@pytest.mark.parametrize("theme", ["light", pytest.param("dark", marks=pytest.mark.long)])
def test_accessibility(shown, theme):
    if theme == "dark":
        shown.page.add_style_tag(content=DARK)
    found = axe.Axe().run(shown.page, context=".merit-order").response["violations"]
    assert [v for v in found if v["impact"] in ("serious", "critical")] == []
