"""A widget that plays what learning agents bid: their merit order, update by update."""

from __future__ import annotations

from typing import Any

import numpy as np
import traitlets

from market_py.env import System
from market_py.learning import Evaluation
from market_py.plots.bidding import BIDDER_STYLES, bidding
from market_py.validation import Float64Array
from market_py.workshop.widgets.figure import DraggableFigure, axis_ticks, script, within
from market_py.workshop.widgets.sentence import counted

KILO = 1000.0


class MarketFilm(DraggableFigure):
    """The market in the hour of the highest demand, as the agents bid after each update.

    The picture is played, or moved through by keyboard, in the browser alone; in a saved page it
    plays without a kernel.

    Parameters
    ----------
    system : System
        The generators.
    length : int
        Updates that the axis has room for.
    highest : float
        Highest price of the axis, €/MWh.
    spotlight : int, optional
        A generator that the sentence tells of.
    unit : str
        What a frame is: an update or a generation.
    """

    _esm = script("film.js")

    frames: Any = traitlets.List().tag(sync=True)
    """What is shown of each update, in the order of the updates."""
    frame = traitlets.CInt(0).tag(sync=True)
    """Index of the frame that is shown."""

    def __init__(
        self,
        system: System,
        length: int,
        *,
        highest: float,
        spotlight: int | None = None,
        unit: str = "update",
        currency: str = "€",
    ) -> None:
        self._system, self._spotlight, self._currency = system, spotlight, currency
        self._hour = int(np.argmax(system.demand))
        x_ticks, y_ticks = axis_ticks(0.0, highest, float(system.capacities.sum()))
        margin = highest - float(system.costs.min())
        sold = np.minimum(system.capacities, system.demand.max()).max()
        first, other = BIDDER_STYLES
        kinds = [first if i == spotlight else other for i in range(system.generators)]
        setting = {
            "names": list(system.names),
            "kinds": kinds,
            "styles": {kind: BIDDER_STYLES[kind] for kind in dict.fromkeys(kinds)},
            "capacities": system.capacities.tolist(),
            "currency": currency,
            "x_ticks": x_ticks,
            "y_ticks": y_ticks,
            "length": length,
            "unit": unit,
            # All that the largest generator can sell, at the highest price.
            "most_profit": float(f"{system.hours * margin * sold / KILO:.2g}"),
            "empty": self._empty(),
            "start": {"frame": 0},
        }
        super().__init__(_setting=setting)

    def append(self, found: Evaluation) -> None:
        """Show bids after one more update, as they were evaluated in one market or more."""
        hour, system = self._hour, self._system
        bids = system.costs + found.markups[hour, 0]
        offered = system.capacities - found.withheld[hour, 0]
        sold = found.dispatch[:, 0]
        profits = ((found.prices[:, 0, None] - system.costs) * sold).sum(axis=0) / KILO
        price = float(found.prices[hour, 0])
        self.frames = [
            *self.frames,
            {
                "bids": bids.round(2).tolist(),
                "offered": offered.round(1).tolist(),
                "demand": float(sold[hour].sum().round(1)),
                "price": price,
                "mean": float(found.prices.mean()),
                "profits": profits.round(2).tolist(),
                "sentence": self._say(len(self.frames) + 1, price, bids, offered),
            },
        ]
        self.frame = len(self.frames) - 1

    def png(self) -> bytes:
        """Draw the same frame in Python."""
        shown = self.frames[self.frame] if self.frames else self._empty()
        return bidding(
            np.array(shown["bids"]),
            np.array(shown["offered"]),
            self._system.capacities,
            shown["demand"],
            shown["price"],
            kinds=self._setting["kinds"],
            highest=self._setting["y_ticks"][-1],
            currency=self._currency,
        )

    def _clear(self) -> None:
        shown = self.frames[self.frame] if self.frames else self._empty()
        with self.hold_sync():
            self.price, self.sentence = shown["price"], shown["sentence"]

    @traitlets.validate("frame")
    def _check_frame(self, proposal: Any) -> int:
        return int(within("frame", proposal["value"], 0, max(len(self.frames) - 1, 0)))

    @traitlets.observe("frame")
    def _on_frame(self, change: object) -> None:
        self._on_change(change)

    def _empty(self) -> dict[str, Any]:
        zeros = [0.0] * self._system.generators
        return {
            "bids": self._system.costs.tolist(),
            "offered": self._system.capacities.tolist(),
            "demand": float(self._system.demand[self._hour]),
            "price": 0.0,
            "mean": 0.0,
            "profits": zeros,
            "sentence": "Nothing has been learned yet: all offer all they have, at their cost.",
        }

    def _say(self, number: int, price: float, bids: Float64Array, offered: Float64Array) -> str:
        """Say who bids what."""
        names, money = self._system.names, f"{self._currency}/MWh"
        withheld = np.maximum(self._system.capacities - offered, 0)
        said = f"{number}: the price is {price:,.2f} {money}."
        others = [i for i in range(len(names)) if i != self._spotlight]
        if self._spotlight is not None:
            i = self._spotlight
            said += f" {names[i]} asks for {bids[i]:,.2f} and withholds {withheld[i]:,.0f} MW."
        group = bids[others]
        who = "The others ask" if self._spotlight is not None else "All ask"
        return (
            f"{said} {who} for {group.min():,.2f} to {group.max():,.2f} and withhold "
            f"{withheld[others].sum():,.0f} MW in all ({counted(len(others), 'generator')})."
        )
