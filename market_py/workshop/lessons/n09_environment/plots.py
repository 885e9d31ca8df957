"""Pictures of notebook 09."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.ticker import EngFormatter, LogLocator, NullLocator

from market_py.benchmark.timing import Race, Ratio
from market_py.plots.picture import Picture
from market_py.plots.style import (
    BLACK,
    BLUE,
    LEGEND,
    ORANGE,
    SKY,
    VERMILION,
    candidate_style,
    prepare,
)
from market_py.validation import Float64Array


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

    def show(self, prices: Sequence[Sequence[float]], evaluated: Sequence[Float64Array]) -> bytes:
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


Sweep = Mapping[int, Mapping[str, tuple[float, float, float]]]
"""Quartiles of market-steps per second, by what varies and by candidate."""
LABELS = {"agents": "agents N", "markets": "markets B", "threads": "threads"}
MOST_TICKS = 4
"""That find room below a third of the picture."""


class StepSweepPicture(Picture):
    """Market-steps per second against what varies, side by side on one scale.

    Parameters
    ----------
    values : mapping of str to sequence of int
        All that each of ``LABELS`` may be.
    """

    def __init__(self, values: Mapping[str, Sequence[int]]) -> None:
        super().__init__(height=5.4)
        self._values = values
        self.figure.subplots_adjust(left=0.12, right=0.98, top=0.82, bottom=0.15, wspace=0.1)
        self._axes = dict(
            zip(values, self.figure.subplots(1, len(values), sharey=True), strict=True)
        )
        self._legend = self.figure.legend(handles=[])

    def show(self, sweeps: Mapping[str, Sweep]) -> bytes:
        """Draw the points that are done, possibly none."""
        handles: dict[str, Line2D] = {}
        for what, axes in self._axes.items():
            self._prepare(what)
            sweep = sweeps[what]
            for name in dict.fromkeys(name for found in sweep.values() for name in found):
                colour, marker, dashes = candidate_style(name)
                at = [value for value, found in sweep.items() if name in found]
                low, median, high = np.array([sweep[value][name] for value in at]).T
                drawn = axes.errorbar(
                    at,
                    median,
                    yerr=[median - low, high - median],
                    color=colour,
                    marker=marker,
                    linestyle=dashes,
                    capsize=3,
                    label=name,
                )
                handles.setdefault(name, drawn)
        first = next(iter(self._axes.values()))
        first.set_ylabel("market-steps per second", fontsize=15)
        if not handles:
            first.set_ylim(1e4, 1e7)
        self._legend.remove()
        self._legend = self.figure.legend(
            handles=list(handles.values()), loc="upper center", ncols=3, **LEGEND
        )
        return self.png()

    def _prepare(self, what: str) -> None:
        axes, values = self._axes[what], self._values[what]
        axes.clear()
        prepare(axes, LABELS[what], "")
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_xlim(min(values) / 1.4, max(values) * 1.4)
        ticks = values[:: -(-len(values) // MOST_TICKS)]
        axes.set_xticks(ticks, [f"{value:,}" for value in ticks])
        axes.xaxis.set_minor_locator(NullLocator())
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.yaxis.set_major_formatter(EngFormatter(sep=" "))
        axes.yaxis.set_minor_locator(NullLocator())
        axes.tick_params(labelleft=axes is next(iter(self._axes.values())))


class TrainingPicture(Picture):
    """A bar for each backend, in two parts; below, how the whole gains by a faster step."""

    def __init__(self) -> None:
        super().__init__(height=7.6)
        self.figure.subplots_adjust(left=0.13, top=0.93, bottom=0.09, hspace=0.62)
        self._bars, self._law = self.figure.subplots(2, height_ratios=[1, 1.7])

    def show(
        self,
        times: Mapping[str, tuple[float, float]],
        gains: Mapping[str, tuple[Ratio, Ratio]],
    ) -> bytes:
        """Draw what was measured, possibly nothing.

        Parameters
        ----------
        times : mapping of str to tuple of float
            Of each backend: how long a generation takes, ms, and which share of it steps do.
        gains : mapping of str to tuple of Ratio
            How many times as fast the others step, and train.
        """
        self._show_bars(times)
        if times:
            self._show_law(times, gains)
        else:
            self._prepare_law("before")
        return self.png()

    def _show_bars(self, times: Mapping[str, tuple[float, float]]) -> None:
        axes = self._bars
        axes.clear()
        prepare(axes, "ms per generation", "")
        axes.grid(visible=False, axis="y")
        whole, shares = np.array([*times.values()]).reshape(-1, 2).T
        steps = shares * whole
        places = range(len(times))
        axes.barh(places, steps, color=SKY, edgecolor=BLACK, hatch="//", label="steps")
        axes.barh(
            places, whole - steps, left=steps, color=ORANGE, edgecolor=BLACK, label="the learner"
        )
        for place, total, share in zip(places, whole, shares, strict=True):
            axes.text(total, place, f"  {share:.0%} steps", va="center", fontsize=14)
        axes.set_xlim(0, 1.25 * max(whole, default=8.0))
        axes.set_yticks(places, list(times))
        axes.invert_yaxis()
        if times:
            axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2, **LEGEND)

    def _prepare_law(self, before: str, farthest: float = 100.0) -> None:
        axes = self._law
        axes.clear()
        prepare(axes, f"a step, times as fast as {before}", "training, times as fast")
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.xaxis.set_major_formatter("{x:g}")
        axes.xaxis.set_minor_locator(NullLocator())
        axes.set_xlim(0.8, farthest)
        axes.set_ylim(0, 2)

    def _show_law(
        self,
        times: Mapping[str, tuple[float, float]],
        gains: Mapping[str, tuple[Ratio, Ratio]],
    ) -> None:
        plain, (_, share) = next(iter(times.items()))
        farthest = 4 * max((step.high for step, _ in gains.values()), default=25.0)
        self._prepare_law(f"with {plain}", farthest)
        axes = self._law
        speedups = np.geomspace(0.8, farthest, 200)
        most = 1 / (1 - share)
        axes.axhline(most, color=BLACK, linestyle=":", label="a step that takes no time")
        axes.plot(
            speedups,
            1 / (1 - share + share / speedups),
            color=BLACK,
            linestyle="--",
            label="Amdahl",
        )
        for name, (step, training) in gains.items():
            colour, marker, _ = candidate_style(name)
            axes.errorbar(
                [step.value],
                [training.value],
                xerr=[[step.value - step.low], [step.high - step.value]],
                yerr=[[training.value - training.low], [training.high - training.value]],
                color=colour,
                mec=BLACK,
                marker=marker,
                ms=10,
                linestyle="",
                capsize=4,
                label=f"{name}, measured",
            )
        axes.set_ylim(0, 1.2 * max([most, *(training.high for _, training in gains.values())]))
        axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2, **LEGEND)
