"""A button that copies a text."""

from __future__ import annotations

from importlib.resources import files

import anywidget
import traitlets


class CopyButton(anywidget.AnyWidget):
    """A button that puts a text on the clipboard of the browser."""

    _esm = files(__package__).joinpath("copy_button.js").read_text("utf8")
    label = traitlets.Unicode().tag(sync=True)
    text = traitlets.Unicode().tag(sync=True)
