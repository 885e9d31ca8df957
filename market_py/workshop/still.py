"""What a widget shows, for a page on which it cannot move."""

from __future__ import annotations

import html
from collections.abc import Iterator
from typing import Any

from nbformat import NotebookNode
from nbformat.v4 import new_output

VIEW = "application/vnd.jupyter.widget-view+json"
REFERENCE = "IPY_MODEL_"
ALT = "The picture that belongs to the sentence above it"
NO_CHOICE = "–"
"""An option that begins so chooses nothing."""


def of(output: NotebookNode, models: dict[str, Any]) -> list[NotebookNode]:
    """Replace an output by what stays of it without a kernel.

    Parameters
    ----------
    output : NotebookNode
        Of a cell that was executed.
    models : dict
        State of the notebook's widgets, by their ids.

    Returns
    -------
    list of NotebookNode
        The output itself if it is no widget; else texts and pictures, in the order in which the
        widget shows them.
    """
    view = output.get("data", {}).get(VIEW)
    if view is None:
        return [output]
    shown = list(_shown(view["model_id"], models))
    if shown:
        return [_display(kind, content) for kind, content in shown]
    # A widget that draws by itself brings a picture, and a sentence as its text.
    data = output.data
    said = [_display("text/html", f"<p>{html.escape(data['text/plain'])}</p>")]
    return said + [_display(kind, data[kind]) for kind in ("image/png",) if kind in data]


def _display(kind: str, content: str) -> NotebookNode:
    made: NotebookNode = new_output("display_data", {kind: content})  # type: ignore[no-untyped-call]
    return made


def _shown(key: str, models: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Texts and pictures of a widget and its children, as kinds of content and content."""
    model = models[key.removeprefix(REFERENCE)]
    state = model["state"]
    for child in state.get("children", []):
        yield from _shown(child, models)
    match state.get("_model_name"):
        case "HTMLModel":
            if state.get("value"):
                yield "text/html", state["value"]
        case "ImageModel":
            yield (
                "image/png",
                next(part["data"] for part in model["buffers"] if part["path"] == ["value"]),
            )
        case "DropdownModel" | "ToggleButtonsModel":
            yield "text/html", _choice(state)
        case "SelectionSliderModel":
            yield "text/html", _setting(state, state["_options_labels"][state["index"]])
        case "IntSliderModel" | "FloatSliderModel":
            yield "text/html", _setting(state, f"{state['value']:,g}")


def _setting(state: dict[str, Any], value: str) -> str:
    """A slider: its label and where it stands."""
    return (
        f'<p class="setting">{html.escape(state["description"])}: '
        f"<strong>{html.escape(value)}</strong></p>"
    )


def _choice(state: dict[str, Any]) -> str:
    """A list to choose from, the choice marked."""
    items = []
    for place, label in enumerate(state["_options_labels"]):
        if label.startswith(NO_CHOICE):
            continue
        text = html.escape(label)
        items.append(f"<strong>{text} (chosen)</strong>" if place == state["index"] else text)
    return (
        f'<p class="setting">{html.escape(state["description"])}: {"&ensp;·&ensp;".join(items)}</p>'
    )
