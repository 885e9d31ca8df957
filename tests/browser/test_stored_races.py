"""The races of the stored run in Chromium: what there is to choose, and what is shown."""

import pytest

from helpers.chromium import BROWSER_TESTS
from helpers.figure_page import DARK, FigurePage
from market_py.benchmark.reference import reference
from market_py.benchmark.results import TITLES
from market_py.workshop.widgets.stored_races import StoredRaces

pytest.importorskip("playwright.sync_api")
axe = pytest.importorskip("axe_playwright_python.sync_playwright")

pytestmark = BROWSER_TESTS
KINDS = ("single", "repeated", "distributions")


class Shown(FigurePage):
    """The races on a page that knows them all."""

    def __init__(self, browser, **options):
        self.figure = StoredRaces(*KINDS, over="rust")
        self.figure.html()
        super().__init__(browser, self.figure, **options)

    def list(self, name):
        return self.page.get_by_role("combobox", name=name)

    @property
    def lists(self):
        return [it.text_content() for it in self.page.locator("label.list:visible span").all()]

    def assert_shows(self, kind, distribution, size, over):
        race = reference().find(kind, distribution, size)
        sentence = self.sentence
        assert f"{TITLES[kind]}; {distribution}, N = {size:,}, " in sentence
        assert f"Over {over}: " in sentence
        rows = self.page.locator("tbody tr")
        shown = [row.locator("th").text_content() for row in rows.all()]
        assert shown == [*race.candidates, *race.baselines]
        for name, row in zip(shown, rows.all(), strict=True):
            compared = row.locator("td").nth(1).text_content()
            if name == over or name in race.baselines:
                assert compared == ""
            else:
                ratio, verdict = race.speedup(name, over), race.verdict(name, over)
                assert compared == f"{ratio} ×, {verdict}"
        bars = self.page.locator(".bar > div > div")
        widths = [it.bounding_box()["width"] for it in bars.all()]
        medians = [race.quartiles(name)[1] for name in shown]
        longest = max(range(len(widths)), key=widths.__getitem__)
        for width, median in zip(widths, medians, strict=True):
            assert width == pytest.approx(widths[longest] * median / medians[longest], abs=0.6)


@pytest.fixture
def shown(browser):
    made = Shown(browser)
    yield made
    made.page.close()
    assert made.crashes == []


def test_choices_follow_each_other(shown):
    shown.assert_shows("single", "random", 200, "rust")
    # One distribution is no choice.
    assert shown.lists == ["stored races", "offers N", "compare with"]
    shown.list("compare with").select_option("numba")
    shown.assert_shows("single", "random", 200, "numba")
    shown.list("offers").select_option("1,000,000")
    shown.assert_shows("single", "random", 1_000_000, "numba")
    # Backends were not timed there, and 200 offers are the most.
    shown.list("stored races").select_option(TITLES["repeated"])
    shown.assert_shows("repeated", "random", 200, "numba-sort")
    shown.list("inputs").select_option("same order")
    shown.assert_shows("repeated", "same order", 200, "numba-sort")
    shown.list("stored races").select_option(TITLES["distributions"])
    shown.list("inputs").select_option("rts79")
    shown.assert_shows("distributions", "rts79", 32, "numba")
    assert "offers N" not in shown.lists
    shown.list("stored races").select_option(TITLES["single"])
    assert "offers N" in shown.lists


def test_by_keyboard(shown):
    shown.list("offers").focus()
    shown.page.keyboard.press("ArrowDown")
    shown.assert_shows("single", "random", 1000, "rust")
    shown.page.keyboard.press("Tab")
    shown.page.keyboard.press("ArrowUp")
    assert "Over rust: " not in shown.sentence


def test_a_kernel_is_asked_for_what_the_page_does_not_know(browser):
    figure = StoredRaces(*KINDS, over="rust")
    page = FigurePage(browser, figure)
    before = page.sentence
    assert "N = 200," in before
    page.page.get_by_role("combobox", name="offers").select_option("50")
    # Nothing is known yet.
    assert page.sentence == before
    figure.set_state({name: page.state[name] for name in ("kind", "distribution", "size", "over")})
    page.page.evaluate("(races) => model.set('races', races)", figure.races)
    assert "N = 50," in page.sentence
    assert page.sentence == figure.sentence
    page.page.close()


@pytest.mark.parametrize("width", [400, 1000])
def test_it_fits(browser, width):
    shown = Shown(browser, viewport={"width": width, "height": 900})
    wide = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
    assert shown.page.evaluate(wide)
    shown.page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_accessibility(browser, scheme):
    shown = Shown(browser)
    if scheme == "dark":
        shown.page.add_style_tag(content=DARK)
    found = axe.Axe().run(shown.page, context=".merit-order")
    assert found.response["violations"] == []
    shown.page.close()
