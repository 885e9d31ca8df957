"""A widget that shows supply and demand; learners drag both curves, and Python reads its state."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ipywidgets as widgets
import numpy as np
import traitlets
from numpy.typing import ArrayLike

from market_py import auction_clearing, price_interval
from market_py.plots.auction import SURPLUS_STYLES, supply_and_demand
from market_py.validation import Auction, Float64Array, Ties, check_auction, check_vector
from market_py.workshop.widgets import description
from market_py.workshop.widgets.figure import (
    InteractiveFigure,
    axis_ticks,
    power_of_ten,
    script,
    within,
)

PRICE_CAP = 4000.0
"""Highest price of the European day-ahead market, €/MWh."""
ORDERS = ("offer_prices", "offer_quantities", "bid_prices", "bid_quantities")
FACTORS = ("supply_factor", "demand_factor")


def auction_figure(book: Any, *, k: float = 0.0, ties: Ties = "index") -> AuctionFigure | None:
    """The figure of any book; None for what is no book, such as an exercise not done yet."""
    try:
        return AuctionFigure(*book, k=k, ties=ties)
    except (TypeError, ValueError):
        return None


def _numbers() -> Any:
    return traitlets.List(traitlets.CFloat()).tag(sync=True)


class AuctionFigure(InteractiveFigure):
    """Supply and demand of a small auction, whose orders, curves and `k` are dragged.

    With `fixed_demand` all bids are at `price_cap`: the market of `market_clearing`.
    """

    _esm = script("auction.js")

    # Python may set these, too; the picture follows.
    offer_prices, offer_quantities = _numbers(), _numbers()
    bid_prices, bid_quantities = _numbers(), _numbers()
    supply_factor = traitlets.CFloat(1.0).tag(sync=True)
    """By which all offered quantities are multiplied."""
    demand_factor = traitlets.CFloat(1.0).tag(sync=True)
    k = traitlets.CFloat(0.0).tag(sync=True)
    fixed_demand = traitlets.Bool(False).tag(sync=True)

    # What the picture shows, beside its sentence.
    price = traitlets.CFloat().tag(sync=True)
    low = traitlets.CFloat().tag(sync=True)
    high = traitlets.CFloat().tag(sync=True)
    sold, bought = _numbers(), _numbers()

    def __init__(
        self,
        offer_prices: ArrayLike,
        offer_quantities: ArrayLike,
        bid_prices: ArrayLike,
        bid_quantities: ArrayLike,
        *,
        k: float = 0.0,
        ties: Ties = "index",
        price_cap: float = PRICE_CAP,
        currency: str = "€",
        fallback: Callable[[], widgets.Widget] | None = None,
    ) -> None:
        given = offer_prices, offer_quantities, bid_prices, bid_quantities
        checked = check_auction(*given, k, ties)
        self._counts = {name: len(getattr(checked, name)) for name in ORDERS}
        self._ties, self._cap, self._currency = ties, float(price_cap), currency
        self._x_ticks, self._y_ticks = self._ticks(checked)
        start = {name: getattr(checked, name).tolist() for name in ORDERS}
        start |= {"supply_factor": 1.0, "demand_factor": 1.0, "k": checked.k, "fixed_demand": False}
        setting = {
            "ties": ties,
            "currency": currency,
            "price_cap": self._cap,
            "styles": SURPLUS_STYLES,
            "demand_step": power_of_ten(self._x_ticks[-1] / 100),
            "price_step": power_of_ten((self._y_ticks[-1] - self._y_ticks[0]) / 100),
            "x_ticks": self._x_ticks,
            "y_ticks": self._y_ticks,
            "start": start,
        }
        super().__init__(fallback=fallback, _setting=setting, **start)

    @property
    def book(self) -> tuple[Float64Array, Float64Array, Float64Array, Float64Array]:
        """What is cleared, as `auction_clearing` takes it; shapes (N,), (N,), (M,), (M,)."""
        offer_prices, offered, bid_prices, wanted = (np.array(getattr(self, it)) for it in ORDERS)
        if self.fixed_demand:
            bid_prices = np.full_like(bid_prices, self._cap)
        return offer_prices, self.supply_factor * offered, bid_prices, self.demand_factor * wanted

    def png(self) -> bytes:
        """Draw the same state in Python."""
        return supply_and_demand(
            self.book,
            (self.low, self.price, self.high),
            np.array(self.sold),
            np.array(self.bought),
            prices=(self._y_ticks[0], self._y_ticks[-1]),
            quantities=(0.0, self._x_ticks[-1]),
            currency=self._currency,
        )

    def _clear(self) -> None:
        price, sold, bought = auction_clearing(*self.book, k=self.k, ties=self._ties)
        interval = price_interval(*self.book)
        with self.hold_sync():
            self.price, (self.low, self.high) = price, interval
            self.sold, self.bought = sold.tolist(), bought.tolist()
            self.sentence = description.auction(
                self.book, interval, price, sold, bought, self._currency
            )

    def _ticks(self, book: Auction) -> tuple[list[float], list[float]]:
        """Ticks of both axes; bids at the cap leave the scale, where others do not."""
        prices = np.concatenate([book.offer_prices, book.bid_prices])
        below = prices[prices < self._cap]
        prices = below if len(below) else prices
        low, high = min(0.0, prices.min()), max(0.0, prices.max())
        widest = max(book.offer_quantities.sum(), book.bid_quantities.sum())
        return axis_ticks(1.2 * low, 1.2 * high, 1.3 * float(widest))

    @traitlets.validate(*ORDERS)
    def _check_orders(self, proposal: Any) -> list[float]:
        name, values = proposal["trait"].name, proposal["value"]
        if len(values) != self._counts[name]:
            raise ValueError(f"{name} has {len(values)} elements for {self._counts[name]} orders")
        if values:
            check_vector(name, values, negative=name.endswith("prices"))
        return list(values)

    @traitlets.validate(*FACTORS)
    def _check_factor(self, proposal: Any) -> float:
        return within(proposal["trait"].name, proposal["value"], 0.0, np.inf)

    @traitlets.validate("k")
    def _check_k(self, proposal: Any) -> float:
        return within("k", proposal["value"], 0.0, 1.0)

    @traitlets.observe(*ORDERS, *FACTORS, "k", "fixed_demand")
    def _on_input(self, change: object) -> None:
        self._on_change(change)
