"""Sentence and picture of a panel in Chromium, on a page of their own."""

import pytest

from helpers.chromium import NEEDS_CHROMIUM
from market_py.plots.picture import picture
from market_py.workshop.widgets.named_image import NamedImage
from market_py.workshop.widgets.sentence import Sentence

playwright = pytest.importorskip("playwright.sync_api")

pytestmark = [NEEDS_CHROMIUM, pytest.mark.filterwarnings("default")]
RENDER = """async ([esm, state]) => {
  const url = URL.createObjectURL(new Blob([esm], { type: 'text/javascript' }));
  const listeners = {};
  window.change = (name, value) => {
    state[name] = value;
    listeners[`change:${name}`]?.();
  };
  const model = {
    get: (name) => state[name],
    on: (event, listener) => (listeners[event] = listener),
    off: (event) => delete listeners[event],
  };
  const { default: widget } = await import(url);
  window.end = widget.render({ model, el: document.body });
  window.left = () => Object.keys(listeners).length;
}"""
"""Show a widget whose model is here, and can be changed by hand."""


@picture()
def dots(figure):
    figure.subplots()


@pytest.fixture
def page(browser):
    page = browser.new_page()
    yield page
    page.evaluate("end()")
    assert page.evaluate("left()") == 0
    page.close()


def test_a_sentence_changes_inside_its_region_and_an_alarm_in_another(page):
    page.evaluate(RENDER, [Sentence._esm, {"text": "price < 42", "alarm": False}])
    status, alert = (page.query_selector(f"[role={role}]") for role in ("status", "alert"))

    def said():
        return status.text_content(), alert.text_content()

    assert said() == ("price < 42", "")
    for alarm, text, shown in (
        (False, "price 43", ("price 43", "")),
        (True, "boom", ("", "boom")),
        (False, "fine", ("fine", "")),
    ):
        page.evaluate("alarm => change('alarm', alarm)", alarm)
        page.evaluate("text => change('text', text)", text)
        assert said() == shown
    assert page.locator("[role=status], [role=alert]").count() == 2


def test_a_picture_is_named_and_replaced_in_its_place(page):
    png = list(dots())
    # Bytes come as a view of a buffer.
    page.evaluate("png => (window.view = new DataView(Uint8Array.from(png).buffer))", png)
    page.evaluate(f"esm => ({RENDER})([esm, {{ value: view, alt: 'one' }}])", NamedImage._esm)
    image = page.query_selector("img")
    seen = image.evaluate("it => it.decode().then(() => it.src)")
    assert image.evaluate("it => it.naturalWidth") > 0
    page.evaluate("() => { change('value', view); change('alt', 'other'); }")
    assert image.evaluate("it => it.decode().then(() => it.src)") != seen
    assert image.get_attribute("alt") == "other"
    # What is seen no more is kept no longer.
    assert page.evaluate("url => fetch(url).then(() => 'kept', () => 'gone')", seen) == "gone"
    assert page.locator("img").count() == 1


SLIDER = """<div class="panel"><div class="widget-slider">
<label class="widget-label">offers N</label>
<div class="noUi-handle" role="slider" tabindex="0" aria-valuetext="2.00"></div>
<div class="widget-readout">1,024</div></div></div>"""
"""A slider over some values, as ipywidgets makes it: its handle knows an index only."""


def test_a_slider_announces_its_name_and_its_value(page):
    page.set_content(SLIDER)
    render = RENDER.replace("document.body", "document.querySelector('.panel').appendChild(it)")
    render = render.replace("const url", "const it = document.createElement('div'); const url")
    page.evaluate(render, [Sentence._esm, {"text": "here", "alarm": False}])
    handle = page.locator(".noUi-handle")
    expect = playwright.expect
    expect(handle).to_have_attribute("aria-label", "offers N")
    expect(handle).to_have_attribute("aria-valuetext", "1,024")
    # The library writes the index again at each move, before or after the readout.
    handle.evaluate("it => it.setAttribute('aria-valuetext', '3.00')")
    expect(handle).to_have_attribute("aria-valuetext", "1,024")
    page.locator(".widget-readout").evaluate("it => (it.textContent = '4,096')")
    expect(handle).to_have_attribute("aria-valuetext", "4,096")
