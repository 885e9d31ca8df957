"""Pictures of notebook 03."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.ticker import LogFormatterMathtext, MaxNLocator

from market_py.benchmark import inputs
from market_py.benchmark.report.picture import draw_resolution, interval, speedups, times
from market_py.benchmark.timing import AA_SUFFIX, EMPTY_CALL, Race
from market_py.plots.axes import interval_line, label, legend, log_axis, whiskers
from market_py.plots.picture import picture
from market_py.plots.style import BLACK, BLUE, ORANGE, SKY, VERMILION
from market_py.validation import Float64Array

PLAIN = "numba-sort"
WRAPPED = "wrapped"
"""The same function, called by another Python function."""


@picture(height=5.0)
def rounds(figure: Any, race: Race | None) -> None:
    """Draw every round of a race, or none: left the times, right the ratios within rounds."""
    figure.subplots_adjust(wspace=0.28, bottom=0.2)
    left, right = figure.subplots(1, 2, width_ratios=[1.5, 1])
    label(left, "round", "ns per call")
    left.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=6))
    label(right, "", "ratio within rounds")
    right.set_xlim(-0.5, 1.5)
    right.set_xticks([0, 1], [f"A/A:\n{PLAIN}\nover itself", f"{PLAIN}\nover\n{WRAPPED}"])
    right.axhline(1, color=BLACK, linewidth=1)
    taken = {} if race is None else race.rounds
    highest = 2.0 * max((float(np.median(values)) for values in taken.values()), default=500.0)
    styles: dict[str, dict[str, Any]] = {
        PLAIN: {"color": BLUE, "marker": "o", "mfc": "none"},
        PLAIN + AA_SUFFIX: {"color": SKY, "marker": "^"},
        WRAPPED: {"color": VERMILION, "marker": "x", "mew": 2},
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
    for row, name in enumerate((PLAIN + AA_SUFFIX, WRAPPED) if race else ()):
        assert race is not None
        values, ratio = taken[PLAIN] / taken[name], race.speedup(name, over=PLAIN)
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


DISTINCT = f"{inputs.DISTINCT} distinct inputs"
REPEATED, REPRICED = "one input, repeated", "other prices, same order"
INPUT_STYLES = {
    DISTINCT: (BLUE, "o", "-"),
    REPEATED: (ORANGE, "s", "--"),
    REPRICED: (VERMILION, "D", ":"),
}
"""Colour, marker and dashes of distinct inputs, and of two that the processor can learn."""


@picture(height=5.6)
def repeated(figure: Any, races: Mapping[int, Race], sizes: Sequence[int]) -> None:
    """Draw time per call by size of the market, of all sizes; below, ratios to distinct inputs."""
    figure.subplots_adjust(top=0.82, hspace=0.12)
    above, below = figure.subplots(2, sharex=True, height_ratios=[1.8, 1])
    label(above, "", "µs per call")
    label(below, "offers N", "distinct /\nlearnt")
    done = races.values()
    for name, (colour, marker, dashes) in INPUT_STYLES.items():
        style = {"color": colour, "marker": marker, "linestyle": dashes}
        interval_line(above, [*races], times(done, name, 1e3), name, **style)
        if name != DISTINCT:
            interval_line(below, [*races], speedups(done, name, DISTINCT), name, **style)
    draw_resolution(below, done, races)
    log_axis(below.xaxis, 0.8 * min(sizes), 1.25 * max(sizes))
    low, high = below.get_ylim()
    log_axis(below.yaxis, min(0.8, max(low, 0.1)), max(2.5, high))
    log_axis(above.yaxis, *(() if races else (0.5, 20)))
    legend(figure, 2)
