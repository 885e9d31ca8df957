"""The picture of training with each backend: where its time goes, and Amdahl's law."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.ticker import LogLocator, NullLocator

from market_py.timing import Ratio
from market_py.workshop.pictures import BLACK, LEGEND, ORANGE, SKY, Picture, candidate_style
from market_py.workshop.stopwatch_pictures import prepare


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
