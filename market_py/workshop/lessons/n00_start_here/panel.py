"""Checks of notebook 00: everything is installed, and widgets reach the kernel."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Any

import ipywidgets as widgets
from IPython.display import display

from market_py import doctor
from market_py.workshop.grading.check import CheckResult, hint, right
from market_py.workshop.widgets import static
from market_py.workshop.widgets.controls import slider
from market_py.workshop.widgets.sentence import Sentence


class Echo(widgets.VBox):
    """A slider to which the kernel answers."""

    def __init__(self) -> None:
        self.slider = slider("move me", 21, 0, 50, 1, "")
        self.sentence = Sentence()
        super().__init__([self.slider, self.sentence])
        self.slider.observe(lambda _change: self._answer(), names="value")
        self._answer()

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        said = static.settings([self.slider]) + static.paragraph(self.sentence.text)
        return static.kept(super()._repr_mimebundle_(**kwargs), said)

    def _answer(self) -> None:
        value = self.slider.value
        self.sentence.say(f"The kernel received {value} and answers {2 * value}.")


class Findings:
    """What the doctor found: what is missing, and all of it folded."""

    def __init__(self, findings: Sequence[doctor.Finding]) -> None:
        self.text = "\n".join(map(str, findings))
        self.missing = "\n".join(str(it) for it in findings if it.state == "missing")

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        missing, text = (f"<pre>{html.escape(it)}</pre>" for it in (self.missing, self.text))
        return f"{missing}<details><summary>All versions</summary>{text}</details>"


def examine() -> CheckResult:
    """Show what is here, versions folded, and say whether the workshop can start."""
    findings = doctor.examine()
    display(Findings(findings))  # type: ignore[no-untyped-call]
    missing = [finding.name for finding in findings if finding.state == "missing"]
    if not missing:
        return right("all is there; you can start.")
    if missing == ["rust_market"]:
        return hint("all is there; the Rust extension is built further down.")
    if set(missing) <= {"cargo", "rust_market"}:
        return hint("all is there but Rust: every notebook runs, without its Rust parts.")
    return hint(f"{', '.join(missing)}: see the lines marked -> above, and run this cell again.")
