"""A picture with an alternative text."""

from __future__ import annotations

from importlib.resources import files

import anywidget
import traitlets


class NamedImage(anywidget.AnyWidget):
    """A picture (PNG) that says what it shows to those who do not see it."""

    _esm = files(__package__).joinpath("named_image.js").read_text("utf8")
    value = traitlets.Bytes().tag(sync=True)
    alt = traitlets.Unicode().tag(sync=True)
