"""Static output: what replaces a widget on a page without a kernel.

It is stored in the metadata of the widget's output.
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping
from typing import Any

KEY = "market_py"
"""Of the metadata that hold the text of a widget, as HTML."""
NO_CHOICE = "–"
"""An option that begins so chooses nothing."""


has_kernel = True
"""False for a page without a kernel: panels run when they are shown, figures bring their script."""


def kept(
    bundle: dict[str, Any], text: str, alt: str | None = None
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return data, and metadata that keep a text as HTML, and the name of a picture beside it."""
    picture = {} if alt is None else {"image/png": {"alt": alt}}
    return bundle, {KEY: text, **picture}


def paragraph(text: str, classes: Iterable[str] = ()) -> str:
    """Make a paragraph of a text; nothing of no text."""
    return f'<p class="{" ".join(classes)}">{html.escape(text)}</p>' if text else ""


def table(headings: Iterable[str], rows: Mapping[str, Iterable[str]], align: str = "left") -> str:
    """Make a table of texts, whose first column names the rows."""
    style = f'style="text-align:{align};padding-right:18px"'
    head = "".join(f'<th scope="col" {style}>{html.escape(text)}</th>' for text in headings)
    body = ""
    for name, row in rows.items():
        cells = "".join(f"<td {style}>{html.escape(text)}</td>" for text in row)
        body += f'<tr><th scope="row" {style}>{html.escape(name)}</th>{cells}</tr>'
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def settings(controls: Iterable[Any]) -> str:
    """Say where sliders stand, and what there is to choose; other controls say nothing."""
    shown = ""
    for control in controls:
        options = getattr(control, "_options_labels", None)
        if options is None and not hasattr(control, "step"):
            continue
        if options is None:
            said = f"<strong>{control.value:,g}</strong>"
        elif hasattr(control, "readout"):  # A slider over some numbers.
            said = f"<strong>{html.escape(control.label)}</strong>"
        else:
            said = "&ensp;·&ensp;".join(
                f"<strong>{html.escape(option)} (chosen)</strong>"
                if option == control.label
                else html.escape(option)
                for option in options
                if not option.startswith(NO_CHOICE)
            )
        shown += f'<p class="setting">{html.escape(control.description)}: {said}</p>'
    return shown
