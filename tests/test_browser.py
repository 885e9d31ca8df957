"""The notebooks in JupyterLab, in Chromium, moved by keyboard and by mouse."""

import os
import re
from pathlib import Path

import lab
import nbformat
import pytest

from market_py import doctor

playwright = pytest.importorskip("playwright.sync_api")

CHROMIUM = doctor.find_chromium()
pytestmark = [
    pytest.mark.skipif(os.name == "nt", reason="ends the server by its process group"),
    pytest.mark.skipif(CHROMIUM is None, reason=f"no Chromium; {doctor.CHROMIUM_REMEDY}"),
    pytest.mark.filterwarnings("default"),
]
SHOTS = os.environ.get("BROWSER_SHOTS")
"""A folder for screenshots, to be looked at."""


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as driver:
        options = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        chromium = driver.chromium.launch(executable_path=CHROMIUM, args=options)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def workshop(tmp_path_factory):
    with lab.server(tmp_path_factory.mktemp("lab")) as address:
        yield address


@pytest.fixture(params=[1400, 1000])
def width(request):
    return request.param


@pytest.fixture
def page(browser, width):
    page = browser.new_page(viewport={"width": width, "height": 1000})
    page.set_default_timeout(20_000)
    crashes = []
    page.on("pageerror", lambda error: crashes.append(str(error)))
    yield page
    page.close()
    assert crashes == []


def open_notebook(page, address, path):
    url, token = address
    page.goto(f"{url}/lab/tree/{path}?reset&token={token}")
    return lab.Notebook(page)


def shoot(page, name):
    """Screenshots of the whole notebook, a screen at a time, when asked for."""
    if not SHOTS:
        return
    folder = Path(SHOTS)
    folder.mkdir(exist_ok=True)
    scroller = page.locator(".jp-WindowedPanel-outer").first
    height = scroller.evaluate("element => element.scrollHeight")
    for number in range(int(height // 800) + 1):
        scroller.evaluate("(element, top) => element.scrollTo(0, top)", number * 800)
        page.wait_for_timeout(400)
        page.screenshot(path=folder / f"{name}_{page.viewport_size['width']}_{number}.png")


def test_make_lab_opens_start_here(page, workshop):
    url, token = workshop
    page.goto(f"{url}/?token={token}")
    notebook = lab.Notebook(page)
    assert notebook.path == "notebooks/00_start_here.ipynb"
    # Nothing asks for attention.
    assert page.locator(".jp-Dialog, .jp-toast-container .Toastify__toast").count() == 0
    notebook.run_all()
    echo = notebook.panel("move me")
    echo.slider("move me").press("ArrowRight", 3)
    page.wait_for_function("() => document.body.textContent.includes('received 24 and answers 48')")
    notebook.check()
    shoot(page, "00")


def test_merit_order(page, workshop):
    notebook = open_notebook(page, workshop, "notebooks/01_merit_order.ipynb")
    notebook.run_all()
    figure = page.locator(".merit-order").first
    # JupyterLab scrolls to the last cell when it has run; what is far off has no roles.
    page.wait_for_timeout(500)
    figure.scroll_into_view_if_needed()
    seen = [look_at(figure)]

    def moved(what):
        seen.append(look_at(figure))
        assert seen[-1][0] != seen[-2][0], f"{what} leaves the picture alone"
        assert seen[-1][1] != seen[-2][1], f"{what} leaves the sentence alone"
        assert_python_agrees(page, seen[-1][1])

    demand = figure.get_by_role("slider", name="demand")
    demand.focus()
    for _ in range(6):
        page.keyboard.press("PageUp")
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    moved("demand by keyboard")
    grip = figure.locator(".grip rect").bounding_box()
    page.mouse.move(grip["x"] + 30, grip["y"] + 15)
    page.mouse.down()
    page.mouse.move(grip["x"] + 80, grip["y"] + 40, steps=10)
    page.mouse.up()
    moved("demand by mouse")
    figure.get_by_role("slider", name="price of oil").focus()
    for _ in range(13):
        page.keyboard.press("ArrowLeft")
    moved("the price of oil")
    for number in (1, 2):
        block = figure.get_by_role("button", name=f"nuclear 400 MW #{number}: ")
        block.locator(".target").click()
        moved("an outage")
    assert "are not served" in seen[-1][1]
    figure.get_by_role("slider", name="value of lost load").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert "the price is 1,200.00 $/MWh" in look_at(figure)[1]
    assert tell(page, "figure.outages") == "['nuclear 400 MW #1', 'nuclear 400 MW #2']"
    assert "They agree." in tell(page, "merit_order.agreement(figure)")
    # Python moves it, too.
    tell(page, "setattr(figure, 'demand', 1000)")
    page.wait_for_function("() => document.body.textContent.includes('Demand 1,000 MW clears')")

    year = notebook.panel("load growth (%)")
    before = year.settled()
    year.slider("load growth (%)").drag_to(0.9)
    after = year.settled()
    assert before[0] != after[0]
    assert "demand is not met in 0 hours" in before[1]
    assert "demand is not met in 0 hours" not in after[1]
    assert page.get_by_text("not done yet").count() == 2
    notebook.check()
    shoot(page, "01")


def look_at(figure):
    """The picture and the sentence of a figure, once it has been drawn."""
    figure.page.evaluate("() => new Promise(requestAnimationFrame)")
    picture = figure.locator("svg[role=group]").evaluate("svg => svg.innerHTML")
    return picture, figure.locator("[role=status]").text_content()


def tell(page, expression):
    """What the kernel says of an expression."""
    return page.evaluate(IN_THE_KERNEL, expression)


IN_THE_KERNEL = """async expression => {
  const kernel = jupyterapp.shell.currentWidget.sessionContext.session.kernel;
  const asked = { code: '', silent: true, user_expressions: { said: expression } };
  const reply = await kernel.requestExecute(asked).done;
  const { data, evalue } = reply.content.user_expressions.said;
  return data ? data['text/plain'] : evalue;
}"""


def assert_python_agrees(page, sentence):
    """What the browser says reaches the kernel, and is what `market_clearing` says there."""
    page.wait_for_function(
        f"async sentence => (await ({IN_THE_KERNEL})('figure.sentence')).slice(1, -1) === sentence",
        arg=sentence,
    )
    assert "They agree." in tell(page, "merit_order.agreement(figure)")


@pytest.mark.long
def test_contract(page, workshop):
    notebook = open_notebook(page, workshop, "notebooks/02_contract.ipynb")
    notebook.run_all()
    panel = notebook.panel("case")
    buttons = panel.cell.locator(".widget-toggle-buttons button")
    assert buttons.count() > 10
    for i in range(1, buttons.count()):
        before = panel.sentence
        buttons.nth(i).focus()
        buttons.nth(i).press("Enter")
        assert "All backends agree." in panel.changed(before)
    notebook.check()
    shoot(page, "02")


def press(panel, label, page, seconds=120):
    """Press a button and wait until what it starts is done."""
    panel.button(label).press("Enter")
    page.wait_for_timeout(200)
    panel.button(label).and_(page.locator(":enabled")).wait_for(timeout=seconds * 1000)
    return panel.settled()


@pytest.mark.long
def test_timing(page, workshop):
    notebook = open_notebook(page, workshop, "notebooks/03_timing.ipynb")
    notebook.run_all()
    rounds = notebook.panel("calls per sample")
    before = rounds.settled()
    rounds.slider("calls per sample").press("ArrowRight", 4)
    rounds.slider("rounds").press("ArrowRight", 1)
    assert rounds.settled() == before, "moving a slider times nothing"
    after = press(rounds, "Take the time", page)
    assert after[0] != before[0]
    assert re.match(r"11 rounds of 256 calls: numba-sort takes [0-9,]+ ns", after[1])
    for cell, label, words in (
        ("Compile and call", "Compile and call", "The first call took"),
        ("Run both", "Run both", "N = 200: "),
    ):
        panel = notebook.panel_with_button(cell)
        before = panel.settled()
        after = press(panel, label, page)
        assert after[0] != before[0]
        assert words in after[1]
    assert page.get_by_text("not done yet").count() == 2
    notebook.check()
    shoot(page, "03")


@pytest.mark.long
def test_batch(page, workshop):
    notebook = open_notebook(page, workshop, "notebooks/08_batch.ipynb")
    notebook.run_all()
    panel = notebook.panel("largest batch")
    before = panel.settled()
    panel.slider("largest batch").press("ArrowLeft", 3)
    panel.dropdown("prices").select_option("shared bids")
    after = press(panel, "Run the batches", page)
    assert after[0] != before[0]
    assert re.search("numba: one call is .*; at 32 it is", after[1])
    years = notebook.panel("years")
    before = years.settled()
    years.slider("years").press("ArrowLeft", 1)
    years.slider("random seed").press("ArrowRight", 1)
    after = press(years, "Simulate", page)
    assert after[0] != before[0]
    assert re.match(r"100 years: \d", after[1])
    years.slider("years").press("ArrowRight", 5)
    years.button("Simulate").press("Enter")
    page.wait_for_timeout(500)
    years.button("Stop").click()
    years.button("Simulate").and_(page.locator(":enabled")).wait_for(timeout=30_000)
    assert not years.settled()[1].startswith("5,000 years")
    assert page.get_by_text("not done yet").count() == 2
    notebook.check()
    shoot(page, "08")


@pytest.mark.long
def test_environment(page, workshop):
    notebook = open_notebook(page, workshop, "notebooks/09_environment.ipynb")
    notebook.run_all()
    steps = notebook.panel("agents")
    before = steps.settled()
    steps.slider("agents").press("ArrowRight", 1)
    steps.slider("markets").press("ArrowLeft", 1)
    assert steps.settled() == before, "moving a slider times nothing"
    after = press(steps, "Race the steps", page)
    assert after[0] != before[0]
    assert re.match(r"numba-step takes [0-9,]+ ns for a step of one market\.", after[1])
    learners = notebook.panel("generations")
    before = learners.settled()
    learners.dropdown("system").select_option("pivotal")
    learners.slider("seeds").press("ArrowLeft", 1)
    after = press(learners, "Learn", page)
    assert after[0] != before[0]
    found = re.match(r"2 seeds: .* the mean price is ([0-9.]+) €/MWh", after[1])
    assert float(found[1]) > 60
    training = notebook.panel_with_button("Train with each")
    before = training.settled()
    training.slider("markets side by side").press("ArrowLeft", 2)
    assert training.settled() == before, "moving a slider times nothing"
    after = press(training, "Train with each", page)
    assert after[0] != before[0]
    assert re.match(r"With numpy, steps are \d+% of training", after[1])
    sweep = notebook.panel_with_button("Sweep")
    before = sweep.settled()
    sweep.button("Sweep").press("Enter")
    page.wait_for_function(
        "() => document.body.textContent.includes('from 2 to 5 agents')", timeout=60_000
    )
    sweep.button("Stop").click()
    sweep.button("Sweep").and_(page.locator(":enabled")).wait_for(timeout=30_000)
    after = sweep.settled()
    assert after[0] != before[0]
    assert "in millions of market-steps per second: " in after[1]
    assert page.get_by_text("not done yet").count() == 2
    notebook.check()
    shoot(page, "09")


@pytest.mark.long
def test_answers_about_the_environment(page, workshop):
    notebook = open_notebook(page, workshop, "notebooks/09_environment.ipynb")
    notebook.run_all()
    parts = page.locator(".jp-OutputArea-output", has_text=re.compile(r"^offers .*µs")).first
    medians = dict(re.findall(r"(\w+) +([0-9.]+) µs", parts.text_content()))
    share = 100 * float(medians["clearing"]) / sum(map(float, medians.values()))
    elsewhere = 1.1 * share + 5
    for answer, words in (
        ("50", "An interval is two numbers"),
        ("(60, 40)", "the lower one first"),
        ("(0, 100)", "be bolder"),
        (f"({elsewhere}, {elsewhere + 9})", "Divide the median of clearing by the sum"),
    ):
        said = notebook.answer("exercises.check_clearing_share", f"my_share = {answer}")
        assert "not right yet" in said
        assert words in said
    right = f"my_share = ({max(0, share - 4)}, {share + 4})"
    said = notebook.answer("exercises.check_clearing_share", right)
    assert re.search(r"✓ right.*In your own run it is [0-9.]+ %\.", said, re.S)

    learners = notebook.panel("generations")
    learners.slider("generations").press("ArrowLeft", 4)
    learners.slider("seeds").press("ArrowLeft", 2)
    press(learners, "Learn", page)
    function = "def whole_speedup(share, step_speedup):\n    return "
    for answer, words in (
        ("share * step_speedup", "half of the time, twice as fast"),
        ("1 - share + share / step_speedup", "whole_speedup(0.5, 2.0) is 1.33333"),
        ("1 / (1 - share + share / max(1, step_speedup))", "a step that has become slower"),
        ("1 / (1 - share + share // step_speedup)", "half of the time, twice as fast"),
        ("1 / 0", "fails: ZeroDivisionError"),
    ):
        said = notebook.answer("exercises.check_amdahl", function + answer)
        assert "not right yet" in said
        assert words in said
    said = notebook.answer(
        "exercises.check_amdahl", function + "1 / (1 - share + share / step_speedup)"
    )
    assert re.search(r"✓ right.*In your own run [0-9]+% of learning were steps", said, re.S)
    assert page.get_by_text("not done yet").count() == 0
    notebook.check()


def test_published_result(page, workshop):
    notebook = open_notebook(page, workshop, "notebooks/04_published_result.ipynb")
    notebook.run_all()
    outputs = notebook.panel("offers N")
    before = outputs.settled()
    outputs.slider("offers N").press("ArrowRight", 5)
    moved = outputs.settled()
    outputs.slider("offers N").drag_to(0.7)
    dragged = outputs.settled()
    assert len({before[0], moved[0], dragged[0]}) == 3
    assert len({before[1], moved[1], dragged[1]}) == 3
    assert "rust: the same price" in dragged[1]

    race = notebook.panel("progress")
    published = race.settled()
    race.button("Run the race").press("Enter")
    page.wait_for_function(
        "() => /N = 5: [0-9.]+ .(faster|slower|indistinguishable)/.test(document.body.textContent)",
        timeout=60_000,
    )
    race.button("Stop").click()
    race.button("Run the race").and_(page.locator(":enabled")).wait_for(timeout=30_000)
    timed = race.settled()
    assert timed[0] != published[0]
    assert re.search(r"rust-naive is than numba-sort: N = 5: \d", timed[1])
    notebook.check()
    shoot(page, "04")


@pytest.mark.long
def test_border(page, workshop):
    notebook = open_notebook(page, workshop, "notebooks/05_border.ipynb")
    notebook.run_all()
    panel = notebook.panel_with_button("Time the border")
    before = panel.settled()
    panel.slider("offers N").press("ArrowLeft")
    assert panel.settled() == before, "moving a slider times nothing"
    after = press(panel, "Time the border", page)
    assert after[0] != before[0]
    assert after[1].startswith("N = 5, ns per call: an empty call takes ")
    assert page.get_by_text("not done yet").count() == 1
    notebook.check()
    shoot(page, "05")


@pytest.mark.long
def test_sort_and_allocation(page, workshop):
    notebook = open_notebook(page, workshop, "notebooks/06_sort_and_allocation.ipynb")
    notebook.run_all()
    panel = notebook.panel_with_button("Time the rungs")
    before = panel.settled()
    panel.slider("offers N").press("ArrowLeft", 2)
    panel.slider("already in order (%)").press("ArrowRight", 10)
    panel.button("rust-scratch").press("Enter")
    assert panel.settled() == before, "moving a slider times nothing"
    first = press(panel, "Time the rungs", page)
    assert first[1].startswith("20 offers, 50 % in order, 256 different markets: numba-sort ")
    assert "rust-scratch" not in first[1]
    panel.dropdown("markets").select_option("one market, repeated")
    second = press(panel, "Time the rungs", page)
    assert "a multiple of the run before" in second[1]
    assert len({before[0], first[0], second[0]}) == 3
    counts = notebook.panel_with_button("Count")
    before = counts.settled()
    after = press(counts, "Count", page)
    assert after[0] != before[0]
    assert after[1].startswith("200 offers, per market: ")
    assert page.get_by_text("not done yet").count() == 1
    notebook.check()
    shoot(page, "06")


@pytest.mark.long
def test_no_sorting(page, workshop):
    notebook = open_notebook(page, workshop, "notebooks/07_no_sorting.ipynb")
    notebook.run_all()
    panel = notebook.panel("step of the search")
    seen = [panel.settled()]
    for label, move in {
        "step of the search": lambda slider: slider.press("ArrowRight", 2),
        "guesses a pass": lambda slider: slider.press("ArrowLeft", 2),
        "offers N": lambda slider: slider.drag_to(0.8),
    }.items():
        move(panel.slider(label))
        seen.append(panel.settled())
        assert seen[-1][0] != seen[-2][0], f"{label} leaves the picture alone"
        assert seen[-1][1] != seen[-2][1], f"{label} leaves the sentence alone"
    panel.slider("step of the search").drag_to(1)
    panel.dropdown("prices").select_option("equal")
    assert "No candidate is left, so the price is " in panel.settled()[1]
    growth = notebook.panel_with_button("Time the growth")
    before = growth.settled()
    after = press(growth, "Time the growth", page)
    assert after[0] != before[0]
    assert "time grows as N to the power of: numba-sort " in after[1]
    assert page.get_by_text("not done yet").count() == 1
    notebook.check()
    shoot(page, "07")


BROKEN = {
    "a cell raises": "raise ValueError('boom')",
    "a widget swallows": (
        "import ipywidgets as widgets\n"
        "out = widgets.Output()\n"
        "with out:\n"
        "    raise ValueError('boom')\n"
        "out"
    ),
    "a panel fails": (
        "from market_py.workshop.panels import Explorer, slider\n"
        "def answer(x):\n"
        "    if x > 1:\n"
        "        raise ValueError('boom')\n"
        "    return b'', 'fine'\n"
        "panel = Explorer({'x': slider('x', 1, 0, 9, 1, '')}, answer, 100)\n"
        "panel.controls['x'].value = 5\n"
        "panel"
    ),
}


@pytest.mark.long
@pytest.mark.parametrize("source", BROKEN.values(), ids=BROKEN.keys())
def test_the_harness_sees_errors(browser, tmp_path, source):
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    cells = [nbformat.v4.new_code_cell(source)]
    notebook = nbformat.v4.new_notebook(cells=cells, metadata=kernel)
    (tmp_path / "root").mkdir()
    nbformat.write(notebook, tmp_path / "root" / "broken.ipynb")
    with lab.server(tmp_path, root=tmp_path / "root") as address:
        page = browser.new_page()
        opened = open_notebook(page, address, "broken.ipynb")
        with pytest.raises(lab.CellError, match="boom"):
            opened.run_all()
        page.close()
