"""Predictions: choose an answer before a measurement, and see it again afterwards."""

from __future__ import annotations

import html
from typing import Any

import ipywidgets as widgets

from market_py.workshop.widgets import static
from market_py.workshop.widgets.controls import LABELS
from market_py.workshop.widgets.sentence import Sentence


class Prediction(widgets.VBox):
    """A question, and a choice to make before the measurement that answers it."""

    def __init__(self, question: str, options: list[str]) -> None:
        self.choice = widgets.Dropdown(
            options=["– choose –", *options],
            description="I predict",
            layout=widgets.Layout(width="min(100%, 520px)"),
            style=LABELS,
        )
        self._said = Sentence()
        self.choice.observe(
            lambda _: self._said.say(f"Noted: {self.answer}." if self.answer else ""), names="value"
        )
        label = widgets.HTML(f"<b>{html.escape(question)}</b>")
        super().__init__([label, self.choice, self._said])

    @property
    def answer(self) -> str | None:
        """What was chosen, or None."""
        return self.choice.value if self.choice.index else None

    def recall(self) -> Sentence:
        """A line that recalls the prediction beside the measurement, and follows it."""
        line = Sentence()

        def write(_change: object = None) -> None:
            line.say(f"You predicted: {self.answer or 'nothing yet; choose above'}.")
            (line.remove_class if self.answer else line.add_class)("undecided")

        self.choice.observe(write, names="value")
        write()
        return line

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        said = f"<p>{self.children[0].value}</p>" + static.settings([self.choice])
        return static.kept(super()._repr_mimebundle_(**kwargs), said)
