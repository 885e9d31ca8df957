"""Pictures of notebook 03."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.ticker import LogFormatterMathtext, MaxNLocator

from market_py.benchmark.report.picture import draw_resolution, interval, speedups, times
from market_py.benchmark.timing import AA_SUFFIX, EMPTY_CALL, Race
from market_py.plots.axes import interval_line, label, legend, log_axis, whiskers
from market_py.plots.picture import picture
from market_py.plots.style import BLACK, BLUE, ORANGE, SKY, VERMILION
from market_py.validation import Float64Array


@picture(height=5.0)
def rounds(figure: Any, race: Race | None, plain: str, other: str) -> None:
    """Draw every round of a race, or none: left the times, right the ratios within rounds.

    `plain` is the candidate that runs twice.
    """
    figure.subplots_adjust(wspace=0.28, bottom=0.2)
    left, right = figure.subplots(1, 2, width_ratios=[1.5, 1])
    label(left, "round", "ns per call")
    left.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=6))
    label(right, "", "ratio within rounds")
    right.set_xlim(-0.5, 1.5)
    right.set_xticks([0, 1], [f"A/A:\n{plain}\nover itself", f"{plain}\nover\n{other}"])
    right.axhline(1, color=BLACK, linewidth=1)
    taken = {} if race is None else race.rounds
    highest = 2.0 * max((float(np.median(values)) for values in taken.values()), default=500.0)
    styles: dict[str, dict[str, Any]] = {
        plain: {"color": BLUE, "marker": "o", "mfc": "none"},
        plain + AA_SUFFIX: {"color": SKY, "marker": "^"},
        other: {"color": VERMILION, "marker": "x", "mew": 2},
        EMPTY_CALL: {"color": BLACK, "marker": "_", "mew": 2},
    }
    for name, style in styles.items():
        values = taken.get(name, np.empty(0))
        left.plot(np.arange(1, len(values) + 1), values, ls="", ms=7, label=name, **style)
    left.set(xlim=(0.5, 0.5 + (race.finished if race else 1)), ylim=(0, highest))
    if above := sum(int((values > highest).sum()) for values in taken.values()):
        words = f"↑ {above} off the scale"
        left.text(0.02, 0.98, words, transform=left.transAxes, va="top")
    legend(figure, 4, left)
    reach = 0.02
    for row, name in enumerate((plain + AA_SUFFIX, other) if race else ()):
        assert race is not None
        values, ratio = taken[plain] / taken[name], race.speedup(name, over=plain)
        at = row + np.linspace(-0.22, 0.08, len(values))
        right.plot(at, values, ls="", ms=5, **(styles[name] | {"mfc": "none"}))
        middle, lengths = whiskers([interval(ratio)])
        right.errorbar([row + 0.28], middle, lengths, color=BLACK, marker="D", capsize=6, lw=2)
        low, high = np.percentile(values, [10, 90])
        reach = max(reach, 1 - low, high - 1, 1 - ratio.low, ratio.high - 1)
    right.set_ylim(1 - 1.25 * min(reach, 0.8), 1 + 1.25 * reach)


@picture()
def first_call(figure: Any, nanoseconds: Float64Array, calls: int) -> None:
    """Draw the duration of the calls so far, of so many, and the mean of all calls so far."""
    axes = figure.subplots()
    label(axes, "call number", "µs")
    microseconds = nanoseconds / 1000
    numbers = np.arange(1, len(nanoseconds) + 1)
    mean = np.cumsum(microseconds) / numbers
    axes.plot(numbers, microseconds, ls="", marker=".", color=BLUE, label="this call")
    axes.plot(numbers, mean, ls="--", lw=2, color=VERMILION, label="mean of all calls so far")
    log_axis(axes.xaxis, 0.8, 1.3 * calls, subs=(1,))
    low, high = min([1.0, *microseconds]), max([5e6, *microseconds])
    log_axis(axes.yaxis, 0.5 * low, 2 * high, subs=(1,), form=LogFormatterMathtext())
    legend(figure, 2)


LEARNT_STYLES = (BLUE, "o", "-"), (ORANGE, "s", "--"), (VERMILION, "D", ":")
"""Colour, marker and dashes of the three inputs, in order."""


@picture(height=5.6)
def repeated(figure: Any, races: Mapping[int, Race], sizes: Sequence[int], *names: str) -> None:
    """Draw time per call by size of the market; below, ratios to the first of the names.

    The names are of three candidates: distinct inputs, and two that the processor can learn. The
    sizes are all that there will be.
    """
    figure.subplots_adjust(top=0.82, hspace=0.12)
    above, below = figure.subplots(2, sharex=True, height_ratios=[1.8, 1])
    label(above, "", "µs per call")
    label(below, "offers N", "distinct /\nlearnt")
    first, done = names[0], races.values()
    for name, (colour, marker, dashes) in zip(names, LEARNT_STYLES, strict=True):
        style = {"color": colour, "marker": marker, "linestyle": dashes}
        interval_line(above, [*races], times(done, name, 1e3), name, **style)
        if name != first:
            interval_line(below, [*races], speedups(done, name, first), name, **style)
    draw_resolution(below, done, races)
    log_axis(below.xaxis, 0.8 * min(sizes), 1.25 * max(sizes))
    low, high = below.get_ylim()
    log_axis(below.yaxis, min(0.8, max(low, 0.1)), max(2.5, high))
    log_axis(above.yaxis, *(() if races else (0.5, 20)))
    legend(figure, 2)
