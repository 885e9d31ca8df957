"""The panels of notebook 01: the merit order of the RTS-79, which learners can drag."""

from __future__ import annotations

from typing import Any

import numpy as np

import market_py
from market_py.plots.merit_order import merit_order
from market_py.reliability import rts79
from market_py.workshop.lessons.n01_merit_order.plots import price_duration
from market_py.workshop.widgets import description
from market_py.workshop.widgets.controls import choice, slider
from market_py.workshop.widgets.merit_order import MeritOrderFigure
from market_py.workshop.widgets.panel import Explorer, Shown

NAMES = [unit.name for unit in rts79.UNITS]
FUELS = [unit.fuel for unit in rts79.UNITS]
NO_OUTAGE = "all units are up"
DEMAND = 2200
"""With which the figure starts, MW."""
LOST_LOAD = 1000.0
"""Value of lost load with which it starts, and in the panel of the year; $/MWh."""
OUTAGES = {
    NO_OUTAGE: (),
    "one nuclear unit (400 MW)": ("nuclear 400 MW #1",),
    "both nuclear units (800 MW)": ("nuclear 400 MW #1", "nuclear 400 MW #2"),
    "the largest coal unit (350 MW)": ("coal 350 MW #1",),
    "all hydro units (300 MW)": tuple(name for name in NAMES if name.startswith("hydro")),
}
"""Outages to choose from."""


def flagship_figure() -> MeritOrderFigure:
    """The figure that is dragged in the browser; one that cannot draw it gets Python's panel."""
    return MeritOrderFigure(
        [unit.om_cost for unit in rts79.UNITS],
        [unit.capacity for unit in rts79.UNITS],
        DEMAND,
        names=NAMES,
        kinds=FUELS,
        fuel_costs=[unit.fuel_cost for unit in rts79.UNITS],
        lost_load=LOST_LOAD,
        currency="$",
        fallback=merit_order_panel,
    )


def agreement(figure: Any) -> str:
    """Clear what the flagship figure shows once more, and say whether the two agree."""
    if isinstance(figure, Explorer):
        return "The panel of Python is cleared by market_clearing itself."
    bids, quantities = rts79.offers(figure.fuel_prices, tuple(figure.outages))
    price, dispatch = market_py.market_clearing(
        bids, quantities, figure.demand, price_cap=figure.lost_load
    )
    agree = price == figure.price and np.allclose(dispatch, figure.dispatch, rtol=1e-12, atol=0)
    return (
        f"figure           {figure.price:,.2f} $/MWh, {sum(figure.dispatch):,.0f} MW run\n"
        f"market_clearing  {price:,.2f} $/MWh, {dispatch.sum():,.0f} MW run\n"
        f"They {'agree' if agree else 'do NOT agree'}."
    )


def merit_order_panel() -> Explorer:
    """Sliders for demand, fuel price, an outage and the value of lost load."""
    axes: dict[str, Any] = {"kinds": FUELS, "prices": (0, 100), "highest_quantity": 3500}

    def answer(demand: int, oil: int, outage: str, lost_load: int) -> Shown:
        bids, quantities = rts79.offers({"oil": oil / 100}, OUTAGES[outage])
        price, dispatch = market_py.market_clearing(bids, quantities, demand, price_cap=lost_load)
        market = bids, quantities, demand, price, dispatch
        return merit_order(*market, **axes), description.cleared(NAMES, *market, "$")

    controls = {
        "demand": slider("demand", DEMAND, 0, 3400, 10, "MW"),
        "oil": slider("oil price", 100, 20, 200, 5, "%"),
        "outage": choice("on outage", list(OUTAGES)),
        "lost_load": slider("lost load", round(LOST_LOAD), 100, 5000, 100, "$/MWh"),
    }
    return Explorer(controls, answer)


def price_duration_panel() -> Explorer:
    """The prices of the whole year, cleared in one call at each change."""
    loads = rts79.hourly_loads()

    def answer(growth: int, oil: int, outage: str) -> Shown:
        bids, quantities = rts79.offers({"oil": oil / 100}, OUTAGES[outage])
        demand = loads * (1 + growth / 100)
        prices, dispatch = market_py.market_clearing_batch(
            bids, quantities, demand, price_cap=LOST_LOAD
        )
        short = int((dispatch.sum(axis=1) < demand * (1 - 1e-9)).sum())
        average = (prices * demand).sum() / demand.sum()
        return price_duration(prices, bids.max()), (
            f"{len(prices):,} hours cleared in one call: on average a MWh costs {average:,.2f} $, "
            f"at most {prices.max():,.2f} $; demand is not met in {short} hours. "
            f"A shortage is priced at {LOST_LOAD:,.0f} $/MWh."
        )

    controls = {
        "growth": slider("load growth", 0, -20, 30, 1, "%"),
        "oil": slider("oil price", 100, 20, 140, 5, "%"),
        "outage": choice("out all year", list(OUTAGES)),
    }
    return Explorer(controls, answer)
