"""What a widget shows, for a page on which it cannot move."""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator
from typing import Any

from nbformat import NotebookNode
from nbformat.v4 import new_output

VIEW = "application/vnd.jupyter.widget-view+json"
PNG = "image/png"
REFERENCE = "IPY_MODEL_"
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
        return shown
    # A widget that draws by itself brings a picture, and a sentence as its text.
    data = output.data
    said = [_text(_paragraph(data["text/plain"]))]
    return said + [_picture(data[PNG], data["text/plain"])] * (PNG in data)


def name(outputs: list[NotebookNode]) -> str | None:
    """What the first of their pictures is called."""
    about = (output.get("metadata", {}).get(PNG, {}) for output in outputs)
    return next((picture["alt"] for picture in about if "alt" in picture), None)


def _text(content: str) -> NotebookNode:
    made: NotebookNode = new_output("display_data", {"text/html": content})  # type: ignore[no-untyped-call]
    return made


def _picture(content: str, alt: str) -> NotebookNode:
    made: NotebookNode = new_output(  # type: ignore[no-untyped-call]
        "display_data", {PNG: content}, metadata={PNG: {"alt": alt}}
    )
    return made


def _paragraph(text: str, classes: Iterable[str] = ()) -> str:
    return f'<p class="{" ".join(classes)}">{html.escape(text)}</p>'


def _shown(key: str, models: dict[str, Any]) -> Iterator[NotebookNode]:
    """Texts and pictures of a widget and its children."""
    model = models[key.removeprefix(REFERENCE)]
    state = model["state"]
    for child in state.get("children", []):
        yield from _shown(child, models)
    # All that anywidget makes is called AnyModel.
    match state.get("_anywidget_id", state.get("_model_name", "")).rpartition(".")[2]:
        case "HTMLModel":
            if state.get("value"):
                yield _text(state["value"])
        case "Sentence":
            if state["text"]:
                yield _text(_paragraph(state["text"], state["_dom_classes"]))
        case "NamedImage":
            png = next(part["data"] for part in model["buffers"] if part["path"] == ["value"])
            yield _picture(png, state["alt"])
        case "DropdownModel" | "ToggleButtonsModel":
            yield _text(_choice(state))
        case "SelectionSliderModel":
            yield _text(_setting(state, state["_options_labels"][state["index"]]))
        case "IntSliderModel" | "FloatSliderModel":
            yield _text(_setting(state, f"{state['value']:,g}"))


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
