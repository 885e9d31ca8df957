"""The pictures of notebook 09: steps raced, and agents that learn."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.ticker import LogLocator, NullLocator

from market_py.timing import Race
from market_py.validation import Floats
from market_py.workshop.pictures import BLACK, BLUE, LEGEND, ORANGE, SKY, VERMILION, Picture
from market_py.workshop.stopwatch_pictures import prepare


class StepsPicture(Picture):
    """A bar with quartiles for each candidate.

    Parameters
    ----------
    across : str
        What the bars show, in ns.
    """

    def __init__(self, across: str = "ns per market and step") -> None:
        super().__init__(height=4.2)
        self._across = across
        self.figure.subplots_adjust(left=0.2, right=0.95, bottom=0.2)
        self._axes = self.figure.subplots()

    def show(self, race: Race | None, markets: int) -> bytes:
        """Draw a race of steps, or none."""
        axes = self._axes
        axes.clear()
        prepare(axes, self._across, "")
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.xaxis.set_major_formatter("{x:,g}")
        axes.xaxis.set_minor_locator(NullLocator())
        names = [] if race is None else race.candidates
        if race is None:
            axes.set_xlim(100, 10_000)
        else:
            quartiles = np.array([race.quartiles(name) for name in names]) / markets
            low, median, high = quartiles.T
            axes.barh(
                range(len(names)),
                median,
                xerr=[median - low, high - median],
                color=[BLUE, SKY, ORANGE, VERMILION][: len(names)],
                edgecolor=BLACK,
                capsize=4,
            )
            axes.set_xlim(low.min() / 2, high.max() * 1.5)
        axes.set_yticks(range(len(names)), names)
        axes.invert_yaxis()
        return self.png()


class LearningPicture(Picture):
    """The price, generation by generation; below, the price-duration curves of the evaluation.

    Parameters
    ----------
    cost, top : float
        Marginal cost of all generators, and what they may ask for at most, €/MWh.
    """

    def __init__(self, cost: float, top: float) -> None:
        super().__init__(height=7.0)
        self._cost, self._top = cost, top
        self.figure.subplots_adjust(top=0.89, hspace=0.75)
        self._curves, self._durations = self.figure.subplots(2)

    def show(self, prices: Sequence[Sequence[float]], evaluated: Sequence[Floats]) -> bytes:
        """Draw mean prices, a sequence for each seed, and prices of evaluations, (T, B) each."""
        for axes, across in (
            (self._curves, "generation"),
            (self._durations, "share of the hours, dearest first (%)"),
        ):
            axes.clear()
            prepare(axes, across, "price (€/MWh)")
            axes.axhline(self._cost, color=BLACK, linestyle="--", label="marginal cost")
            axes.axhline(self._top, color=BLACK, linestyle=":", label="top of the range")
            axes.set_ylim(0, self._top + 8)
        longest = max(map(len, prices), default=0)
        for number, curve in enumerate(prices):
            label = "a seed each, in training" if number == 0 else None
            self._curves.plot(curve, color=SKY, lw=1.2, label=label)
        whole = [curve for curve in prices if len(curve) == longest]
        if longest:
            mean = np.mean(whole, axis=0)
            self._curves.plot(mean, color=BLUE, lw=2.4, label="their mean")
        self._curves.set_xlim(0, max(10, longest))
        for number, found in enumerate(evaluated):
            duration = np.sort(found.ravel())[::-1]
            share = np.linspace(0, 100, len(duration))
            label = "a seed each, evaluated" if number == 0 else None
            self._durations.plot(share, duration, color=VERMILION, lw=1.6, label=label)
        self._durations.set_xlim(0, 100)
        for axes in (self._curves, self._durations):
            axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2, **LEGEND)
        return self.png()
