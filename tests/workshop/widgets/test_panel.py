"""Panels: controls, jobs, and what is said meanwhile."""

import base64
import threading
import time
from importlib import import_module
from pathlib import Path

import ipywidgets as widgets
import pytest

from market_py.workshop import lessons
from market_py.workshop.lessons.n01_merit_order.panel import merit_order_panel
from market_py.workshop.lessons.n02_contract.panel import ContractPanel
from market_py.workshop.widgets.controls import slider, stepper
from market_py.workshop.widgets.panel import TIMING_LOCK, Explorer, Job, Panel

pytestmark = pytest.mark.filterwarnings("ignore:.*:DeprecationWarning")


def subclasses(kind):
    return [kind, *(below for direct in kind.__subclasses__() for below in subclasses(direct))]


def test_panels_take_no_name_that_widgets_use():
    for path in sorted(Path(lessons.__file__).parent.glob("n*/*.py")):
        if path.stem in ("panel", "outages", "training"):
            import_module(f"{lessons.__name__}.{path.parent.name}.{path.stem}")
    panels = [kind for kind in subclasses(Panel) if kind.__module__.startswith("market_py")]
    assert len(panels) > 5
    # Traitlets puts names of its own into every class.
    every = {*vars(type("Empty", (widgets.VBox,), {})), "__init__", "_repr_mimebundle_"}
    for kind in panels:
        taken = {*vars(kind)} & {*dir(widgets.VBox)} - every
        assert not taken, kind
    own = {*vars(Job("Go", 1, (b"", "ready")))} - {*vars(widgets.VBox())}
    assert not own & {*dir(widgets.VBox)}


class TestPanels:
    def test_a_saved_panel_is_never_blank(self):
        panel = merit_order_panel()
        bundle, _ = panel._repr_mimebundle_()
        assert base64.b64decode(bundle["image/png"]) == panel.picture.value
        assert bundle["text/plain"] == panel.sentence.text
        assert "application/vnd.jupyter.widget-view+json" in bundle
        assert "<table>" in ContractPanel()._repr_mimebundle_()[0]["text/html"]

    def test_the_picture_is_named_by_its_sentence(self):
        panel = merit_order_panel()
        assert panel.picture.alt == panel.sentence.text
        before = panel.sentence.text
        panel.sentence.say("Running …")
        assert panel.picture.alt == before
        panel.show((b"", "a < b"))
        assert (panel.picture.alt, panel.sentence.text) == ("a < b", "a < b")

    def test_an_error_is_said_where_the_reader_looks(self):
        def answer(x):
            if x > 1:
                raise ZeroDivisionError("boom")
            return b"", "fine"

        panel = Explorer({"x": slider("x", 1, 0, 5, 1, "")}, answer)
        panel.controls["x"].value = 2
        panel.wait()
        assert panel.sentence.alarm
        assert "boom" in panel.sentence.text
        panel.controls["x"].value = 0
        panel.wait()
        assert panel.sentence.text == "fine"
        assert not panel.sentence.alarm

    def test_a_fast_slider_ends_at_its_last_value(self):
        drawn = []

        def answer(x):
            drawn.append(x)
            threading.Event().wait(0.02)
            return b"", f"{x}"

        panel = Explorer({"x": slider("x", 0, 0, 100, 1, "")}, answer)
        for x in range(1, 51):
            panel.controls["x"].value = x
        panel.wait()
        assert panel.sentence.text == "50"
        assert len(drawn) < 50

    def test_a_job_reports_and_can_be_stopped_and_run_again(self):
        class Count(Job):
            def work(self):
                for i in range(5):
                    if self.is_stopped():
                        return
                    self.advance()
                    self.show((b"", str(i)))
                    if i == self.stop_at:
                        self.stop_button.click()

        job = Count("Go", 5, (b"", "ready"))
        job.stop_at = 2
        job.run()
        assert (job.bar.value, job.sentence.text) == (3, "2")
        assert job.stop_button.disabled
        assert not job.button.disabled
        job.stop_at = None
        job.run()
        assert (job.bar.value, job.sentence.text) == (5, "4")

    def test_a_hidden_slider_hides_no_other(self):
        one, other = (stepper("N", [1, 2], 1) for _ in range(2))
        one.layout.display = "none"
        assert other.layout.display is None

    def test_a_second_click_starts_nothing(self):
        class Count(Job):
            runs = 0

            def work(self):
                self.runs += 1
                go_on.wait(10)

        go_on, job = threading.Event(), Count("Go", 1, (b"", "ready"))
        before = threading.active_count()
        job.button.click()
        job.button.click()
        assert threading.active_count() == before + 1
        go_on.set()
        while job.button.disabled:
            time.sleep(0.01)
        assert job.runs == 1

    def test_one_job_at_a_time(self):
        class Say(Job):
            def work(self):
                self.show((b"", "done"))

        job = Say("Go", 1, (b"", "ready"))
        with TIMING_LOCK:
            waiting = threading.Thread(target=job.run)
            waiting.start()
            waiting.join(0.3)
            assert job.sentence.text == "Waiting for the panel that runs …"
            assert not job.stop_button.disabled
            job.stop_button.click()
            waiting.join(10)
            assert job.sentence.text == "Stopped: this run is not kept. As before: ready"
            assert not job.button.disabled
        job.run()
        assert job.sentence.text == "done"

    def test_a_job_that_fails_says_so(self):
        job = Job("Go", 1, (b"", "ready"))
        with pytest.raises(NotImplementedError, match="does not say what to do"):
            job.run()
        assert job.sentence.alarm
        assert not job.button.disabled
