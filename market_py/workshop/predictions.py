"""Predictions to commit to before a measurement; they stay in the notebook."""

from __future__ import annotations

import html
from typing import Any

import ipywidgets as widgets

from market_py.workshop.panels import LABELS


class Prediction(widgets.VBox):
    """A choice to make before the measurement.

    Parameters
    ----------
    question : str
        What to predict.
    options : list of str
        What to choose from.
    """

    def __init__(self, question: str, options: list[str]) -> None:
        self.choice = widgets.Dropdown(
            options=["– choose –", *options],
            description="I predict",
            layout=widgets.Layout(width="min(100%, 520px)"),
            style=LABELS,
        )
        self._said = widgets.HTML()
        self.choice.observe(self._on_choice, names="value")
        label = widgets.HTML(f"<b>{html.escape(question)}</b>")
        super().__init__([label, self.choice, self._said])

    @property
    def answer(self) -> str | None:
        """What was chosen, or None."""
        return self.choice.value if self.choice.index else None

    def recall(self) -> Any:
        """A line that recalls the prediction beside the measurement, and follows it."""
        line = widgets.HTML()

        def write(_change: object = None) -> None:
            answer = html.escape(self.answer or "nothing yet; choose above")
            kind = "decided" if self.answer else "undecided"
            line.value = f'<div role="status" class="{kind}">You predicted: <b>{answer}</b>.</div>'

        self.choice.observe(write, names="value")
        write()
        return line

    def _on_choice(self, _change: object) -> None:
        said = f"Noted: {self.answer}." if self.answer else ""
        self._said.value = f'<div role="status">{html.escape(said)}</div>'
