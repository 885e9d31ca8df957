"""The card of an accepted verdict, to share: a picture, and the same in Markdown."""

from __future__ import annotations

import datetime
import textwrap
from collections.abc import Sequence
from typing import Any

import ipywidgets as widgets

from market_py.plots import style
from market_py.plots.picture import picture
from market_py.workshop.lessons.n10_verdict.checks import (
    Recommendation,
    borne_out,
    check_verdict,
)
from market_py.workshop.lessons.n10_verdict.evidence import Evidence
from market_py.workshop.lessons.n10_verdict.panel import WaterfallPanel, own_variants
from market_py.workshop.lessons.n10_verdict.plots import draw_waterfall
from market_py.workshop.playground import collection
from market_py.workshop.widgets.copy_button import CopyButton
from market_py.workshop.widgets.panel import Panel

TITLE = "Rust or numba? My verdict"
LINE = 92
"""Characters of a line of the picture."""


class VerdictCard(Panel):
    """A verdict, where its claims were measured, the waterfall shown above it, and the date.

    The buttons copy the Markdown, and save both files where the learner's variants are kept.
    """

    def __init__(
        self, verdict: Any, waterfall: WaterfallPanel, own: Sequence[Evidence] = ()
    ) -> None:
        found = check_verdict(verdict, own)
        if found.state != "right":
            why = f"There is a card once the verdict above is accepted; it is {found.state}."
            super().__init__({}, (_card([], waterfall), why))
            return
        said = statements(verdict, own)
        self.markdown = "\n\n".join([f"## {TITLE}", *said, "![What each fix saved](verdict.png)"])
        save = widgets.Button(description="Save", icon="save")
        save.on_click(lambda _: self.save())
        buttons = widgets.HBox([CopyButton(text=self.markdown, label="Copy Markdown"), save])
        super().__init__({}, (_card(said, waterfall), " ".join(said)), buttons)

    def save(self) -> None:
        """Write ``verdict.md`` and ``verdict.png``."""
        folder = collection.folder()
        folder.mkdir(parents=True, exist_ok=True)
        folder.joinpath("verdict.md").write_text(f"{self.markdown}\n", "utf8")
        folder.joinpath("verdict.png").write_bytes(self.picture.value)
        self.sentence.say(f"Saved: verdict.md and verdict.png, in {folder}")


def statements(verdict: Recommendation, own: Sequence[Evidence]) -> list[str]:
    """Return the claims of a verdict, with where they were measured, its reasons, and the date."""
    return [
        *(f"{said[0].upper()}{said[1:]}." for said in borne_out(verdict.claims, own)),
        f"Reason for numba: {verdict.numba_when}.",
        f"Reason for Rust: {verdict.rust_when}.",
        f"{datetime.date.today():%d %B %Y}.",
    ]


@picture(height=8.4)
def _card(figure: Any, said: Sequence[str], waterfall: WaterfallPanel) -> None:
    """Write the statements above the waterfall."""
    text, chart = figure.subfigures(2, height_ratios=[1, 2])
    chart.subplots_adjust(bottom=0.13)
    lines = [line for it in said for line in textwrap.wrap(it, LINE, subsequent_indent="   ")]
    text.text(0.03, 0.93, TITLE, va="top", weight="bold", size="x-large", color=style.BLACK)
    text.text(0.03, 0.74, "\n".join(lines), va="top", color=style.BLACK, linespacing=1.4)
    race = waterfall.race()
    found = waterfall.savings(waterfall.controls["order"].value)
    draw_waterfall(chart, race, found, own_variants(race))
