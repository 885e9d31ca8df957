"""Predictions to commit to before a measurement; they stay in the notebook."""

from __future__ import annotations

import html

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
        self._choice = widgets.Dropdown(
            options=["– choose –", *options],
            description="I predict",
            layout=widgets.Layout(width="min(100%, 520px)"),
            style=LABELS,
        )
        self._said = widgets.HTML()
        self._choice.observe(self._on_choice, names="value")
        label = widgets.HTML(f"<b>{html.escape(question)}</b>")
        super().__init__([label, self._choice, self._said])

    @property
    def answer(self) -> str | None:
        """What was chosen, or None."""
        return self._choice.value if self._choice.index else None

    def _on_choice(self, _change: object) -> None:
        said = f"Noted: {self.answer}." if self.answer else ""
        self._said.value = f'<div role="status">{html.escape(said)}</div>'

    def __str__(self) -> str:
        """Recall the prediction beside the measurement."""
        return self.answer or "– nothing yet –"
