"""Pictures of notebook 09."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.ticker import EngFormatter

from market_py.benchmark.report.picture import interval
from market_py.benchmark.timing import Race, Ratio
from market_py.plots.axes import (
    Interval,
    interval_line,
    label,
    legend,
    log_axis,
    rows,
    whiskers,
    write,
)
from market_py.plots.picture import picture
from market_py.plots.style import (
    BLACK,
    BLUE,
    GREY,
    LIGHT,
    ORANGE,
    VERMILION,
    bar_style,
    candidate_style,
)

COST = 20.0
"""Of the generators that learn in this lesson, €/MWh."""
HIGHEST = 75.0
"""Highest price of the axes, above the largest bid of 70 €/MWh."""
LEARNER_STYLES = {"PPO": (BLUE, "-"), "evolution strategy": (VERMILION, "--")}


def _price_axes(figure: Any, across: str, farthest: float, expected: float | None) -> Any:
    """Axes of a price that is learned, with the cost and what theory predicts."""
    axes = figure.subplots()
    label(axes, across, "mean price (€/MWh)")
    axes.set(xlim=(0, farthest), ylim=(0, HIGHEST))
    axes.axhline(COST, color=BLACK, ls=":", label="marginal cost")
    if expected is not None and expected != COST:
        axes.axhline(expected, color=BLACK, ls="--", label="theory")
    return axes


@picture()
def learning(figure: Any, prices: Sequence[Sequence[float]], updates: int, expected: float) -> None:
    """Draw the mean price after each update, seed by seed, on an axis for so many `updates`."""
    axes = _price_axes(figure, "update", updates, expected)
    for curve in prices:
        axes.plot(curve, color=GREY, lw=1.4, label="a seed each")
    longest = max(map(len, prices), default=0)
    if done := [curve for curve in prices if len(curve) == longest]:
        axes.plot(np.mean(done, axis=0), color=BLUE, lw=2.6, label="their mean")
    legend(figure, 4)


@picture()
def comparison(
    figure: Any,
    curves: Mapping[str, Sequence[Sequence[tuple[float, float]]]],
    duration: float,
    expected: float | None,
) -> None:
    """Draw the price against the seconds of training: a curve for each seed of each learner."""
    axes = _price_axes(figure, "seconds of training, without drawing", duration, expected)
    for name, found in curves.items():
        colour, dashes = LEARNER_STYLES[name]
        for curve in found:
            axes.plot(*np.array(curve).T, color=colour, ls=dashes, lw=2, label=name)
    legend(figure, 4)


@picture(height=4.0)
def rounds(
    figure: Any, yours: Sequence[float], agent: Sequence[float], days: int, title: str
) -> None:
    """Draw the profit of each day, yours and the agent's, thousand €."""
    figure.subplots_adjust(top=0.75)
    axes = figure.subplots()
    label(axes, "day", "profit (k€)", title)
    axes.set(xlim=(0.4, days + 0.6), ylim=(0, 120), xticks=range(1, days + 1))
    for name, profits, shift in (("you", yours, -0.2), ("the agent", agent, 0.2)):
        colour, hatch = {"you": (BLUE, "//"), "the agent": (ORANGE, "..")}[name]
        at = np.arange(1, len(profits) + 1) + shift
        axes.bar(at, profits, 0.38, color=colour, hatch=hatch, alpha=0.7, label=name)
    legend(figure, 2)


LABELS = {"agents": "agents N", "markets": "markets B", "threads": "threads"}
MOST_TICKS = 4
"""That find room below a third of the picture."""


def speeds(race: Race) -> dict[str, Interval]:
    """Market-steps per second of each candidate: lower quartile, median and upper quartile."""
    quartiles = {name: race.quartiles(name) for name in race.candidates}
    return {
        name: (1e9 / high, 1e9 / median, 1e9 / low)
        for name, (low, median, high) in quartiles.items()
    }


@picture(height=5.4)
def step_sweep(figure: Any, sweeps: Mapping[str, Sequence[Any]], races: Mapping[Any, Race]) -> None:
    """Draw market-steps per second against what varies, side by side on one scale.

    What varies names the points of a sweep; of some there may be no race yet.
    """
    figure.subplots_adjust(left=0.12, right=0.98, top=0.82, bottom=0.15, wspace=0.1)
    parts = figure.subplots(1, len(sweeps), sharey=True)
    parts[0].set_ylabel("market-steps per second")
    for axes, (what, points) in zip(parts, sweeps.items(), strict=True):
        label(axes, LABELS[what], axes.get_ylabel())
        values = [getattr(point, what) for point in points]
        ticks = values[:: -(-len(values) // MOST_TICKS)]
        log_axis(axes.xaxis, min(values) / 1.4, max(values) * 1.4, ticks=ticks)
        found = {getattr(point, what): speeds(races[point]) for point in points if point in races}
        for name in dict.fromkeys(name for speed in found.values() for name in speed):
            done = {value: speed[name] for value, speed in found.items() if name in speed}
            interval_line(axes, [*done], done.values(), name)
    log_axis(parts[0].yaxis, *(() if races else (1e4, 1e7)), form=EngFormatter(sep=" "))
    legend(figure, 3)


def amdahl(share: Any, speedup: Any) -> Any:
    """How many times as fast the whole becomes by a part that has this share of the time."""
    return 1 / (1 - share + share / speedup)


@picture(height=7.6)
def training(
    figure: Any,
    times: Mapping[str, tuple[float, float]],
    gains: Mapping[str, tuple[Ratio, Ratio]],
) -> None:
    """Draw a bar in two parts for each backend; below, how the whole gains by a faster step.

    Times are the ms of a generation, and the share of steps; gains are those of steps and training.
    """
    figure.subplots_adjust(left=0.13, top=0.88, bottom=0.09, hspace=0.35)
    above, below = figure.subplots(2, height_ratios=[1, 1.7])
    label(above, "ms per generation")
    rows(above, list(times))
    for row, (name, (whole, share)) in enumerate(times.items()):
        colour, hatch = bar_style(name)
        steps = share * whole
        above.barh(row, steps, color=colour, hatch=hatch, alpha=0.55, label=f"steps, {name}")
        above.barh(row, whole - steps, left=steps, color=LIGHT, label="the learner")
        write(above, whole, row, f"{share:.0%} steps")
    above.set_xlim(0, 1.25 * max((whole for whole, _ in times.values()), default=8.0))
    plain, (_, share) = next(iter(times.items()), ("the slowest", (0.0, 0.0)))
    label(below, f"a step, times as fast as with {plain}", "training, times as fast")
    farthest = 4 * max((step.high for step, _ in gains.values()), default=25.0)
    most, speedups = amdahl(share, np.inf), np.geomspace(0.8, farthest, 200)
    if times:
        below.axhline(most, color=BLACK, ls=":", label="a step that takes no time")
        below.plot(speedups, amdahl(share, speedups), color=BLACK, ls="--", label="Amdahl")
    for name, (step, whole_gain) in gains.items():
        colour, marker, _ = candidate_style(name)
        x, across = whiskers([interval(step)])
        y, up = whiskers([interval(whole_gain)])
        style = {"color": colour, "mec": BLACK, "marker": marker, "ms": 10, "ls": ""}
        below.errorbar(x, y, xerr=across, yerr=up, label=f"{name}, measured", **style)
    log_axis(below.xaxis, 0.8, farthest)
    below.set_ylim(0, 1.2 * max([1.6, most, *(gain.high for _, gain in gains.values())]))
    legend(figure, 3)
