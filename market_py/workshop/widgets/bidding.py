"""A widget that plays how agents learn to bid: their merit order after each update."""

from __future__ import annotations

from typing import Any

import numpy as np
import traitlets

from market_py.env import System
from market_py.learning import Evaluation
from market_py.plots.bidding import bidding
from market_py.plots.style import ORANGE, SKY
from market_py.workshop.widgets.figure import InteractiveFigure, axis_ticks, script, within

KILO = 1000.0
NOTICEABLE = 1.0
"""Less is not said to be withheld, MW."""


class BiddingFigure(InteractiveFigure):
    """The market in the hour of the highest demand, as agents bid after each update.

    The browser plays it and moves through it alone; in a static page it plays without a kernel.

    Parameters
    ----------
    system : System
        The generators.
    first : Evaluation
        How they bid before the first update, in one market or more; the first market is shown.
    updates : int
        Updates that the axis has room for.
    highest : float
        Highest price of the axis, €/MWh.
    profit : float
        Highest profit of the axis, thousand € a day.
    emphasis : int, optional
        Index of a generator with a colour of its own.
    """

    _esm = script("bidding.js")

    frames: Any = traitlets.List().tag(sync=True)
    """What is shown after each update, from none on."""
    frame = traitlets.CInt(0).tag(sync=True)
    """Number of the update that is shown."""
    price = traitlets.CFloat().tag(sync=True)

    def __init__(
        self,
        system: System,
        first: Evaluation,
        updates: int,
        *,
        highest: float,
        profit: float,
        emphasis: int | None = None,
        currency: str = "€",
    ) -> None:
        self._system, self._currency = system, currency
        self._hour = int(np.argmax(system.demand))
        x_ticks, y_ticks = axis_ticks(0.0, highest, float(system.capacities.sum()))
        others = "generators" if emphasis is None else "other generators"
        styles = {others: (SKY, "//")}
        kinds = [others] * system.generators
        if emphasis is not None:
            kinds[emphasis] = system.names[emphasis]
            styles[kinds[emphasis]] = ORANGE, "\\\\"
        setting = {
            "names": list(system.names),
            "kinds": kinds,
            "styles": styles,
            "capacities": system.capacities.tolist(),
            "currency": currency,
            "x_ticks": x_ticks,
            "y_ticks": y_ticks,
            "updates": updates,
            "profit": profit,
        }
        super().__init__(_setting=setting, frames=[self._describe(first, 0)])

    def append(self, found: Evaluation) -> None:
        """Show the bids after one more update, unless an earlier one is looked at."""
        is_last = self.frame == len(self.frames) - 1
        # In one message: the browser takes an update alone for a move of its user.
        with self.hold_sync():
            self.frames = [*self.frames, self._describe(found, len(self.frames))]
            if is_last:
                self.frame += 1

    def restart(self, first: Evaluation) -> None:
        """Forget all updates."""
        with self.hold_sync():
            self.frame = 0
            self.frames = [self._describe(first, 0)]

    def png(self) -> bytes:
        """Draw the same update in Python."""
        shown = self.frames[self.frame]
        return bidding(
            np.array(shown["bids"]),
            np.array(shown["offered"]),
            self._system.capacities,
            shown["demand"],
            shown["price"],
            kinds=self._setting["kinds"],
            styles=self._setting["styles"],
            prices=(self._setting["y_ticks"][0], self._setting["y_ticks"][-1]),
            currency=self._currency,
        )

    def _clear(self) -> None:
        shown = self.frames[self.frame]
        with self.hold_sync():
            self.price, self.sentence = shown["price"], shown["sentence"]

    @traitlets.validate("frame")
    def _check_frame(self, proposal: Any) -> int:
        return int(within("frame", proposal["value"], 0, len(self.frames) - 1))

    @traitlets.observe("frame", "frames")
    def _on_frame(self, change: object) -> None:
        self._on_change(change)

    def _describe(self, found: Evaluation, number: int) -> dict[str, Any]:
        """Describe one market in the hour of the highest demand, and the day of its generators."""
        hour, system = self._hour, self._system
        sold = found.dispatch[:, 0]
        profits = ((found.prices[:, 0, None] - system.costs) * sold).sum(axis=0) / KILO
        bids = system.costs + found.markups[hour, 0]
        withheld = found.withheld[hour, 0]
        price = float(found.prices[hour, 0])
        return {
            "bids": bids.round(2).tolist(),
            "offered": (system.capacities - withheld).round(1).tolist(),
            "demand": float(sold[hour].sum().round(1)),
            "price": round(price, 2),
            "mean": float(found.prices.mean().round(2)),
            "profits": profits.round(2).tolist(),
            "sentence": self._say(number, price, bids, withheld, sold[hour]),
        }

    def _say(self, number: int, price: float, bids: Any, withheld: Any, sold: Any) -> str:
        """Say who sets the price, who bids most, and who withholds most."""
        names = self._system.names
        # Bids and price come from different libraries, and may differ in their last digit.
        marginal = int(np.argmin(np.where(sold > 0, np.abs(bids - price), np.inf)))
        said = f"Update {number}: {names[marginal]} sets the price, "
        said += f"{price:,.2f} {self._currency}/MWh."
        if bids.max() > price + 0.005:
            said += f" The highest bid is {bids.max():,.2f}, of {names[int(np.argmax(bids))]}."
        most = int(np.argmax(withheld))
        if withheld[most] < NOTICEABLE:
            return f"{said} Nobody withholds more than {NOTICEABLE:g} MW."
        capacity = self._system.capacities[most]
        return (
            f"{said} {names[most][0].upper()}{names[most][1:]} withholds most, "
            f"{withheld[most]:,.0f} of {capacity:,.0f} MW."
        )
