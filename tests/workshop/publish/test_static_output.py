"""What stays of a widget on a page without a kernel."""

import base64
from pathlib import Path

import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from market_py.workshop.lessons.n00_start_here.panel import Echo
from market_py.workshop.lessons.n02_contract.panel import ContractPanel
from market_py.workshop.publish import book
from market_py.workshop.publish.execution import NOTEBOOKS
from market_py.workshop.widgets import controls as controls_
from market_py.workshop.widgets import panel as panel_
from market_py.workshop.widgets import static
from market_py.workshop.widgets.merit_order import market_figure
from market_py.workshop.widgets.prediction import Prediction

PNG = b"\x89PNG, or what a test takes for one"


def outputs(widget):
    """What a page of the book shows of a widget."""
    data, metadata = widget._repr_mimebundle_()
    return book.without_widget(new_output("display_data", data, metadata=metadata))


def text(widget):
    return outputs(widget)[0].data["text/html"]


def test_a_panel_leaves_its_settings_its_sentence_and_its_picture():
    controls = {
        "demand": controls_.slider("demand", 2200, 0, 3400, 10, "MW"),
        "batch": controls_.stepper("largest batch", [32, 1024], 1024),
        "outage": controls_.choice("on outage", ["none", "a & b"]),
    }
    panel = panel_.Explorer(controls, lambda **_: (PNG, "price < 42"))
    said, picture = outputs(panel)
    for words in (
        "demand (MW): <strong>2,200</strong>",
        "largest batch: <strong>1,024</strong>",
        "<strong>none (chosen)</strong>",
        "a &amp; b",
        "price &lt; 42",
    ):
        assert words in said.data["text/html"]
    assert base64.b64decode(picture.data["image/png"]) == PNG
    assert picture.metadata["image/png"] == {"alt": "price < 42"}


def test_a_prediction_leaves_its_question_and_what_there_is_to_choose():
    said = text(Prediction("Who wins?", ["one", "other"]))
    assert "Who wins?" in said
    assert "one" in said and "other" in said and "choose" not in said
    assert "chosen" not in said


def test_what_recalls_a_prediction_is_marked_until_there_is_one():
    prediction = Prediction("Who wins?", ["one", "other"])
    recalled = prediction.recall()
    assert 'class="undecided"' in text(recalled)
    prediction.choice.index = 1
    assert text(recalled) == '<p class="">You predicted: one.</p>'


def test_the_figure_leaves_its_sentence_and_its_picture():
    figure = market_figure([10, 20], [50, 50], 70)
    said, picture = outputs(figure)
    assert figure.sentence in said.data["text/html"]
    assert base64.b64decode(picture.data["image/png"]) == figure.png()
    assert picture.metadata["image/png"] == {"alt": figure.sentence}


def test_without_a_kernel_the_figure_leaves_itself(monkeypatch):
    monkeypatch.setattr(static, "has_kernel", False)
    figure = market_figure([10, 20], [50, 50], 70)
    (shown,) = outputs(figure)
    assert shown.data["text/html"] == figure.html()


def test_every_widget_of_a_notebook_leaves_its_text():
    assert "received 21" in text(Echo())
    assert "All backends agree." in text(ContractPanel())
    assert "<table" in text(ContractPanel())


def test_what_is_no_widget_stays_as_it_is():
    output = new_output("stream", text="42")
    assert book.without_widget(output) == [output]


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
        super().__init__("Count", 1, (PNG, "before"))

    def work(self):
        self.times += 1
        self.advance()
        self.show((PNG, "after"))


@pytest.mark.parametrize("has_kernel", [False, True])
def test_a_job_runs_when_it_is_shown_where_nobody_can_press_its_button(monkeypatch, has_kernel):
    monkeypatch.setattr(static, "has_kernel", has_kernel)
    job = Counting()
    for _ in range(2):
        said = job._repr_mimebundle_()[0]["text/plain"]
    assert said == ("before" if has_kernel else "after")
    assert job.times == (not has_kernel)
