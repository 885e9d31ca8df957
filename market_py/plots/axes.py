"""Parts of pictures: labels, logarithmic axes, intervals, the A/A band, legends."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.ticker import LogLocator, NullLocator

from market_py.plots.style import BLACK, GREY, bar_style, candidate_style

Interval = tuple[float, float, float]
"""Lower end, middle and upper end."""


def label(axes: Any, across: str = "", up: str = "", title: str = "") -> None:
    """Name both axes, and the part of the picture."""
    axes.set(xlabel=across, ylabel=up)
    if title:
        axes.set_title(title)


def log_axis(
    axis: Any,
    low: float | None = None,
    high: float | None = None,
    *,
    ticks: Sequence[float] = (),
    subs: Sequence[float] = (1, 2, 5),
    form: Any = "{x:,g}",
) -> None:
    """Make an axis such as ``axes.xaxis`` logarithmic, with limits and labels that are numbers.

    Labels are all of `ticks`, or those multiples `subs` of each power of ten.
    """
    axis._set_axes_scale("log")
    set_limits = getattr(axis.axes, f"set_{axis.axis_name}lim")
    if low is not None or high is not None:
        set_limits(low, high)
    if len(ticks):
        axis.set_ticks(ticks)
    else:
        axis.set_major_locator(LogLocator(subs=subs, numticks=12))
    axis.set_major_formatter(form)
    axis.set_minor_locator(NullLocator())


def whiskers(intervals: Iterable[Interval]) -> tuple[Any, Any]:
    """Middles, and lengths of error bars, shape (2, n)."""
    low, middle, high = np.array([*intervals], float).reshape(-1, 3).T
    return middle, np.array([middle - low, high - middle])


def interval_line(
    axes: Any, at: Sequence[float], intervals: Iterable[Interval], name: str, **style: Any
) -> None:
    """Draw a line with error bars in the style of a candidate; `style` overrides it."""
    colour, marker, dashes = candidate_style(name)
    middle, lengths = whiskers(intervals)
    own = {"color": colour, "marker": marker or None, "linestyle": dashes, "label": name}
    axes.errorbar(at, middle, yerr=lengths, **(own | style))


def interval_bars(
    axes: Any,
    intervals: Mapping[str, Interval],
    *,
    written: Mapping[str, str] | None = None,
    room: float = 1.1,
) -> None:
    """Draw a horizontal bar with an error bar for each name, the first on top, and a text beside.

    The axis ends at `room` times the longest bar; without intervals there are only the axes.
    """
    rows(axes, list(intervals))
    for row, (name, interval) in enumerate(intervals.items()):
        colour, hatch = bar_style(name)
        axes.barh(row, interval[1], 0.62, color=colour, hatch=hatch, alpha=0.55)
        error_bar(axes, row, interval)
        if written:
            write(axes, interval[2], row, written[name])
    longest = max((high for _, _, high in intervals.values()), default=1.0)
    axes.set_xlim(0, room * longest)


def rows(axes: Any, names: Sequence[str], most: int = 0) -> None:
    """Label horizontal bars, the first on top, with room for so many."""
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(max(len(names), most, 1) - 0.5, -0.5)
    axes.grid(visible=False, axis="y")


def error_bar(axes: Any, row: float, interval: Interval, **style: Any) -> None:
    """Draw a horizontal error bar over a bar."""
    middle, lengths = whiskers([interval])
    axes.errorbar(middle, [row], xerr=lengths, color=BLACK, capsize=4, ls="", **style)


def write(axes: Any, x: float, row: float, text: str) -> None:
    """Write to the right of a bar."""
    place = {"xytext": (8, 0), "textcoords": "offset points", "va": "center"}
    axes.annotate(text, (x, row), **place)


def figures(number: float) -> str:
    """Write a number with three figures, or with all before the decimal point."""
    return f"{number:,.0f}" if number >= 100 else f"{number:.3g}"


def aa_band(axes: Any, at: Sequence[float], intervals: Iterable[Interval]) -> None:
    """Shade the ratios of a candidate to its A/A copy: smaller differences mean nothing."""
    low, _, high = np.array([*intervals], float).reshape(-1, 3).T
    axes.fill_between(at, low, high, color=GREY, alpha=0.35, lw=0, label="A/A: the same twice")


def legend(figure: Any, columns: int, *among: Any) -> None:
    """Name what is drawn, each label once, above all axes of a figure (or those given)."""
    found: dict[str, Any] = {}
    for axes in among or figure.axes:
        for handle, text in zip(*axes.get_legend_handles_labels(), strict=True):
            found.setdefault(text, handle)
    if found:
        figure.legend(found.values(), found.keys(), loc="upper center", ncols=columns)
