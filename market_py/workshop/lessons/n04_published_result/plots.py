"""Pictures of notebook 04."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.ticker import LogLocator, NullLocator

from market_py.benchmark.timing import EMPTY_CALL, Race
from market_py.plots.picture import Picture
from market_py.plots.style import (
    BLACK,
    BLUE,
    CANDIDATE_STYLES,
    LEGEND,
    SKY,
    VERMILION,
    candidate_style,
)
from market_py.validation import Float64Array
from market_py.variants.published import POINTS


class DispatchPicture(Picture):
    """What two backends accept of each offer."""

    def __init__(self, one: str, other: str) -> None:
        super().__init__(height=3.8)
        self._axes = self.figure.subplots()
        self._axes.set_xlabel("offers, cheapest first", fontsize=15)
        self._axes.set_ylabel("MW", fontsize=15)
        self._axes.tick_params(labelsize=14)
        self._axes.spines[["top", "right"]].set_visible(False)
        styles: list[dict[str, Any]] = [
            {"label": "offered", "color": BLACK, "drawstyle": "steps-mid", "alpha": 0.5},
            {"label": one, "color": BLUE, "marker": "o", "ls": "", "ms": 9, "mfc": "none"},
            {"label": other, "color": VERMILION, "marker": "x", "ls": "", "ms": 6},
        ]
        self._lines = [self._axes.plot([], [], **style)[0] for style in styles]
        self.figure.legend(loc="upper center", ncols=3, **LEGEND)

    def show(
        self, bids: Float64Array, quantities: Float64Array, one: Float64Array, other: Float64Array
    ) -> bytes:
        """Draw the offers and two dispatches, all of shape (N,)."""
        order = np.argsort(bids, kind="stable")
        places = np.arange(1, len(bids) + 1)
        for line, values in zip(self._lines, (quantities, one, other), strict=True):
            line.set_data(places, values[order])
        self._axes.set_xlim(0.5, len(bids) + 0.5)
        self._axes.set_ylim(-0.04 * quantities.max(), 1.08 * quantities.max())
        return self.png()


class RacePicture(Picture):
    """Time per call against the size of the market, beside the published points.

    Below it: how many times faster one candidate is than another, with its interval.
    """

    def __init__(self, numerator: str = "numba-sort", denominator: str = "rust-naive") -> None:
        super().__init__(width=9.0, height=6.6)
        self._numerator, self._denominator = numerator, denominator
        self.figure.subplots_adjust(left=0.13, top=0.88, hspace=0.08)
        self._times, self._ratios = self.figure.subplots(2, sharex=True, height_ratios=[2.2, 1])
        self._legend = self.figure.legend(handles=[])

    def show(self, races: Sequence[Race]) -> bytes:
        """Draw the races run so far, possibly none."""
        times, ratios = self._times, self._ratios
        for axes in (times, ratios):
            axes.clear()
            axes.set_xscale("log")
            axes.set_yscale("log")
            axes.grid(alpha=0.3)
            axes.tick_params(labelsize=14)
            axes.spines[["top", "right"]].set_visible(False)
        times.set_ylabel("µs per call", fontsize=15)
        ratios.set_ylabel(f"{self._numerator}\n/ {self._denominator}", fontsize=15)
        ratios.set_xlabel("offers N", fontsize=15)
        ratios.axhline(1, color=BLACK, linewidth=1)
        self._draw_published()
        if races:
            self._draw_times(races)
            self._draw_ratios(races)
        for axis in (ratios.xaxis, times.yaxis, ratios.yaxis):
            axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
            axis.set_major_formatter("{x:g}")
            axis.set_minor_locator(NullLocator())
        ratios.set_xlim(4, 1250)
        ratios.set_ylim(min(0.2, ratios.get_ylim()[0]), max(5, ratios.get_ylim()[1]))
        self._legend.remove()
        handles, _ = times.get_legend_handles_labels()
        self._legend = self.figure.legend(handles=handles, loc="upper center", ncols=4, **LEGEND)
        return self.png()

    def _draw_published(self) -> None:
        offers = [point.offers for point in POINTS]
        for name, values in (
            ("numba-sort", [point.numba for point in POINTS]),
            ("rust-naive", [point.rust for point in POINTS]),
        ):
            colour, marker, _ = CANDIDATE_STYLES[name]
            label = f"published {name.partition('-')[0]}"
            self._times.plot(
                offers,
                values,
                color=colour,
                marker=marker,
                mfc="white",
                linestyle=":",
                alpha=0.75,
                label=label,
            )
        self._ratios.plot(
            offers,
            [point.speedup for point in POINTS],
            color=BLACK,
            marker="o",
            mfc="white",
            linestyle=":",
            alpha=0.75,
        )

    def _draw_times(self, races: Sequence[Race]) -> None:
        for name in (*races[0].candidates, EMPTY_CALL):
            colour, marker, dashes = candidate_style(name)
            offers = [race.size for race in races]
            low, median, high = np.array([race.quartiles(name) for race in races]).T / 1000
            self._times.errorbar(
                offers,
                median,
                yerr=[median - low, high - median],
                color=colour,
                marker=marker or None,
                linestyle=dashes,
                capsize=3,
                label=name,
            )

    def _draw_ratios(self, races: Sequence[Race]) -> None:
        if not {self._numerator, self._denominator} <= set(races[0].candidates):
            return
        offers = [race.size for race in races]
        found = [race.speedup(self._denominator, over=self._numerator) for race in races]
        values = np.array([ratio.value for ratio in found])
        spread = [
            values - [ratio.low for ratio in found],
            np.array([ratio.high for ratio in found]) - values,
        ]
        self._ratios.errorbar(
            offers, values, yerr=spread, color=VERMILION, marker="s", capsize=3, linestyle="-"
        )
        resolution = [race.resolution() for race in races]
        self._ratios.fill_between(
            offers,
            [ratio.low for ratio in resolution],
            [ratio.high for ratio in resolution],
            color=SKY,
            alpha=0.5,
        )
