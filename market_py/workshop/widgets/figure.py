"""What figures share that learners move: their JavaScript, their axes, a static picture.

A figure answers in the browser, without the kernel, and Python reads its state. In a saved or
exported notebook, where widgets do not work, a picture drawn by Python replaces it.
"""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Callable
from importlib.resources import files
from typing import Any

import anywidget
import ipywidgets as widgets
import traitlets
from matplotlib.ticker import MaxNLocator

from market_py.workshop.widgets import static

_FILES = files(__package__)
DRAWABLE = 1e300
"""Largest price and quantity: axes need room beyond."""


def _read(name: str) -> str:
    return _FILES.joinpath(name).read_text("utf8")


def script(name: str) -> str:
    """JavaScript of a figure, with what all figures need before it."""
    return "\n".join(map(_read, ("market.js", "figure.js", name)))


class InteractiveFigure(anywidget.AnyWidget):
    """A figure that is moved in the browser; a subclass draws and clears it in Python, too.

    `fallback` makes the widget that is shown if the browser cannot draw the figure.
    """

    _css = _read("merit_order.css")
    _setting = traitlets.Dict().tag(sync=True)

    # It tells what the picture shows: after a move in the browser, what was found there.
    sentence = traitlets.Unicode().tag(sync=True)

    def __init__(
        self, *, fallback: Callable[[], widgets.Widget] | None = None, **state: Any
    ) -> None:
        self._from_browser = False
        super().__init__(**state)
        self._clear()
        # What a notebook shows, so that there is something to put the fallback into.
        self._box: Any = None
        self._fallback = fallback
        self.on_msg(self._on_message)

    def png(self) -> bytes:
        """Draw the same state in Python."""
        raise NotImplementedError

    def text(self) -> str:
        """Return the figure for a page without a kernel, or else its sentence, as HTML."""
        return static.paragraph(self.sentence) if static.has_kernel else self.html()

    def html(self) -> str:
        """Return HTML that draws the figure, as it is now, in a page without a kernel."""
        not_ours = {"layout", "tabbable", "tooltip"}
        state = {
            name: value
            for name, value in self.get_state().items()
            if name == "_setting" or not (name.startswith("_") or name in not_ours)
        }
        # What a text contains must not end the script.
        data = json.dumps(state, ensure_ascii=False).replace("<", "\\u003c")
        source = str(self._esm).replace("export default", "const figure =")
        parts = (f"const state = {data};", source, _read("standalone.js"))
        script = "\n".join(("(() => {", *parts, "})();"))
        return f"<style>{self._css}</style><div></div><script>{script}</script>"

    def _clear(self) -> None:
        """Set what follows from the state, as Python finds it."""
        raise NotImplementedError

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """Take over what the browser says; it has cleared the market already."""
        self._from_browser = True
        try:
            super().set_state(sync_data)
        finally:
            self._from_browser = False

    def _on_change(self, _change: object) -> None:
        if not self._from_browser:
            self._clear()

    def _on_message(self, _widget: object, content: dict[str, Any], _buffers: object) -> None:
        if "failed" in content and self._fallback and self._box:
            self._box.children = [self._fallback()]

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        self._box = self._box or widgets.VBox([self])
        bundle: dict[str, Any] = self._box._repr_mimebundle_(**kwargs)
        bundle["image/png"] = base64.b64encode(self.png()).decode()
        bundle["text/plain"] = self.sentence
        return static.kept(bundle, self.text(), alt=self.sentence if static.has_kernel else None)


def axis_ticks(low: float, high: float, widest: float) -> tuple[list[float], list[float]]:
    """Ticks of quantities from 0 and of prices, with room for all that can be dragged.

    Raises
    ------
    ValueError
        A number is too large to be drawn.
    """
    low, high, widest = 1.02 * low, 1.02 * high, 1.02 * widest
    if not max(-low, high, widest) < DRAWABLE:
        raise ValueError(f"prices and quantities above {DRAWABLE:g} cannot be drawn")
    ticks = MaxNLocator(nbins=7, steps=[1, 2, 5, 10]).tick_values
    return (
        [float(tick) for tick in ticks(0.0, widest or 1.0)],
        [float(tick) for tick in ticks(low, high if high > low else 1.0)],
    )


def within(name: str, value: float, low: float, high: float) -> float:
    """Take a number for a state of the figure.

    Raises
    ------
    ValueError
        It is not finite, or out of bounds.
    """
    number = float(value)
    if not (math.isfinite(number) and low <= number <= high):
        bounds = "" if math.isinf(high) else f" and from {low:g} to {high:g}"
        raise ValueError(f"{name} = {value}: must be finite{bounds}")
    return number


def power_of_ten(number: float) -> float:
    """The largest that does not exceed a positive number."""
    return float(10.0 ** math.floor(math.log10(number)))
