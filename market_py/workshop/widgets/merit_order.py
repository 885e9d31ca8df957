"""A widget that shows the merit order; learners drag it, and Python reads its state."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import ipywidgets as widgets
import numpy as np
import traitlets
from numpy.typing import ArrayLike

from market_py import market_clearing
from market_py.plots.merit_order import merit_order
from market_py.plots.style import FUEL_STYLES, SKY
from market_py.validation import Float64Array, Ties, check_market, check_vector
from market_py.workshop.widgets import description
from market_py.workshop.widgets.figure import (
    InteractiveFigure,
    axis_ticks,
    power_of_ten,
    script,
    within,
)


def market_figure(
    bids: Any,
    quantities: Any,
    demand: Any,
    *,
    ties: Ties = "index",
    price_cap: float | None = None,
) -> MeritOrderFigure | None:
    """The figure of any market; None for what is no market, such as an exercise not done yet."""
    try:
        check_market(bids, quantities, demand, ties, price_cap)
    except (TypeError, ValueError):
        return None
    return MeritOrderFigure(bids, quantities, demand, ties=ties, lost_load=price_cap)


LOWEST, HIGHEST = 0.2, 2.0
"""Between these factors a fuel price can be moved."""
OFFER = "offer"
"""The kind of all offers by default."""
STYLES = {OFFER: (SKY, "//"), **FUEL_STYLES}
"""Colour and hatch of each kind."""


class MeritOrderFigure(InteractiveFigure):
    """The supply curve of a market, whose demand, fuel prices and outages are dragged.

    The price of its kind multiplies the fuel cost of an offer; `bids` come on top. `lost_load` is
    the price of a shortage, without it the highest offer. `fallback` makes the widget that is shown
    if the browser cannot draw the figure.
    """

    _esm = script("merit_order.js")

    # Python may set these four, too; the picture follows.
    demand = traitlets.CFloat().tag(sync=True)
    fuel_prices = traitlets.Dict().tag(sync=True)
    """A factor for each kind that has a fuel cost, 1 at first."""
    outages = traitlets.List(traitlets.Unicode()).tag(sync=True)
    """Names of the offers that are out."""
    lost_load = traitlets.CFloat(None, allow_none=True).tag(sync=True)

    # What the picture shows, beside its sentence.
    price = traitlets.CFloat().tag(sync=True)
    dispatch = traitlets.List(traitlets.CFloat()).tag(sync=True)
    marginal = traitlets.List(traitlets.Unicode()).tag(sync=True)

    def __init__(
        self,
        bids: ArrayLike,
        quantities: ArrayLike,
        demand: float,
        *,
        names: Sequence[str] | None = None,
        kinds: Sequence[str] | None = None,
        fuel_costs: ArrayLike | None = None,
        lost_load: float | None = None,
        ties: Ties = "index",
        currency: str = "€",
        fallback: Callable[[], widgets.Widget] | None = None,
    ) -> None:
        market = check_market(bids, quantities, demand, ties, lost_load)
        count = len(market.bids)
        self._bids, self._quantities = market.bids.copy(), market.quantities.copy()
        self._ties = ties
        self._names = list(names or (f"offer {i}" for i in range(count)))
        self._kinds = list(kinds or [OFFER] * count)
        self._fuel_costs = np.zeros(count)
        if fuel_costs is not None:
            self._fuel_costs = check_vector("fuel_costs", fuel_costs, negative=True).copy()
        for argument in ("names", "kinds", "fuel_costs"):
            length = len(getattr(self, f"_{argument}"))
            if length != count:
                raise ValueError(f"{argument} has {length} elements for {count} offers")
        if len({*self._names}) < count:
            raise ValueError("names: each offer needs one of its own")
        self._currency = currency
        self._styles = {kind: STYLES[kind] for kind in STYLES if kind in self._kinds}
        self._x_ticks, self._y_ticks = self._ticks(market.demand)
        burning = np.flatnonzero(self._fuel_costs)
        start: dict[str, Any] = {
            "demand": market.demand,
            "fuel_prices": {self._kinds[i]: 1.0 for i in burning},
            "outages": [],
            "lost_load": market.price_cap,
        }
        self._fuels = list(start["fuel_prices"])
        super().__init__(fallback=fallback, _setting=self._describe(start), **start)

    @property
    def bids(self) -> Float64Array:
        """Offer prices at the fuel prices of now, shape (N,)."""
        return self._bids_at(self.fuel_prices)

    @property
    def quantities(self) -> Float64Array:
        """Offered quantities, those on outage zero, shape (N,); MW."""
        return np.where(np.isin(self._names, self.outages), 0.0, self._quantities)

    def png(self) -> bytes:
        """Draw the same state in Python."""
        return merit_order(
            self.bids,
            self.quantities,
            self.demand,
            self.price,
            np.array(self.dispatch),
            kinds=self._kinds,
            prices=(self._y_ticks[0], self._y_ticks[-1]),
            highest_quantity=self._x_ticks[-1],
            styles=self._styles,
            currency=self._currency,
        )

    def _bids_at(self, fuel_prices: Mapping[str, float]) -> Float64Array:
        factors = np.array([fuel_prices.get(kind, 1.0) for kind in self._kinds])
        return np.asarray(self._fuel_costs * factors + self._bids)

    def _clear(self) -> None:
        """Set what follows from the state, as `market_clearing` finds it."""
        offers = self.bids, self.quantities, self.demand
        price, dispatch = market_clearing(*offers, ties=self._ties, price_cap=self.lost_load)
        marginal = description.roles(*offers, price, dispatch).marginal
        with self.hold_sync():
            self.price, self.dispatch = price, dispatch.tolist()
            self.marginal = [self._names[i] for i in marginal]
            self.sentence = description.cleared(
                self._names, *offers, price, dispatch, self._currency
            )

    def _ticks(self, demand: float) -> tuple[list[float], list[float]]:
        """Ticks of both axes, which have room for all that can be dragged."""
        extremes = [self._bids_at(dict.fromkeys(self._kinds, f)) for f in (LOWEST, 1.0, HIGHEST)]
        widest = max(float(self._quantities.sum()), demand)
        return axis_ticks(min(0.0, np.min(extremes)), max(0.0, np.max(extremes)), widest)

    def _describe(self, start: dict[str, Any]) -> dict[str, Any]:
        """What the browser has to know and what does not change."""
        lost_load = start["lost_load"]
        step = power_of_ten(lost_load / 5) if lost_load and lost_load > 0 else None
        return {
            "names": self._names,
            "kinds": self._kinds,
            "bids": self._bids.tolist(),
            "fuel_costs": self._fuel_costs.tolist(),
            "quantities": self._quantities.tolist(),
            "ties": self._ties,
            "currency": self._currency,
            "styles": self._styles,
            "fuels": self._fuels,
            "fuel_range": [100 * LOWEST, 100 * HIGHEST, 5],
            "lost_load_range": step and [step, 5 * lost_load, step],
            "demand_step": power_of_ten(self._x_ticks[-1] / 100),
            "x_ticks": self._x_ticks,
            "y_ticks": self._y_ticks,
            "start": start,
        }

    @traitlets.validate("demand")
    def _check_demand(self, proposal: Any) -> float:
        return within("demand", proposal["value"], 0.0, self._x_ticks[-1])

    @traitlets.validate("fuel_prices")
    def _check_fuel_prices(self, proposal: Any) -> dict[str, float]:
        given = proposal["value"]
        for stranger in given.keys() - set(self._fuels):
            raise ValueError(f"fuel_prices: {stranger!r} has no price; the fuels are {self._fuels}")
        return {
            fuel: within(f"fuel_prices[{fuel!r}]", given.get(fuel, 1.0), LOWEST, HIGHEST)
            for fuel in self._fuels
        }

    @traitlets.validate("outages")
    def _check_outages(self, proposal: Any) -> list[str]:
        for stranger in set(proposal["value"]) - set(self._names):
            raise ValueError(f"outages: there is no {stranger!r}")
        return list(dict.fromkeys(proposal["value"]))

    @traitlets.validate("lost_load")
    def _check_lost_load(self, proposal: Any) -> float | None:
        value = proposal["value"]
        return None if value is None else within("lost_load", value, -math.inf, math.inf)

    @traitlets.observe("demand", "fuel_prices", "outages", "lost_load")
    def _on_input(self, change: object) -> None:
        self._on_change(change)
