"""A sentence that a screen reader speaks when it changes."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import anywidget
import traitlets

from market_py.workshop.widgets import static


class Sentence(anywidget.AnyWidget):
    """A sentence in a live region, or in one that interrupts if it is an alarm."""

    _esm = files(__package__).joinpath("sentence.js").read_text("utf8")
    alarm = traitlets.Bool().tag(sync=True)
    text = traitlets.Unicode().tag(sync=True)

    def say(self, text: str, *, alarm: bool = False) -> None:
        """Replace the sentence."""
        # In this order: the browser looks at `alarm` when the text changes.
        self.alarm = alarm
        self.text = text

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        shown: Any = super()._repr_mimebundle_(**kwargs)
        return static.kept(shown[0], static.paragraph(self.text, self._dom_classes))


def counted(number: int, noun: str) -> str:
    """Say how many there are of something."""
    return f"{number:,} {noun}" + ("" if number == 1 else "s")
