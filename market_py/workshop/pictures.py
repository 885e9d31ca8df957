"""Pictures, drawn off screen into PNG bytes; artists are made once and moved.

Colours are those of Okabe and Ito, which the colour-blind tell apart; each comes with a hatch, a
marker or a dash pattern of its own.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any
from zlib import crc32

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import LogLocator, NullLocator

from market_py.published import POINTS
from market_py.registry import VARIANTS
from market_py.timing import FLOOR, ONE_PASS, Race
from market_py.validation import Floats

BLACK, ORANGE, SKY, GREEN = "#000000", "#E69F00", "#56B4E9", "#009E73"
YELLOW, BLUE, VERMILION, PURPLE = "#F0E442", "#0072B2", "#D55E00", "#CC79A7"

FUEL_STYLES = {
    "hydro": (SKY, "//"),
    "nuclear": (YELLOW, ".."),
    "coal": ("#777777", "xx"),
    "oil": (ORANGE, "\\\\"),
}
"""Colour and hatch of each fuel."""

CANDIDATE_STYLES = {
    "numba-sort": (BLUE, "o", "-"),
    "rust-naive": (VERMILION, "s", "-"),
    "numba": (SKY, "^", "--"),
    "rust": (ORANGE, "D", "--"),
    "numpy": (GREEN, "v", "--"),
    "python": (PURPLE, "P", "--"),
    "numba-step": (BLUE, "X", "-."),
    "python-step": (PURPLE, ">", "-."),
    FLOOR: (BLACK, "", ":"),
    ONE_PASS: (BLACK, "", "-."),
}
"""Colour, marker and dashes of the backends, the published variants and the floors."""
SPARE_STYLES = [
    (colour, marker, dashes)
    for dashes in ("-.", ":")
    for marker, colour in zip("<*phdx+1", 2 * (GREEN, PURPLE, VERMILION, BLUE), strict=False)
]
"""Each with a marker and dashes that no other has; the rungs of the ladder take them in turn."""
RUNGS = [name for name in VARIANTS if name not in CANDIDATE_STYLES]

DPI = 100
LEGEND: dict[str, Any] = {
    "fontsize": 13,
    "frameon": False,
    "columnspacing": 1.2,
    "handletextpad": 0.5,
}


def candidate_style(name: str) -> tuple[str, str, str]:
    """Colour, marker and dashes of any candidate, always the same."""
    if name in CANDIDATE_STYLES:
        return CANDIDATE_STYLES[name]
    place = RUNGS.index(name) if name in RUNGS else crc32(name.encode())
    return SPARE_STYLES[place % len(SPARE_STYLES)]


class Picture:
    """A figure outside pyplot, of fixed size and margins, that knows its PNG."""

    def __init__(self, width: float = 9.0, height: float = 4.6) -> None:
        self.figure = Figure(figsize=(width, height), dpi=DPI)
        # In inches: room for the labels, and above for the legend.
        self.figure.subplots_adjust(
            left=0.95 / width, right=1 - 0.3 / width, bottom=0.75 / height, top=1 - 0.65 / height
        )
        self._canvas = FigureCanvasAgg(self.figure)

    @property
    def width(self) -> int:
        """Pixels."""
        return round(float(self.figure.get_figwidth()) * DPI)

    def png(self) -> bytes:
        """Draw the figure."""
        buffer = io.BytesIO()
        # Light compression: most of the time would go there.
        options = {"compress_level": 1}
        self._canvas.print_png(buffer, pil_kwargs=options)  # type: ignore[no-untyped-call]
        return buffer.getvalue()


class MeritOrderPicture(Picture):
    """The supply curve of a market, its demand and its price.

    Parameters
    ----------
    kinds : sequence of str, shape (N,)
        What each offer is, such as a fuel.
    styles : mapping
        Colour and hatch of each kind.
    highest_price, highest_quantity : float
        Upper ends of the axes.
    currency : str
        Of the prices.
    """

    def __init__(
        self,
        kinds: Sequence[str],
        *,
        styles: Mapping[str, tuple[str, str]] = FUEL_STYLES,
        highest_price: float,
        highest_quantity: float,
        lowest_price: float = 0.0,
        currency: str = "$",
    ) -> None:
        super().__init__()
        self._kinds = np.array(kinds)
        self._highest_price = highest_price
        self._currency = currency
        axes = self.figure.subplots()
        axes.set_xlim(0, highest_quantity)
        axes.set_ylim(lowest_price, highest_price)
        axes.set_xlabel("offered quantity, cheapest first (MW)", fontsize=15)
        axes.set_ylabel(f"offer price ({currency}/MWh)", fontsize=15)
        axes.tick_params(labelsize=14)
        axes.grid(axis="y", alpha=0.3)
        axes.spines[["top", "right"]].set_visible(False)
        self._bars = {}
        for kind in (kind for kind in styles if kind in kinds):
            colour, hatch = styles[kind]
            self._bars[kind] = PolyCollection(
                [], facecolor=colour, edgecolor=BLACK, hatch=hatch, linewidth=0.6, label=kind
            )
            axes.add_collection(self._bars[kind])
        # What is not accepted pales.
        height = highest_price - lowest_price
        self._veil = Rectangle((0, lowest_price), 0, height, color="white", alpha=0.72)
        axes.add_patch(self._veil)
        self._demand = axes.axvline(0, color=BLUE, linewidth=2.5, label="demand")
        self._price = axes.axhline(
            0, color=VERMILION, linewidth=2.5, linestyle="--", label="clearing price"
        )
        # On the left, where the supply curve is low.
        self._tag = axes.text(
            0.01,
            0,
            "",
            transform=axes.get_yaxis_transform(),
            fontsize=16,
            fontweight="bold",
            bbox={"facecolor": "white", "alpha": 0.85, "edgecolor": "none", "pad": 1},
        )
        self.figure.legend(loc="upper center", ncols=6, **LEGEND)

    def show(
        self, bids: Floats, quantities: Floats, demand: float, price: float, dispatch: Floats
    ) -> bytes:
        """Draw a cleared market; arrays have shape (N,)."""
        order = np.argsort(bids, kind="stable")
        right = np.cumsum(quantities[order])
        left = right - quantities[order]
        heights = bids[order]
        # An offer at 0 still shows as a thin bar.
        shown = np.where(np.abs(heights) < 0.008 * self._highest_price, 0.008, 0) * (
            self._highest_price
        )
        shown = np.where(shown > 0, shown, heights)
        corners = np.stack(
            [
                np.stack([left, np.zeros_like(left)], axis=1),
                np.stack([left, shown], axis=1),
                np.stack([right, shown], axis=1),
                np.stack([right, np.zeros_like(left)], axis=1),
            ],
            axis=1,
        )
        for kind, bars in self._bars.items():
            bars.set_verts(list(corners[self._kinds[order] == kind]))
        served = float(dispatch.sum())
        self._veil.set_x(served)
        self._veil.set_width(max(0.0, float(right[-1]) - served))
        self._demand.set_xdata([demand, demand])
        off_scale = price > self._highest_price
        height = self._highest_price if off_scale else price
        self._price.set_ydata([height, height])
        near_top = height > 0.9 * self._highest_price
        self._tag.set_y(height - (0.02 if near_top else -0.01) * self._highest_price)
        self._tag.set_verticalalignment("top" if near_top else "bottom")
        self._tag.set_text(
            f"price {price:,.2f} {self._currency}/MWh" + (" (off the scale)" if off_scale else "")
        )
        return self.png()


class PriceDurationPicture(Picture):
    """For how many hours of the year the price is at least so high.

    Parameters
    ----------
    currency : str
        Of the prices.
    """

    def __init__(self, currency: str = "$") -> None:
        super().__init__()
        self._axes = self.figure.subplots()
        self._axes.set_xlabel("hours of the year, dearest first", fontsize=15)
        self._axes.set_ylabel(f"price ({currency}/MWh)", fontsize=15)
        self._axes.tick_params(labelsize=14)
        self._axes.grid(alpha=0.3)
        self._axes.spines[["top", "right"]].set_visible(False)
        (self._line,) = self._axes.step([], [], color=VERMILION, linewidth=2.2, where="post")
        self._off_scale = self._axes.text(
            0.02, 0.97, "", transform=self._axes.transAxes, va="top", fontsize=14
        )

    def show(self, prices: Floats, highest: float) -> bytes:
        """Draw the prices of all hours, shape (hours,); those above `highest` leave the scale."""
        self._line.set_data(np.arange(len(prices)), np.sort(prices)[::-1])
        self._axes.set_xlim(0, len(prices))
        self._axes.set_ylim(0, 1.15 * highest)
        above = int((prices > highest).sum())
        self._off_scale.set_text(f"↑ {above} hours off the scale" if above else "")
        return self.png()


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

    def show(self, bids: Floats, quantities: Floats, one: Floats, other: Floats) -> bytes:
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
        for name in (*races[0].candidates, FLOOR):
            colour, marker, dashes = candidate_style(name)
            offers = [race.offers for race in races]
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
        offers = [race.offers for race in races]
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
