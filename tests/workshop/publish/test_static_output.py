"""What stays of a widget on a page without a kernel."""

import base64
from pathlib import Path

import ipywidgets as widgets
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from market_py.workshop.publish import book, static_output
from market_py.workshop.publish.execution import NOTEBOOKS
from market_py.workshop.widgets import controls as controls_
from market_py.workshop.widgets import panel as panel_
from market_py.workshop.widgets.prediction import Prediction

PNG = b"\x89PNG, or what a test takes for one"


def stills(widget, bundle=None):
    """What `still.of` makes of an output that shows a widget."""
    return [next(iter(output.data.items())) for output in outputs(widget, bundle)]


def outputs(widget, bundle=None):
    state = widgets.Widget.get_manager_state()["state"]
    data = {static_output.VIEW: {"model_id": widget.model_id}} | (bundle or {"text/plain": "it"})
    return static_output.of(new_output("display_data", data), state)


def test_a_panel_leaves_its_settings_its_sentence_and_its_picture():
    controls = {
        "demand": controls_.slider("demand", 2200, 0, 3400, 10, "MW"),
        "batch": controls_.stepper("largest batch", [32, 1024], 1024),
        "outage": controls_.choice("on outage", ["none", "a & b"]),
    }
    panel = panel_.Explorer(controls, lambda **_: (PNG, "price < 42"), 900)
    shown = stills(panel)
    assert [kind for kind, _ in shown] == ["text/html"] * 4 + ["image/png"]
    assert "demand (MW): <strong>2,200</strong>" in shown[0][1]
    assert "largest batch: <strong>1,024</strong>" in shown[1][1]
    assert "<strong>none (chosen)</strong>" in shown[2][1] and "a &amp; b" in shown[2][1]
    assert "price &lt; 42" in shown[3][1]
    assert base64.b64decode(shown[4][1]) == PNG
    assert static_output.name(outputs(panel)) == "price < 42"


def test_a_prediction_leaves_its_question_and_what_there_is_to_choose():
    texts = [content for _, content in stills(Prediction("Who wins?", ["one", "other"]))]
    assert "Who wins?" in texts[0]
    assert "one" in texts[1] and "other" in texts[1] and "choose" not in texts[1]
    assert "chosen" not in texts[1]
    assert len(texts) == 2


def test_what_recalls_a_prediction_is_marked_until_there_is_one():
    prediction = Prediction("Who wins?", ["one", "other"])
    recalled = prediction.recall()
    assert 'class="undecided"' in stills(recalled)[0][1]
    prediction.choice.index = 1
    assert stills(recalled) == [("text/html", '<p class="">You predicted: one.</p>')]


def test_a_widget_that_draws_by_itself_leaves_its_picture_and_its_sentence():
    bundle = {"text/plain": "price < 42", "image/png": "cGljdHVyZQ=="}
    shown = stills(widgets.Box(), bundle)
    assert shown == [
        ("text/html", '<p class="">price &lt; 42</p>'),
        ("image/png", "cGljdHVyZQ=="),
    ]
    assert static_output.name(outputs(widgets.Box(), bundle)) == "price < 42"


def test_what_is_no_widget_stays_as_it_is():
    output = new_output("stream", text="42")
    assert static_output.of(output, {}) == [output]


def test_a_page_folds_solutions():
    solution = new_code_cell("%%solution it", metadata={"tags": ["solution"]})
    solution.outputs = [new_output("stream", text="not run")]
    page = book.page(new_notebook(cells=[solution]))
    assert "hide-cell" in page.cells[0].metadata.tags
    assert page.cells[0].outputs == []


def test_files_that_a_page_links_to_keep_their_places(tmp_path):
    text = (
        "[search](../market_py/files.py), [02](02_contract.ipynb), [out](../../elsewhere.py), "
        '[web](https://example.org/x.py), <img src="../docs/merit_order.webp">'
    )
    book.copy_linked(text, NOTEBOOKS, tmp_path)
    copied = [path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file()]
    assert set(copied) == {Path("docs/merit_order.webp"), Path("market_py/files.py")}


class Counting(panel_.Job):
    """Counts how often it ran."""

    def __init__(self):
        self.times = 0
        super().__init__("Count", 1, (PNG, "before"), 900)

    def work(self):
        self.times += 1
        self.advance()
        self.show((PNG, "after"))


@pytest.mark.parametrize("pressed", [False, True])
def test_a_job_runs_when_it_is_shown_where_nobody_can_press_its_button(monkeypatch, pressed):
    monkeypatch.setattr(panel_.Job, "run_when_shown", pressed)
    job = Counting()
    for _ in range(2):
        said = job._repr_mimebundle_()["text/plain"]
    assert said == ("after" if pressed else "before")
    assert job.times == pressed
