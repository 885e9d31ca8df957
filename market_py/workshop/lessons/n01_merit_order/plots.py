"""Pictures of notebook 01."""

from __future__ import annotations

import numpy as np

from market_py.plots.picture import Picture
from market_py.plots.style import VERMILION
from market_py.validation import Float64Array


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

    def show(self, prices: Float64Array, highest: float) -> bytes:
        """Draw the prices of all hours, shape (hours,); those above `highest` leave the scale."""
        self._line.set_data(np.arange(len(prices)), np.sort(prices)[::-1])
        self._axes.set_xlim(0, len(prices))
        self._axes.set_ylim(0, 1.15 * highest)
        above = int((prices > highest).sum())
        self._off_scale.set_text(f"↑ {above} hours off the scale" if above else "")
        return self.png()
