"""The panels of notebook 02: an edge case with all backends; a learner's function with numba."""

from __future__ import annotations

import html
from collections.abc import Callable
from typing import Any

import ipywidgets as widgets
import numpy as np
from numba.core.errors import NumbaError

import market_py
from market_py.benchmark import inputs, timing
from market_py.benchmark.timing import Race
from market_py.workshop.grading.check import NOT_DONE, CheckResult, hint
from market_py.workshop.widgets import description, static
from market_py.workshop.widgets.controls import LABELS
from market_py.workshop.widgets.merit_order import market_figure
from market_py.workshop.widgets.panel import TIMING_LOCK
from market_py.workshop.widgets.sentence import Sentence
from market_py.workshop.widgets.sweep import installed

NAN = float("nan")
TIES = {"bids": [20, 10, 10, 10], "quantities": [50, 40, 30, 20], "demand": 60}
SHORTAGE = {"bids": [10, 20], "quantities": [50, 50], "demand": 150}
CASES: dict[str, dict[str, Any]] = {
    "plain": {"bids": [30, 10, 20], "quantities": [100, 100, 100], "demand": 150},
    "ties": TIES,
    "many ties": {"bids": [10] * 16, "quantities": [5] * 16, "demand": 38},
    "ties, pro rata": {**TIES, "ties": "pro_rata"},
    "demand 0": {"bids": [30, 10, 20], "quantities": [100, 100, 100], "demand": 0},
    "an offer of 0 MW": {"bids": [10, 20, 90], "quantities": [50, 50, 0], "demand": 120},
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
PUBLISHED = ("numba-sort", "rust-naive")
"""The published functions, written again; they do not obey the contract."""
Answer = tuple[float, list[float]] | Exception


class ContractPanel(widgets.VBox):
    """A button for each case; below, the call, all answers, and the market."""

    def __init__(self, case: str = "plain") -> None:
        self.cases = widgets.ToggleButtons(
            options=list(CASES),
            value=case,
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
        """Clear the chosen case with every backend, and with the published functions."""
        case = CASES[self.cases.value]
        answers = {name: ask(name, case) for name in market_py.available_backends()}
        published = ask_published(case, next(iter(answers.values())))
        # Nothing but the sentence tells a screen reader which button is pressed.
        said = verdict(case, list(answers.values())) + compared(answers, published)
        self.sentence.say(f"Case “{self.cases.value}”: {said}")
        self.table.value = table(case, answers | published)
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


def ask(backend: str, case: dict[str, Any]) -> Answer:
    """Price and dispatch of a case, or the error that a backend raises."""
    try:
        price, dispatch = market_py.market_clearing(**case, backend=backend)
    except (TypeError, ValueError) as error:
        return error
    return price, dispatch.tolist()


def ask_published(case: dict[str, Any], right: Answer) -> dict[str, Answer]:
    """Ask the published functions, which check nothing and have no options."""
    if isinstance(right, Exception) or len(case) > len(CASES["plain"]):
        return {}
    market = np.array(case["bids"], float), np.array(case["quantities"], float)
    found: dict[str, Answer] = {}
    for name in installed(PUBLISHED):
        price, dispatch = market_py.get_variant(name)(*market, float(case["demand"]))
        found[name] = float(price), [float(quantity) for quantity in dispatch]
    return found


def compared(answers: dict[str, Answer], published: dict[str, Answer]) -> str:
    """Say which published functions differ from the backends."""
    if not published:
        return " The published functions were not asked: they have neither checks nor options."
    right = next(iter(answers.values()))
    wrong = [name for name, answer in published.items() if not _alike(answer, right)]
    if not wrong:
        return " So do the published functions."
    return f" {' and '.join(wrong)} {'differs' if len(wrong) == 1 else 'differ'}."


def verdict(case: dict[str, Any], answers: list[Answer]) -> str:
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
    """The call, and a row for each answer; the last column says which differ from the first."""
    arguments = ", ".join(f"{name}={value}" for name, value in case.items())
    right = next(iter(answers.values()))
    rows = {
        name: (*_cells(answer), "" if _alike(answer, right) else "≠ differs")
        for name, answer in answers.items()
    }
    headings = "", "price, €/MWh", "dispatch, MW", ""
    call = f"<p><code>market_clearing({html.escape(arguments)})</code></p>"
    return call + static.table(headings, rows)


def _cells(answer: Any) -> tuple[str, str]:
    if isinstance(answer, Exception):
        return "none", f"{type(answer).__name__}: {answer}"
    price, dispatch = answer
    return f"{price:g}", ", ".join(f"{quantity:.15g}" for quantity in dispatch)


OFFERS, MARKETS = 200, 64


def race_compiled(
    clear: Callable[..., Any], fast_clear: Callable[..., Any], **options: Any
) -> Race | CheckResult:
    """Race a learner's function against itself with ``@njit``, and the published function.

    Says what is missing where the function is not written, or where numba cannot compile it.
    """
    markets = inputs.random_markets(OFFERS)[:MARKETS]
    try:
        if clear(*markets[0]) is None:
            return NOT_DONE
        if any(clear(*it)[0] != fast_clear(*it)[0] for it in markets):
            return hint("compiled, your function finds another price.")
    except NumbaError as error:
        first = next(filter(None, map(str.strip, str(error).splitlines()[1:])), "")
        return hint(
            "numba cannot compile your function; it knows numbers, NumPy arrays and loops, "
            f"and a part of NumPy. It says:\n{first}"
        )
    except Exception as error:
        return hint(f"your function fails: {error!r}.")
    candidates = {"your clear": clear, "your clear, @njit": fast_clear}
    candidates["numba-sort"] = market_py.get_variant("numba-sort")
    with TIMING_LOCK:
        return timing.race(candidates, markets, size=OFFERS, **options)
