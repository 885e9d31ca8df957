"""The panel of notebook 02: buttons choose an edge case, and all backends clear it."""

from __future__ import annotations

import html
from typing import Any

import ipywidgets as widgets
import numpy as np

import market_py
from market_py.workshop.widgets import description, static
from market_py.workshop.widgets.controls import LABELS
from market_py.workshop.widgets.merit_order import market_figure
from market_py.workshop.widgets.sentence import Sentence

NAN = float("nan")
TIES = {"bids": [20, 10, 10, 10], "quantities": [50, 40, 30, 20], "demand": 60}
SHORTAGE = {"bids": [10, 20], "quantities": [50, 50], "demand": 150}
CASES: dict[str, dict[str, Any]] = {
    "plain": {"bids": [30, 10, 20], "quantities": [100, 100, 100], "demand": 150},
    "ties": TIES,
    "ties, pro rata": {**TIES, "ties": "pro_rata"},
    "demand 0": {"bids": [30, 10, 20], "quantities": [100, 100, 100], "demand": 0},
    "an offer of 0 MW": {"bids": [5, 10, 20], "quantities": [0, 50, 50], "demand": 30},
    "shortage": SHORTAGE,
    "shortage, capped": {**SHORTAGE, "price_cap": 3000},
    "rounding": {"bids": [10, 20, 1000], "quantities": [0.7, 0.1, 5], "demand": 0.8},
    "negative price": {"bids": [-15, 40], "quantities": [80, 50], "demand": 60},
    "integers": {"bids": [1, 2], "quantities": [5, 5], "demand": 7.5},
    "NaN": {"bids": [10, NAN, 30], "quantities": [50, 50, 50], "demand": 70},
    "negative quantity": {"bids": [10, 20], "quantities": [50, -1], "demand": 20},
    "unequal lengths": {"bids": [10, 20, 30], "quantities": [50, 50], "demand": 20},
}
"""Arguments of `market_clearing` that are worth a look."""


class ContractPanel(widgets.VBox):
    """A button for each case; below, the call, what every backend answers, and the market."""

    def __init__(self) -> None:
        self.cases = widgets.ToggleButtons(
            options=list(CASES),
            description="case",
            style=LABELS | {"button_width": "auto", "description_width": "3em"},
        )
        self.sentence = Sentence()
        self.table = widgets.HTML()
        self.market = widgets.VBox()
        super().__init__([self.cases, self.sentence, self.table, self.market])
        self.cases.observe(lambda _change: self.show(), names="value")
        self.show()

    def show(self) -> None:
        """Clear the chosen case with every backend."""
        case = CASES[self.cases.value]
        answers = {name: ask(name, case) for name in market_py.available_backends()}
        # Nothing but the sentence tells a screen reader which button is pressed.
        said = verdict(case, list(answers.values()))
        self.sentence.say(f"Case “{self.cases.value}”: {said}")
        self.table.value = table(case, answers)
        before = self.market.children
        # What is no market has no figure.
        figure = market_figure(**case)
        self.market.children = [] if figure is None else [figure]
        for last in before:
            last.close()

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        bundle: dict[str, Any] = super()._repr_mimebundle_(**kwargs)
        bundle["text/html"] = static.paragraph(self.sentence.text) + self.table.value
        bundle["text/plain"] = self.sentence.text
        return static.kept(bundle, static.settings([self.cases]) + bundle["text/html"])


def ask(backend: str, case: dict[str, Any]) -> tuple[float, list[float]] | Exception:
    """Price and dispatch of a case, or the error that a backend raises."""
    try:
        price, dispatch = market_py.market_clearing(**case, backend=backend)
    except (TypeError, ValueError) as error:
        return error
    return price, dispatch.tolist()


def verdict(case: dict[str, Any], answers: list[tuple[float, list[float]] | Exception]) -> str:
    """Say what happens, and whether the backends agree."""
    first = answers[0]
    agree = all(_alike(answer, first) for answer in answers)
    agreement = "All backends agree." if agree else "The backends do NOT agree."
    if isinstance(first, Exception):
        return f"This is not a market: {first}. {agreement}"
    price, dispatch = first
    names = [f"offer {i}" for i in range(len(dispatch))]
    arrays = np.array(case["bids"], float), np.array(case["quantities"], float)
    said = description.cleared(names, *arrays, case["demand"], price, np.array(dispatch))
    return f"{said} {agreement}"


def _alike(one: Any, other: Any) -> bool:
    if isinstance(one, Exception) or isinstance(other, Exception):
        return type(one) is type(other) and str(one) == str(other)
    return one[0] == other[0] and bool(np.allclose(one[1], other[1], rtol=1e-12, atol=0))


def table(case: dict[str, Any], answers: dict[str, Any]) -> str:
    """The call, and a row for each backend."""
    arguments = ", ".join(f"{name}={value}" for name, value in case.items())
    rows = {name: _cells(answer) for name, answer in answers.items()}
    headings = "backend", "price, €/MWh", "dispatch, MW"
    call = f"<p><code>market_clearing({html.escape(arguments)})</code></p>"
    return call + static.table(headings, rows)


def _cells(answer: Any) -> tuple[str, str]:
    if isinstance(answer, Exception):
        return "none", f"{type(answer).__name__}: {answer}"
    price, dispatch = answer
    return f"{price:g}", ", ".join(f"{quantity:.15g}" for quantity in dispatch)
