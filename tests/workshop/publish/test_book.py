"""The book in Chromium, opened as files, with the network off."""

import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from helpers.chromium import BOOK_TESTS
from market_py.extension import REPOSITORY
from market_py.workshop.publish.book import SETTINGS
from market_py.workshop.publish.execution import all_notebooks

pytest.importorskip("playwright.sync_api")
axe = pytest.importorskip("axe_playwright_python.sync_playwright")

pytestmark = [
    pytest.mark.long,
    *BOOK_TESTS,
]
BUILT = os.environ.get("BOOK")
"""A book that is built already, to be tested as it is."""
SHOTS = os.environ.get("BROWSER_SHOTS")
"""A folder for screenshots, to be looked at."""
NAMES = [f"notebooks/{path.stem}" for path in all_notebooks()]
PAGES = ["index", *NAMES]
PAGES += re.findall(
    r"^(?:docs|rust_market|notebooks)/\w[\w-]+$", (SETTINGS / "index.md").read_text(), re.M
)
FORMULA = re.compile(r"\$\$.+?\$\$|\$[^$\n]+\$", re.S)
PICTURE = re.compile(r"(?<!Contract)(Panel|_panel|_figure|StoredRaces)\(")
"""What makes a picture that moves; one of an answer shows nothing before there is one."""
DEAD_WIDGET = re.compile(r"\w+\(children=|\w+\(value=|IPY_MODEL|Error displaying widget")


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    if BUILT:
        return Path(BUILT).resolve()
    folder = tmp_path_factory.mktemp("book")
    anybodys = folder / "thesis.tex"
    anybodys.write_text("mine")
    command = [sys.executable, "-m", "market_py", "book", "--output", folder]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert anybodys.read_text() == "mine"
    return folder / "html"


@pytest.fixture
def page(browser):
    """A page without network, on which nothing may fail."""
    context = browser.new_context(offline=True, viewport={"width": 1400, "height": 1000})
    page = context.new_page()
    page.set_default_timeout(20_000)
    wrong = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda line: line.type == "error" and wrong.append(line.text))
    page.on("requestfailed", lambda asked: wrong.append(f"failed: {asked.url}"))
    page.on("request", lambda asked: is_local(asked.url) or wrong.append(f"asked: {asked.url}"))
    yield page
    context.close()
    assert wrong == []


def is_local(url):
    return url.startswith(("file:", "data:", "blob:"))


def read(name):
    return nbformat.read(REPOSITORY / f"{name}.ipynb", as_version=4)


def visit(page, book, name):
    page.goto((book / f"{name}.html").as_uri())
    page.wait_for_load_state("load")


def shoot(page, name, scheme):
    if SHOTS:
        Path(SHOTS).mkdir(exist_ok=True)
        page.screenshot(
            path=Path(SHOTS) / f"book_{name.replace('/', '_')}_{scheme}.png", full_page=True
        )


@pytest.mark.parametrize("name", NAMES)
def test_a_page_shows_all_that_its_notebook_shows(page, book, name):
    notebook = read(name)
    visit(page, book, name)
    broken = "() => [...document.images].filter(it => !it.complete || !it.naturalWidth).length"
    # Pictures further down are loaded when they are scrolled to, or not at all.
    page.evaluate("() => document.querySelectorAll('img').forEach(it => it.loading = 'eager')")
    page.wait_for_function("() => [...document.images].every(it => it.complete)")
    assert page.evaluate(broken) == 0
    cells = page.locator("article div.cell")
    sources = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert cells.count() == len(sources)
    for i, source in enumerate(sources):
        cell = cells.nth(i)
        if PICTURE.search(source.source) and "my_" not in source.source:
            # One picture, or one figure, or both.
            shown = {cell.locator(f".cell_output {it}").count() for it in ("img", ".merit-order")}
            assert 1 in shown and max(shown) == 1, source.source
            assert len(said(cell)) > 20, source.source
        for output in cell.locator(".cell_output > *").all():
            assert (
                output.text_content().strip()
                or output.locator("img").count()
                or (output.evaluate("it => it.tagName") == "IMG")
                or output.evaluate("it => it.offsetHeight") == 0  # a progress bar, when all is done
            )
        assert not DEAD_WIDGET.search(cell.text_content())


def is_solution(cell):
    return "solution" in cell.metadata.get("tags", [])


def said(cell):
    """What stands beside the picture of a cell."""
    return cell.locator(".cell_output").text_content().strip()


@pytest.mark.parametrize("name", NAMES)
def test_solutions_are_closed_until_they_are_opened(page, book, name):
    notebook = read(name)
    visit(page, book, name)
    folded = page.locator("article details.hide")
    solutions = [cell for cell in notebook.cells if is_solution(cell)]
    assert folded.count() == len(solutions)
    for i, solution in enumerate(solutions):
        code = folded.nth(i).locator("pre")
        assert not code.is_visible()
        folded.nth(i).locator("summary").press("Enter")
        assert code.is_visible()
        assert code.text_content().strip() == solution.source.strip()


@pytest.mark.parametrize("name", NAMES)
def test_formulas_are_drawn(page, book, name):
    notebook = read(name)
    prose = [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]
    written = sum(len(FORMULA.findall(text)) for text in prose)
    visit(page, book, name)
    formulas = page.locator("article math")
    assert formulas.count() == written
    for formula in formulas.all():
        box = formula.bounding_box()
        assert box["width"] > 3 and box["height"] > 3
        assert not re.search(r"\\|merror", formula.inner_html())
    text = "".join(page.locator("article p, article li").all_text_contents())
    assert not re.search(r"\$\$|\\frac|\\sum", text)


def test_the_arrows_lead_through_the_whole_book_and_back(page, book):
    visit(page, book, "index")
    for forth, names in (("right-next", PAGES[1:]), ("left-prev", PAGES[-2::-1])):
        for name in names:
            page.locator(f".prev-next-footer a.{forth}").click()
            page.wait_for_url(f"**/{name}.html")
            assert page.locator("article h1").count() == 1


def test_links_between_notebooks_and_to_files_lead_somewhere(page, book):
    for name in PAGES:
        visit(page, book, name)
        for link in page.locator("a[href]").evaluate_all("all => all.map(it => it.href)"):
            if link.startswith("file:"):
                path, _, mark = link.removeprefix("file://").partition("#")
                assert Path(path).is_file(), f"{name}: {link}"
                if mark and path.endswith(f"/{name}.html"):
                    assert page.locator(f"[id='{mark}']").count() == 1, f"{name}: {link}"


def test_search_finds_a_word_without_a_server(page, book):
    visit(page, book, "index")
    page.keyboard.press("Control+k")
    field = page.locator("dialog[open] input[type=search], .search-button__search-container input")
    field.first.fill("convolution")
    field.first.press("Enter")
    page.wait_for_url("**/search.html?q=convolution*")
    found = page.locator("#search-results li a").first
    assert found.text_content().startswith("08")
    found.click()
    page.wait_for_url("**/08_batch.html*")
    assert "convolution" in page.locator("article").text_content()


@pytest.mark.parametrize("name", ["index", "notebooks/01_merit_order"])
def test_the_merit_order_is_dragged_by_pointer_and_by_keys(page, book, name):
    visit(page, book, name)
    figure = page.locator("article .merit-order").first
    sentence, handle = figure.get_by_role("status"), figure.get_by_role("slider", name="demand")
    assert sentence.text_content().startswith("Demand ")
    seen = {sentence.text_content()}
    for key in ("Home", "ArrowRight", "PageUp", "End"):
        handle.press(key)
        page.wait_for_timeout(50)
        seen.add(sentence.text_content())
    assert len(seen) == 5
    handle.press("Home")
    sentence.get_by_text("No demand").wait_for()
    plot = figure.locator(".sky").bounding_box()
    page.mouse.move(plot["x"] + 1, plot["y"] + 10)
    page.mouse.down()
    page.mouse.move(plot["x"] + plot["width"] / 2, plot["y"] + 10, steps=5)
    page.mouse.up()
    sentence.get_by_text(re.compile("^Demand .* clears at")).wait_for()
    half = float(handle.get_attribute("aria-valuenow"))
    assert half == pytest.approx(float(handle.get_attribute("aria-valuemax")) / 2, rel=0.03)
    before = sentence.text_content()
    figure.get_by_role("button", name="Reset").click()
    page.wait_for_timeout(50)
    assert sentence.text_content() != before


def test_supply_and_demand_are_dragged(page, book):
    visit(page, book, "notebooks/11_two_sides")
    figure = page.locator("article .merit-order").first
    sentence = figure.get_by_role("status")
    seen = {sentence.text_content()}
    for role, name, key in (
        ("slider", "offer 1", "PageUp"),
        ("slider", "supply", "End"),
        ("slider", "demand", "PageDown"),
        ("checkbox", "fixed demand", " "),
    ):
        figure.get_by_role(role, name=re.compile(f"^{name}")).first.press(key)
        page.wait_for_timeout(50)
        seen.add(sentence.text_content())
    assert len(seen) >= 4


@pytest.mark.parametrize("name", [it for it in NAMES if re.search(r"/0[4-9]_", it)])
def test_results_of_the_stored_run_are_chosen(page, book, name):
    visit(page, book, name)
    shown = page.locator("article .merit-order:has(table.bars)")
    assert shown.count() == 1
    sentence, lists = shown.get_by_role("status"), shown.get_by_role("combobox")
    for i in range(lists.count()):
        for option in lists.nth(i).locator("option").all_inner_texts():
            lists.nth(i).select_option(option)
            page.wait_for_timeout(50)
            assert sentence.text_content().startswith("Stored (")
            over = re.search(r"Over (.+?): ", sentence.text_content())[1]
            rows = shown.locator("tbody tr")
            assert rows.filter(has_text=over).count() >= 1
            assert rows.count() >= 3


def test_the_front_page_begins_with_the_figure_and_the_commands(page, book):
    visit(page, book, "index")
    figure = page.locator("article .merit-order").bounding_box()
    assert figure["y"] < 500
    assert page.locator("article img").count() == 0
    for words in ("make lab", "make test"):
        assert page.locator("article pre", has_text=words).first.bounding_box()["y"] > figure["y"]


@pytest.mark.parametrize("name", ["index", "notebooks/01_merit_order", "notebooks/11_two_sides"])
def test_pages_fit_a_phone_and_paper(page, book, name):
    page.set_viewport_size({"width": 400, "height": 800})
    visit(page, book, name)
    for figure in page.locator("article .merit-order").all():
        box = figure.bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= 400
        sizes = figure.locator("svg text").evaluate_all(
            "all => all.filter(it => it.textContent).map(it => it.getBoundingClientRect().height)"
        )
        assert min(sizes) > 8
    wide = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
    assert page.evaluate(wide)
    shoot(page, name, "phone")
    page.emulate_media(media="print")
    assert page.locator("article .merit-order .controls:visible").count() == 0
    assert page.locator("article .merit-order > svg:visible").count() >= 1


def test_recorded_learning_plays(page, book):
    visit(page, book, "notebooks/09_environment")
    # A button says "Pause" while its figure plays.
    button = page.get_by_role("button", name=re.compile("Play|Pause"))
    figures = page.locator("article .merit-order", has=button)
    assert figures.count() == 3
    for figure in figures.all():
        slider = figure.get_by_role("slider", name="update")
        last = int(slider.get_attribute("max"))
        assert last >= 20
        slider.press("Home")
        figure.get_by_text("Update 0: ").wait_for()
        figure.locator(button).press("Enter")
        figure.get_by_text(re.compile(r"Update ([3-9]|\d\d+): ")).wait_for()
        slider.press("Home")
        slider.press("End")
        figure.get_by_text(f"Update {last}: ").wait_for()
        # Two keys in one frame: the second starts from where the first has led.
        move = "it => { it.value = 0; it.dispatchEvent(new Event('input')); return it.value; }"
        assert slider.evaluate(move) == "0"


@pytest.mark.parametrize("name", [*PAGES, "search"])
def test_nothing_on_a_page_is_a_serious_barrier(page, book, name):
    visit(page, book, name)
    for folded in page.locator("article details summary").all():
        folded.press("Enter")
    # What fades in is faint until it is there.
    page.add_style_tag(content="* {transition: none !important; animation: none !important}")
    # In the dark only colours are others.
    for scheme, rules in (("light", {}), ("dark", {"runOnly": ["color-contrast"]})):
        page.emulate_media(color_scheme=scheme)
        page.wait_for_function(f"document.documentElement.dataset.theme === '{scheme}'")
        shoot(page, name, scheme)
        found = axe.Axe().run(page, options={"preload": False, **rules}).response["violations"]
        serious = {
            violation["id"]: [node["html"][:200] for node in violation["nodes"][:3]]
            for violation in found
            if violation["impact"] in ("serious", "critical")
        }
        assert serious == {}, scheme
