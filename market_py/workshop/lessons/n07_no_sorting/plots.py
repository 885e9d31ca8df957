"""Pictures of notebook 07."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.patches import Rectangle
from matplotlib.ticker import LogLocator, NullLocator

from market_py.benchmark.timing import Race
from market_py.plots.picture import Picture
from market_py.plots.style import BLACK, BLUE, GREEN, LEGEND, ORANGE, PURPLE, SKY, VERMILION, YELLOW
from market_py.validation import Float64Array
from market_py.workshop.lessons.n07_no_sorting.search import Pass


class SearchPicture(Picture):
    """The supply curve, the bracket in which the price lies, and the guesses of a pass."""

    def __init__(self) -> None:
        super().__init__(height=5.0)
        self.figure.subplots_adjust(top=0.83)
        self._axes = axes = self.figure.subplots()
        axes.set_xlabel("offered at or below the price (MW)", fontsize=15)
        axes.set_ylabel("price (€/MWh)", fontsize=15)
        axes.tick_params(labelsize=14)
        axes.spines[["top", "right"]].set_visible(False)
        self._bracket = Rectangle((0, 0), 1, 1, color=YELLOW, alpha=0.45, label="bracket")
        self._bracket.set_transform(axes.get_yaxis_transform())
        axes.add_patch(self._bracket)
        (self._curve,) = axes.step(
            [], [], where="post", color=BLACK, linewidth=1.5, label="supply curve"
        )
        self._demand = axes.axvline(0, color=BLUE, linewidth=2.2, label="demand")
        ticks: dict[str, Any] = {"marker": "|", "markersize": 11, "markeredgewidth": 2}
        (self._left,) = axes.plot(
            [], [], color=GREEN, linestyle="", label="candidates left", **ticks
        )
        (self._guesses,) = axes.plot(
            [],
            [],
            color=ORANGE,
            marker="o",
            markersize=10,
            markeredgecolor=BLACK,
            linestyle="",
            label="guesses, and what they supply",
        )
        self._price = axes.axhline(
            0, color=VERMILION, linewidth=2.2, linestyle="--", label="price, once found"
        )
        self.figure.legend(loc="upper center", ncols=3, **LEGEND)

    def show(
        self,
        bids: Float64Array,
        quantities: Float64Array,
        demand: float,
        passes: Sequence[Pass],
        price: float | None,
    ) -> bytes:
        """Draw the market after the last of the passes; the price only when it is given."""
        order = np.argsort(bids, kind="stable")
        supply = np.cumsum(quantities[order])
        margin = 0.08 * float(np.ptp(bids)) or 5.0
        bottom, top = float(bids.min()) - margin, float(bids.max()) + margin
        self._axes.set_xlim(0, supply[-1])
        self._axes.set_ylim(bottom, top)
        self._curve.set_data([0.0, *supply], [*bids[order], bids[order[-1]]])
        self._demand.set_xdata([demand, demand])
        low, high = (passes[-1].low, passes[-1].high) if passes else (bottom, top)
        low, high = max(low, bottom), min(high, top)
        self._bracket.set_y(low)
        self._bracket.set_height(high - low)
        left = np.isin(order, passes[-1].left) if passes else np.full(len(bids), True)
        self._left.set_data(supply[left], bids[order][left])
        last = passes[-1] if passes else None
        self._guesses.set_data(last.supplies if last else [], last.guesses if last else [])
        self._price.set_ydata([math.nan if price is None else price] * 2)
        return self.png()


SORTING, SELECTING = ("numba-sort", "numba-keys", "rust-keys"), ("numba-select", "rust-select")
GROWTH_STYLES = {
    "numba-sort": (BLUE, "o", "-"),
    "numba-keys": (SKY, "^", "-"),
    "rust-keys": (VERMILION, "s", "-"),
    "numba-select": (GREEN, "v", "--"),
    "rust-select": (PURPLE, "D", "--"),
}
"""Colour, marker and dashes; what does not sort is dashed."""
SIZES = (1000, 3000, 10_000, 30_000, 100_000)


class GrowthPicture(Picture):
    """Time per offer against the size of the market: what grows as N lies level."""

    def __init__(self) -> None:
        super().__init__(height=5.2)
        self.figure.subplots_adjust(left=0.11, top=0.85)
        self._axes = self.figure.subplots()
        self._legend = self.figure.legend(handles=[])

    def show(self, races: Sequence[Race]) -> bytes:
        """Draw the races run so far, possibly none."""
        axes = self._axes
        axes.clear()
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_xlabel("offers N", fontsize=15)
        axes.set_ylabel("ns per offer", fontsize=15)
        axes.tick_params(labelsize=14)
        axes.grid(alpha=0.3, which="both")
        axes.spines[["top", "right"]].set_visible(False)
        ends = [race.size for race in races] or SIZES
        # Before the lines: a single size would be warned of as a singular axis.
        axes.set_xlim(0.8 * min(ends), 1.25 * max(ends))
        offers = np.array([race.size for race in races])
        for name, (colour, marker, dashes) in GROWTH_STYLES.items():
            if races and name in races[0].rounds:
                low, median, high = np.array([race.quartiles(name) for race in races]).T / offers
                axes.errorbar(
                    offers,
                    median,
                    yerr=[median - low, high - median],
                    color=colour,
                    marker=marker,
                    linestyle=dashes,
                    capsize=3,
                    label=name,
                )
        if not races:
            axes.set_ylim(1, 100)
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_locator(LogLocator(subs=(1, 2, 5) if axis is axes.yaxis else (1, 3)))
            axis.set_minor_locator(NullLocator())
            axis.set_major_formatter("{x:,g}")
        handles, labels = axes.get_legend_handles_labels()
        self._legend.remove()
        self._legend = self.figure.legend(handles, labels, loc="upper center", ncols=3, **LEGEND)
        return self.png()
