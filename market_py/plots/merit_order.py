"""The merit order of a market as a picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.collections import PolyCollection
from matplotlib.patches import Rectangle

from market_py.plots.picture import Picture
from market_py.plots.style import BLACK, BLUE, FUEL_STYLES, LEGEND, VERMILION
from market_py.validation import Float64Array


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
        self,
        bids: Float64Array,
        quantities: Float64Array,
        demand: float,
        price: float,
        dispatch: Float64Array,
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
