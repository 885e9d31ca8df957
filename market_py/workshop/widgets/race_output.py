"""How a race is shown in a notebook: a headline, a table, and a picture of the ratios."""

from __future__ import annotations

import html
from typing import Any

from IPython.core.getipython import get_ipython

from market_py.benchmark.timing import EMPTY_CALL, Race
from market_py.plots.axes import whiskers
from market_py.plots.picture import picture
from market_py.plots.style import BLACK, GREY, bar_style
from market_py.workshop.widgets import static


def register() -> None:
    """Let the running IPython show a race by this module, if there is an IPython."""
    shell: Any = get_ipython()  # type: ignore[no-untyped-call]
    if shell is not None:
        formatters = shell.display_formatter.formatters
        formatters["text/html"].for_type(Race, as_html)
        formatters["image/png"].for_type(Race, lambda race: bars(race))


def headline(race: Race) -> str:
    """Say which candidate is fastest, and below which ratio nothing can be measured."""
    first, *others = race.candidates
    if not others:
        return f"{first} takes {race.quartiles(first)[1]:,.0f} ns."
    fastest = max(others, key=lambda name: race.speedup(name, first).value)
    ratio = race.speedup(fastest, first)
    verdict = race.verdict(fastest, first)
    same = race.resolution()
    blur = max(same.high, 1 / same.low)
    said = f"{fastest} is {ratio.value:.2f} times as fast as {first} ({verdict})."
    if verdict == "indistinguishable":
        said += " Close other programs and time again, or accept that they are alike."
    return f"{said} A ratio below {blur:.2f} cannot be measured here."


def as_html(race: Race) -> str:
    """Make the headline and the table."""
    first = race.candidates[0]
    rows = {}
    for name in [*race.candidates, *race.baselines]:
        low, median, high = race.quartiles(name)
        compared = ["", ""]
        if name in race.candidates and name != first:
            compared = [str(race.speedup(name, first)), race.verdict(name, first)]
        rows[name] = [f"{median:,.0f}", f"{low:,.0f} to {high:,.0f}", *compared]
    rows[f"{first}, again (A/A)"] = ["", "", str(race.resolution()), ""]
    headings = ("", "ns per call", "quartiles", f"times as fast as {first}", "")
    said = html.escape(headline(race))
    return f'<p role="status"><strong>{said}</strong></p>' + static.table(headings, rows)


def _height(race: Race) -> float:
    return 1.5 + 0.42 * len(race.candidates)


def bars(race: Race) -> bytes:
    """Draw the time of a call of each candidate, with its quartiles."""
    return picture(height=_height(race))(_draw)(race)


def _draw(figure: Any, race: Race) -> None:
    axes = figure.subplots()
    names = race.candidates
    middle, lengths = whiskers((race.quartiles(name)[0], race.quartiles(name)[1], race.quartiles(name)[2]) for name in names)
    for row, name in enumerate(names):
        colour, hatch = bar_style(name)
        axes.barh(row, middle[row], 0.6, xerr=lengths[:, [row]], color=colour, hatch=hatch,
                  alpha=0.75, edgecolor=BLACK, error_kw={"capsize": 3})
    if EMPTY_CALL in race.baselines:
        axes.axvline(race.quartiles(EMPTY_CALL)[1], color=GREY, ls=":")
    axes.set_yticks(range(len(names)), names)
    axes.invert_yaxis()
    axes.grid(visible=False, axis="y")
    axes.set(xlabel="ns per call; bars end at the median, whiskers are quartiles", xlim=(0, None))
    figure.subplots_adjust(left=0.24, top=0.97)
