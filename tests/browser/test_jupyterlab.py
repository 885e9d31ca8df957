"""The notebooks in JupyterLab, in Chromium, moved by keyboard and by mouse."""

import itertools
import os
import time
from pathlib import Path

import nbformat
import pytest

from helpers import controls, lab
from helpers.chromium import BROWSER_TESTS
from helpers.truths import TRUTHS
from market_py.workshop.publish import execution

pytest.importorskip("playwright.sync_api")
axe = pytest.importorskip("axe_playwright_python.sync_playwright")

pytestmark = [
    pytest.mark.skipif(os.name == "nt", reason="ends the server by its process group"),
    *BROWSER_TESTS,
]
NOTEBOOKS = execution.all_notebooks()
FACTORIES = ("merit_order_panel", "price_duration_panel", "outputs_panel", "search_panel")
"""Of panels that follow their sliders at once."""
WIDTHS, HEIGHT = (1400, 1000), 1000
THEMES = ("Light", "Dark")
ATTEMPTS = 3
"""At moving a slider fast: a machine that is busy elsewhere draws few pictures meanwhile."""
SHOTS = os.environ.get("BROWSER_SHOTS")
"""A folder for screenshots of notebooks at all widths and in both themes, to be looked at.

``BROWSER_SHOTS=shots make test-all PYTEST_OPTIONS="-k test_notebook"`` takes them all.
"""


@pytest.fixture(scope="module")
def workshop(tmp_path_factory):
    with lab.server(tmp_path_factory.mktemp("lab")) as address:
        yield address


@pytest.fixture
def page(browser):
    page = browser.new_page(viewport={"width": WIDTHS[0], "height": HEIGHT})
    page.set_default_timeout(20_000)
    complaints = lab.complaints(page)
    yield page
    # The next one starts in a new kernel.
    page.evaluate("jupyterapp.serviceManager.sessions.shutdownAll()")
    page.close()
    assert complaints == []


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
        page.screenshot(path=folder / f"{name}_{number}.png")


@pytest.mark.long
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


@pytest.mark.long
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
    assert "They agree." in tell(page, "panel.agreement(figure)")
    # Python moves it, too.
    tell(page, "setattr(figure, 'demand', 1000)")
    page.wait_for_function("() => document.body.textContent.includes('Demand 1,000 MW clears')")

    year = notebook.panel("load growth (%)")
    before = year.settled()
    region = year.cell.locator("[role=status]").element_handle()
    year.slider("load growth (%)").drag_to(0.9)
    after = year.settled()
    # A screen reader speaks of what changes inside a region, not of a new one.
    assert region.text_content() == after[1]
    assert year.cell.get_by_role("img", name=after[1], exact=True).count() == 1
    assert before[0] != after[0]
    assert "demand is not met in 0 hours" in before[1]
    assert "demand is not met in 0 hours" not in after[1]
    assert page.get_by_text("not done yet").count() == 2
    notebook.check()


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
    assert "They agree." in tell(page, "panel.agreement(figure)")


def _holds_soon(is_true, values, output, seconds=10):
    """On a busy machine a panel may pause before it shows the latest values."""
    end = time.monotonic() + seconds
    while True:
        try:
            return is_true(values, output.settled()[1])
        except AssertionError:
            if time.monotonic() > end:
                raise


@pytest.mark.long
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook(page, workshop, path, record_property):
    """Run All; each control by keyboard; a look at both widths, in both themes; the solutions.

    Wrong answers are given without a browser, in test_notebooks.py.
    """
    notebook = open_notebook(page, workshop, f"notebooks/{path.name}")
    set_theme(page, "Light")
    notebook.run_all()
    source = path.read_text(encoding="utf8")
    exercises = execution.exercises(nbformat.read(path, as_version=4))
    # A cell that uses an answer says so, too.
    assert page.get_by_text("○ not done yet").count() >= len(exercises)
    checked = set()

    def check(output):
        notebook.check()
        values = output.values
        for label, is_true in TRUTHS.get(path.stem, {}).items():
            if label in values:
                _holds_soon(is_true, values, output)
                checked.add(label)

    for output in controls.outputs(notebook):
        if output.is_job:
            controls.run(output, check)
        else:
            controls.explore(output, check)
        notebook.check()
    assert checked == TRUTHS.get(path.stem, {}).keys()
    for width, theme in itertools.product(WIDTHS, THEMES):
        page.set_viewport_size({"width": width, "height": HEIGHT})
        set_theme(page, theme)
        assert page.evaluate(CUT_OFF) == []
        assert page.evaluate(HARD_TO_READ) == []
        assert barriers(page) == {}
        shoot(page, f"{path.stem[:2]}_{width}_{theme.lower()}")
    if any(name in source for name in FACTORIES):
        assert_fifty_moves(page, notebook, record_property)
    for exercise in exercises:
        assert "✓ right" in notebook.answer(call(exercise), exercise.solution)
    notebook.check()


def barriers(page):
    """What axe finds serious in the outputs of the notebook, with examples."""
    found = axe.Axe().run(page, context=".jp-OutputArea-output", options={"preload": False})
    return {
        violation["id"]: [node["html"][:200] for node in violation["nodes"][:3]]
        for violation in found.response["violations"]
        if violation["impact"] in ("serious", "critical")
    }


def set_theme(page, theme):
    change = "theme => jupyterapp.commands.execute('apputils:change-theme', {theme})"
    page.evaluate(change, f"JupyterLab {theme}")
    page.wait_for_function(
        "light => document.body.dataset.jpThemeLight === light", arg=str(theme == "Light").lower()
    )
    page.wait_for_timeout(300)


CUT_OFF = """() => Array.from(document.querySelectorAll(
    '.jp-Notebook .jp-OutputArea-output, .jp-Notebook .jp-OutputArea-output :is(' +
    '.widget-label, .widget-readout, button, select, img, table), .jp-RenderedMarkdown'))
  .filter(element => element.scrollWidth > element.clientWidth + 1 && element.clientWidth > 0)
  .map(element => element.className + ': ' + element.textContent.slice(0, 60))"""


# By the formula of WCAG 2; axe-core takes what JupyterLab scrolls for hidden.
HARD_TO_READ = """() => {
  const numbers = colour => colour.match(/[0-9.]+/g).map(Number);
  const light = colour => numbers(colour).slice(0, 3).map(value => value / 255)
    .map(value => value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4)
    .reduce((sum, value, i) => sum + [0.2126, 0.7152, 0.0722][i] * value, 0);
  const behind = element => {
    const colour = getComputedStyle(element).backgroundColor;
    const opaque = (numbers(colour)[3] ?? 1) > 0.5;
    return opaque || !element.parentElement ? colour : behind(element.parentElement);
  };
  const has_text = element => Array.from(element.childNodes)
    .some(node => node.nodeType === Node.TEXT_NODE && node.data.trim());
  return Array.from(document.querySelectorAll('.jp-OutputArea-output *'))
    .filter(element => has_text(element) && element.clientHeight && !element.disabled)
    .map(element => {
      const both = [light(getComputedStyle(element).color), light(behind(element))];
      const contrast = (Math.max(...both) + 0.05) / (Math.min(...both) + 0.05);
      return [contrast, element.textContent.slice(0, 60)];
    })
    .filter(([contrast]) => contrast < 4.5);
}"""


def assert_fifty_moves(page, notebook, record_property):
    """Thirty a second: no frame is blank, nothing piles up, and the last value is soon shown."""
    panels = [
        output
        for output in controls.outputs(notebook)
        if not output.is_job and output.cell.locator("img").count()
    ]
    assert panels
    for output in panels:
        sliders = [control for control in output.controls if control.is_slider]
        slider = max(sliders, key=lambda slider: slider.positions)
        film = controls.filmed_sweep(output, slider)
        assert len(film) > 10
        assert min(frame.std() for frame in film) > 10, "a picture is blank"
        figures, megabytes = lab.kept(page)
        for _ in range(ATTEMPTS):
            frames = controls.sweep(output, slider)
            if frames.pictures > 5 and 0 < frames.late < 1000:
                break
        assert frames.number > controls.MOVES
        assert frames.pictures > 5
        assert len(frames.heights) == 1
        late = f"{slider.label}: the last value is shown after {frames.late:.0f} ms"
        record_property("late", late)
        print(late)
        assert 0 < frames.late < 1000
        figures_after, megabytes_after = lab.kept(page)
        assert figures_after <= figures
        assert megabytes_after < megabytes + 15


def call(exercise):
    """The line that checks an answer."""
    return exercise.check.source.splitlines()[-1]


NEEDED_IN_06 = """
import numpy as np
from numba import njit
from market_py.benchmark import timing
timing.SAMPLE_SECONDS, timing.WARM_UP_SECONDS = 1e-3, 1e-2
from market_py.workshop.lessons.n06_sort_and_allocation import checks
"""


def test_functions_are_written_in_both_languages(page, workshop):
    """Learners type a numba and a Rust function, and rustc's message is an alert."""
    path = next(path for path in NOTEBOOKS if path.stem.startswith("06"))
    in_numba, in_rust = execution.exercises(nbformat.read(path, as_version=4))
    notebook = open_notebook(page, workshop, f"notebooks/{path.name}")
    # Only these cells run: the others take a minute.
    said = notebook.answer(call(in_numba), NEEDED_IN_06 + in_numba.solution)
    assert "✓ right" in said
    assert "times as fast as numba-sort" in said
    said = notebook.answer(call(in_rust), in_rust.solution.replace("let (mut left", "let (left"))
    assert "cannot assign twice to immutable variable" in said
    alert = page.locator(".jp-OutputArea-output pre[role=alert]")
    assert "cannot assign twice to immutable variable" in alert.text_content()
    assert "✓ right" in notebook.answer(call(in_rust), in_rust.solution)
    assert alert.count() == 0
    notebook.check()


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
        "from market_py.workshop.widgets.controls import slider\n"
        "from market_py.workshop.widgets.panel import Explorer\n"
        "def answer(x):\n"
        "    if x > 1:\n"
        "        raise ValueError('boom')\n"
        "    return b'', 'fine'\n"
        "panel = Explorer({'x': slider('x', 1, 0, 9, 1, '')}, answer)\n"
        "panel.controls['x'].value = 5\n"
        "panel"
    ),
}


@pytest.fixture
def written(browser, tmp_path):
    """Open a notebook with one cell."""
    pages = []

    def write(source):
        kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
        cells = [nbformat.v4.new_code_cell(source)]
        notebook = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})
        nbformat.write(notebook, tmp_path / "root" / "broken.ipynb")
        pages.append(browser.new_page())
        return open_notebook(pages[0], address, "broken.ipynb")

    (tmp_path / "root").mkdir()
    with lab.server(tmp_path, root=tmp_path / "root") as address:
        yield write
        pages[0].close()


@pytest.mark.long
@pytest.mark.parametrize("source", BROKEN.values(), ids=BROKEN.keys())
def test_the_harness_sees_errors(written, source):
    notebook = written(source)
    with pytest.raises(lab.CellError, match="boom"):
        notebook.run_all()


FLAWED = """
import ipywidgets as widgets
from market_py.plots.picture import picture
from market_py.workshop.widgets.controls import slider
from market_py.workshop.widgets.panel import Explorer

@picture()
def draw(figure, x):
    figure.subplots().set_xlim(0, 1 + x)

def answer(x, y):
    return draw(x), f"x is {x}"

faint = widgets.HTML('<p style="color:#ccc;background:#fff">faint</p>')
wide = widgets.Label("a label that is cut off", layout=widgets.Layout(width="40px"))
panel = Explorer({name: slider(name, 1, 0, 9, 1, "") for name in "xy"}, answer)
panel.children = (*panel.children, faint, wide)
panel
"""


@pytest.mark.long
def test_the_harness_sees_flaws(written):
    notebook = written(FLAWED)
    complaints = lab.complaints(notebook.page)
    notebook.run_all()
    (output,) = controls.outputs(notebook)
    with pytest.raises(AssertionError, match=r"nothing follows \['y'\]"):
        controls.explore(output, lambda _: None)
    assert [text for _, text in notebook.page.evaluate(HARD_TO_READ)] == ["faint"]
    assert "a label that is cut off" in "".join(notebook.page.evaluate(CUT_OFF))
    notebook.page.evaluate("console.error('boom')")
    assert complaints == ["boom"]
