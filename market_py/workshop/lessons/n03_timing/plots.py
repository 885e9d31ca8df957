"""Pictures of notebook 03."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator

from market_py.benchmark.timing import AA_SUFFIX, EMPTY_CALL, Race, Ratio
from market_py.plots.picture import Picture
from market_py.plots.style import BLACK, BLUE, LEGEND, ORANGE, SKY, VERMILION, prepare
from market_py.validation import Float64Array


class RoundsPicture(Picture):
    """Every round: on the left the times, on the right the ratios within rounds.

    Parameters
    ----------
    plain, other : str
        The candidate that runs twice, and another one.
    """

    def __init__(self, plain: str, other: str) -> None:
        super().__init__(height=5.0)
        self._plain, self._other = plain, other
        self.figure.subplots_adjust(wspace=0.28)
        self._times, self._ratios = self.figure.subplots(1, 2, width_ratios=[1.5, 1])
        prepare(self._times, "round", "ns per call")
        self._times.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=6))
        styles: dict[str, dict[str, Any]] = {
            plain: {"color": BLUE, "marker": "o", "mfc": "none"},
            plain + AA_SUFFIX: {"color": SKY, "marker": "^"},
            other: {"color": VERMILION, "marker": "x", "mew": 2},
            EMPTY_CALL: {"color": BLACK, "marker": "_", "mew": 2},
        }
        self._dots = {
            name: self._times.plot([], [], ls="", ms=7, label=name, **style)[0]
            for name, style in styles.items()
        }
        self._off_scale = self._times.text(
            0.02, 0.98, "", transform=self._times.transAxes, va="top", fontsize=13
        )
        prepare(self._ratios, "", "ratio within rounds")
        self._ratios.set_xlim(-0.5, 1.5)
        self._ratios.set_xticks([0, 1], [f"A/A:\n{plain}\nover itself", f"{plain}\nover\n{other}"])
        self._ratios.tick_params(axis="x", labelsize=13)
        self._ratios.axhline(1, color=BLACK, linewidth=1)
        self._within = [
            self._ratios.plot([], [], ls="", marker=marker, ms=5, color=colour, mfc="none")[0]
            for marker, colour in (("^", SKY), ("x", VERMILION))
        ]
        self._bars = [
            self._ratios.errorbar(
                [place + 0.28], [1.0], yerr=[[0.0], [0.0]], color=BLACK, marker="D", capsize=6, lw=2
            )
            for place in (0, 1)
        ]
        self.figure.subplots_adjust(bottom=0.2)
        self.figure.legend(handles=list(self._dots.values()), loc="upper center", ncols=4, **LEGEND)

    def show(self, race: Race | None) -> bytes:
        """Draw the rounds of a race, or none."""
        rounds = {} if race is None else race.rounds
        for name, dots in self._dots.items():
            values = rounds.get(name, np.empty(0))
            dots.set_data(np.arange(1, len(values) + 1), values)
        medians = [float(np.median(values)) for values in rounds.values()]
        highest = 2.0 * max(medians, default=1000.0)
        finished = max(1, 0 if race is None else race.finished)
        self._times.set_xlim(0.5, finished + 0.5)
        self._times.set_ylim(0, highest)
        above = sum(int((values > highest).sum()) for values in rounds.values())
        self._off_scale.set_text(f"↑ {above} off the scale" if above else "")
        self._show_ratios(race)
        return self.png()

    def _show_ratios(self, race: Race | None) -> None:
        if race is None:
            self._ratios.set_ylim(0.9, 1.1)
            return
        reach = 0.02
        base = race.rounds[self._plain]
        for place, name in enumerate((self._plain + AA_SUFFIX, self._other)):
            values = base / race.rounds[name]
            spread = np.linspace(-0.22, 0.08, len(values)) if len(values) > 1 else np.zeros(1)
            self._within[place].set_data(place + spread, values)
            ratio = race.speedup(name, over=self._plain)
            _move_bar(self._bars[place], place + 0.28, ratio)
            low, high = np.percentile(values, [10, 90])
            reach = max(reach, 1 - low, high - 1, 1 - ratio.low, ratio.high - 1)
        self._ratios.set_ylim(1 - 1.25 * min(reach, 0.8), 1 + 1.25 * reach)


def _move_bar(bar: Any, place: float, ratio: Ratio) -> None:
    """Move an error bar, made once."""
    line, (lower, upper), (stem,) = bar
    line.set_data([place], [ratio.value])
    lower.set_data([place], [ratio.low])
    upper.set_data([place], [ratio.high])
    stem.set_segments([[(place, ratio.low), (place, ratio.high)]])


class FirstCallPicture(Picture):
    """How long each call took, and the mean of all calls so far.

    Parameters
    ----------
    calls : int
        How many there will be.
    """

    def __init__(self, calls: int) -> None:
        super().__init__()
        self._axes = axes = self.figure.subplots()
        prepare(axes, "call number", "µs")
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_xlim(0.8, 1.3 * calls)
        axes.xaxis.set_major_formatter("{x:g}")
        (self._calls,) = axes.plot([], [], ls="", marker=".", color=BLUE, label="this call")
        (self._mean,) = axes.plot(
            [], [], ls="--", lw=2, color=VERMILION, label="mean of all calls so far"
        )
        self.figure.legend(loc="upper center", ncols=2, **LEGEND)

    def show(self, nanoseconds: Float64Array) -> bytes:
        """Draw the calls in order, shape (calls,)."""
        numbers = np.arange(1, len(nanoseconds) + 1)
        microseconds = nanoseconds / 1000
        self._calls.set_data(numbers, microseconds)
        self._mean.set_data(numbers, np.cumsum(microseconds) / numbers)
        low = 0.5 * microseconds.min() if len(numbers) else 0.5
        self._axes.set_ylim(low, max(1e7, 2 * microseconds.max()) if len(numbers) else 1e7)
        return self.png()


class RepeatedPicture(Picture):
    """Time per call on distinct inputs and on some that can be learnt, at some sizes.

    Parameters
    ----------
    distinct : str
        The candidate that the others are compared with.
    *learnt : str
        The others.
    """

    def __init__(self, distinct: str, *learnt: str) -> None:
        super().__init__(height=5.6)
        self._distinct = distinct
        styles = (BLUE, "o", "-"), (ORANGE, "s", "--"), (VERMILION, "D", ":")
        self._styles = dict(zip((distinct, *learnt), styles, strict=True))
        self.figure.subplots_adjust(top=0.82, hspace=0.12)
        self._times, self._ratios = self.figure.subplots(2, sharex=True, height_ratios=[1.8, 1])
        self._legend = self.figure.legend(handles=[])

    def show(self, races: Sequence[Race]) -> bytes:
        """Draw the sizes timed so far, possibly none."""
        times, ratios = self._times, self._ratios
        for axes in (times, ratios):
            axes.clear()
        prepare(times, "", "µs per call")
        prepare(ratios, "offers N", "distinct /\nlearnt")
        for axes in (times, ratios):
            axes.set_xscale("log")
            axes.set_yscale("log")
        ratios.axhline(1, color=BLACK, linewidth=1)
        offers = [race.size for race in races]
        lowest, highest = 0.8, 2.5
        for name, (colour, marker, dashes) in self._styles.items():
            style: dict[str, Any] = {
                "color": colour,
                "marker": marker,
                "linestyle": dashes,
                "capsize": 4,
            }
            quartiles = np.array([race.quartiles(name) for race in races]).reshape(-1, 3) / 1000
            low, median, high = quartiles.T
            times.errorbar(offers, median, [median - low, high - median], label=name, **style)
            if name == self._distinct:
                continue
            found = [race.speedup(name, over=self._distinct) for race in races]
            values = np.array([ratio.value for ratio in found])
            spread = [
                values - [ratio.low for ratio in found],
                np.array([ratio.high for ratio in found]) - values,
            ]
            ratios.errorbar(offers, values, spread, **style)
            lowest, highest = min([lowest, *values]), max([highest, *values])
        ratios.set_xlim(4, 250)
        ratios.set_ylim(lowest, 1.2 * highest)
        if not races:
            times.set_ylim(0.5, 20)
        for axis in (ratios.xaxis, times.yaxis, ratios.yaxis):
            axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
            axis.set_major_formatter("{x:g}")
            axis.set_minor_locator(NullLocator())
        self._legend.remove()
        handles, _ = times.get_legend_handles_labels()
        self._legend = self.figure.legend(handles=handles, loc="upper center", ncols=2, **LEGEND)
        return self.png()
