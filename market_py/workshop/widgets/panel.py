"""Panels: controls, a picture, and a sentence that says what the picture shows.

The sentence is a live region, so that a screen reader speaks it. It is also the picture's
alternative text.
"""

from __future__ import annotations

import base64
import threading
import traceback
from collections.abc import Callable, Collection, Mapping
from typing import Any

import ipywidgets as widgets

from market_py.benchmark import timing
from market_py.workshop.widgets import static
from market_py.workshop.widgets.named_image import NamedImage
from market_py.workshop.widgets.sentence import Sentence

Shown = tuple[bytes, str]
"""A picture (PNG) and the sentence beside it."""
WIDTH = 900
"""Of a picture, pixels."""
TIMING_LOCK = threading.Lock()
"""Held by the job that runs: two at a time would spoil each other's timings."""


class Panel(widgets.VBox):
    """Controls above a sentence and a picture of fixed size; others go between.

    A notebook that is saved or exported keeps the picture and the sentence as they were.
    """

    def __init__(self, controls: Mapping[str, Any], first: Shown, *others: Any) -> None:
        png, sentence = first
        self.controls = dict(controls)
        layout = {"width": f"{WIDTH}px", "max_width": "100%"}
        self.picture = NamedImage(value=png, alt=sentence, layout=layout)
        self.sentence = Sentence(text=sentence)
        self._lock = threading.Lock()
        self._worker: threading.Thread | None = None
        self._is_behind = False
        super().__init__([*controls.values(), *others, self.sentence, self.picture])

    def fold(self, title: str, names: Collection[str]) -> None:
        """Move controls of these names into a closed accordion below the others."""
        folded = [self.controls[name] for name in names]
        accordion = widgets.Accordion([widgets.VBox(folded)], titles=(title,))
        accordion.layout.max_width = f"{WIDTH}px"
        controls = [it for it in self.controls.values() if it not in folded]
        others = self.children[len(self.controls) :]  # type: ignore[has-type]
        self.children = (*controls, accordion, *others)

    @property
    def chosen(self) -> dict[str, Any]:
        """The values of the controls, by name."""
        return {name: control.value for name, control in self.controls.items()}

    def show(self, shown: Shown) -> None:
        """Replace the picture and the sentence."""
        png, sentence = shown
        self.picture.value, self.picture.alt = png, sentence
        self.sentence.say(sentence)

    def follow(self, answer: Callable[[], Shown]) -> None:
        """Show the answer to the latest values of the controls.

        A slider may move faster than pictures are drawn: a thread skips the values in between.
        """

        def on_change(_change: object) -> None:
            with self._lock:
                self._is_behind = True
                if self._worker is None:
                    self._worker = threading.Thread(target=self._catch_up, args=[answer])
                    self._worker.daemon = True
                    self._worker.start()

        for control in self.controls.values():
            control.observe(on_change, names="value")

    def _catch_up(self, answer: Callable[[], Shown]) -> None:
        while True:
            with self._lock:
                if not self._is_behind:
                    self._worker = None
                    return
                self._is_behind = False
            try:
                self.show(answer())
            except Exception:
                # An error in a thread is not shown by Jupyter: say it where the reader looks.
                self.sentence.say(traceback.format_exc(), alarm=True)

    def wait(self) -> None:
        """Wait until the panel shows the values of its controls."""
        if worker := self._worker:
            worker.join()

    def text(self) -> str:
        """Return settings and sentence as HTML, for a page without a kernel."""
        return static.settings(self.controls.values()) + static.paragraph(self.sentence.text)

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        bundle: dict[str, Any] = super()._repr_mimebundle_(**kwargs)
        bundle["image/png"] = base64.b64encode(self.picture.value).decode()
        bundle["text/plain"] = self.sentence.text
        return static.kept(bundle, self.text(), alt=self.sentence.text)


class Explorer(Panel):
    """A panel that answers its controls; `answer` takes their values by name."""

    def __init__(self, controls: Mapping[str, Any], answer: Callable[..., Shown]) -> None:
        self.controls = dict(controls)
        super().__init__(controls, answer(**self.chosen))
        self.follow(lambda: answer(**self.chosen))


class NotNow(Exception):
    """What a job was asked for cannot be done; the message says what can."""


class Job(Panel):
    """A panel that does something long when its button is pressed, and can be stopped.

    A subclass says what in `work`, which calls `advance` at each step and `show` at each result,
    and ends early when `is_stopped` says so, or raises `timing.Stopped` to keep nothing. The
    progress bar has so many `steps`; `first` is shown before the first run.
    """

    shows_a_stored_run = False
    """There is something to see before the first run."""

    def __init__(
        self, label: str, steps: int, first: Shown, controls: Mapping[str, Any] | None = None
    ) -> None:
        self._stop = threading.Event()
        self.button = widgets.Button(
            description=label, button_style="primary", layout={"width": "auto"}
        )
        self.stop_button = widgets.Button(description="Stop", disabled=True)
        self.bar = widgets.IntProgress(
            max=steps,
            description="progress",
            bar_style="info",
            layout={"width": "min(100%, 420px)"},
        )
        self.doing = widgets.Label()
        buttons = widgets.HBox([self.button, self.stop_button, self.bar, self.doing])
        buttons.layout.flex_flow = "row wrap"
        super().__init__(controls or {}, first, buttons)
        self.button.on_click(self._on_click)
        self.stop_button.on_click(lambda _: self._stop.set())

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        # On a page without a kernel the button does nothing.
        if not (static.has_kernel or self.shows_a_stored_run or self.bar.value):
            self.run()
        return super()._repr_mimebundle_(**kwargs)

    def _on_click(self, _button: object) -> None:
        # A second click may come before the first has disabled the button in the browser.
        if not self.button.disabled:
            self.button.disabled = True
            threading.Thread(target=self.run, daemon=True).start()

    def work(self) -> None:
        """Do it, in a thread of its own."""
        raise NotImplementedError(f"{type(self).__name__} does not say what to do")

    def is_stopped(self) -> bool:
        """Whether the stop button was pressed."""
        return self._stop.is_set()

    def advance(self) -> None:
        """Move the progress bar by one step."""
        self.bar.value += 1

    def run(self) -> None:
        """Do the work, as the button does, after what was moved before has been answered."""
        self.wait()
        self._stop.clear()
        self.bar.value = 0
        self.button.disabled, self.stop_button.disabled = True, False
        try:
            self._wait_and_work()
        except timing.Stopped:
            # The picture is still that of the run before, so its sentence is said again.
            self.sentence.say(f"Stopped: this run is not kept. As before: {self.picture.alt}")
        except NotNow as reason:
            self.sentence.say(str(reason))
        except Exception:
            self.sentence.say(traceback.format_exc(), alarm=True)
            raise
        finally:
            self.doing.value = ""
            self.button.disabled, self.stop_button.disabled = False, True

    def _wait_and_work(self) -> None:
        self.sentence.say("Waiting for the panel that runs …")
        while not TIMING_LOCK.acquire(timeout=0.1):
            if self.is_stopped():
                raise timing.Stopped(timing.Race(0, {}))
        try:
            self.sentence.say("Running …")
            self.work()
        finally:
            TIMING_LOCK.release()
