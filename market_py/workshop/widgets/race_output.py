"""How a race is shown in a notebook: a headline, a picture, and a table."""

from __future__ import annotations

import base64
import html
from typing import Any

from market_py.benchmark.timing import EMPTY_CALL, Race
from market_py.plots.axes import error_bar, label, rows
from market_py.plots.picture import Picture
from market_py.plots.style import BLACK, bar_style
from market_py.workshop.widgets import static


def headline(race: Race) -> str:
    """Say which candidate is fastest, and below which ratio nothing can be measured."""
    first, *others = race.candidates
    if not others:
        return f"{first} takes {race.quartiles(first)[1]:,.0f} ns."
    fastest = max(others, key=lambda name: race.speedup(name, first).value)
    ratio, verdict = race.speedup(fastest, first), race.verdict(fastest, first)
    same = race.resolution()
    said = f"{fastest} is {ratio.value:.2f} times as fast as {first} ({verdict})."
    if verdict == "indistinguishable":
        said += " Close other programs and time again, or accept that they are alike."
    return f"{said} A ratio below {max(same.high, 1 / same.low):.2f} cannot be measured here."


def as_html(race: Race) -> str:
    """Make the headline, the picture and the table."""
    first = race.candidates[0]
    table = {}
    for name in [*race.candidates, *race.baselines]:
        low, median, high = race.quartiles(name)
        compared = ["", ""]
        if name in race.candidates and name != first:
            compared = [str(race.speedup(name, first)), race.verdict(name, first)]
        table[name] = [f"{median:,.0f}", f"{low:,.0f} to {high:,.0f}", *compared]
    table[f"{first}, again (A/A)"] = ["", "", str(race.resolution()), ""]
    headings = ("", "ns per call", "quartiles", f"times as fast as {first}", "")
    said = html.escape(headline(race))
    png = base64.b64encode(picture(race)).decode()
    return (
        f'<p role="status"><strong>{said}</strong></p>'
        f'<img alt="{said}" style="max-width:100%" src="data:image/png;base64,{png}">'
        + static.table(headings, table)
    )


def picture(race: Race) -> bytes:
    """Draw the time of a call of each candidate, with its quartiles."""
    return Picture(_draw, 9.0, 1.2 + 0.42 * len(race.candidates))(race)


def _draw(figure: Any, race: Race) -> None:
    figure.subplots_adjust(left=0.24, top=0.96)
    axes = figure.subplots()
    names = race.candidates
    rows(axes, names)
    for row, name in enumerate(names):
        low, median, high = race.quartiles(name)
        colour, hatch = bar_style(name.replace("_", "-"))
        axes.barh(row, median, 0.6, color=colour, hatch=hatch, alpha=0.75, edgecolor=BLACK)
        error_bar(axes, row, (low, median, high))
    if EMPTY_CALL in race.baselines:
        axes.axvline(race.quartiles(EMPTY_CALL)[1], color=BLACK, ls=":")
    label(axes, "ns per call: median and quartiles; dotted: an empty call")
    axes.set_xlim(0, None)
