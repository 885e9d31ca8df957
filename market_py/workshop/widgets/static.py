"""Static output: what replaces a widget on a page without a kernel.

It is stored in the metadata of the widget's output.
"""

from __future__ import annotations

import html
from collections.abc import Iterable
from typing import Any

KEY = "market_py"
"""Of the metadata that hold the text of a widget, as HTML."""
NO_CHOICE = "–"
"""An option that begins so chooses nothing."""


def kept(bundle: dict[str, Any], text: str, alt: str = "") -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what ``_repr_mimebundle_`` returns: data, and metadata with a text and a name.

    Parameters
    ----------
    bundle : dict
        Data by MIME type.
    text : str
        What the widget says, as HTML.
    alt : str
        The name of its picture, if it has one.
    """
    return bundle, {KEY: text, "image/png": {"alt": alt}}


def paragraph(text: str, classes: Iterable[str] = ()) -> str:
    """Make a paragraph of a text; nothing of no text."""
    return f'<p class="{" ".join(classes)}">{html.escape(text)}</p>' if text else ""


def settings(controls: Iterable[Any]) -> str:
    """Say where sliders stand, and what there is to choose; other controls say nothing."""
    return "".join(map(_setting, controls))


def _setting(control: Any) -> str:
    choosing = getattr(control, "_options_labels", None)
    if choosing is None and not hasattr(control, "step"):
        return ""
    if choosing is None:
        said = f"<strong>{control.value:,g}</strong>"
    elif hasattr(control, "readout"):  # A slider over some numbers.
        said = f"<strong>{html.escape(control.label)}</strong>"
    else:
        said = "&ensp;·&ensp;".join(
            f"<strong>{html.escape(option)} (chosen)</strong>"
            if option == control.label
            else html.escape(option)
            for option in choosing
            if not option.startswith(NO_CHOICE)
        )
    return f'<p class="setting">{html.escape(control.description)}: {said}</p>'
