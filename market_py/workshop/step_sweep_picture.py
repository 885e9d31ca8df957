"""The picture of a sweep over agents, markets and threads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.ticker import EngFormatter, LogLocator, NullLocator

from market_py.workshop.pictures import LEGEND, Picture, candidate_style
from market_py.workshop.stopwatch_pictures import prepare

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
