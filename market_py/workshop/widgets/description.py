"""Sentences that say what a picture shows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from market_py.validation import Float64Array


def cleared(
    names: Sequence[str],
    bids: Float64Array,
    quantities: Float64Array,
    demand: float,
    price: float,
    dispatch: Float64Array,
    currency: str = "€",
) -> str:
    """Say at what price a market clears, which unit is marginal, and what is not served."""
    served = float(dispatch.sum())
    unserved = demand - served
    asked = f"Demand {_megawatts(demand)}"
    money = f"{price:,.2f} {currency}/MWh"
    if unserved > 1e-9 * demand:
        return (
            f"{asked} exceeds the {_megawatts(served)} offered: {_megawatts(unserved)} are not "
            f"served, and the price is {money}."
        )
    if demand == 0:
        return f"No demand: nothing runs, and the price is the cheapest offer, {money}."
    marginal = marginal_offers(bids, quantities, demand, price, dispatch)
    spare = float((quantities - dispatch)[marginal].sum())
    who = " and ".join(names[i] for i in marginal) + (" are" if len(marginal) > 1 else " is")
    return (
        f"{asked} clears at {money}: {who} marginal, with {_megawatts(spare)} to spare. "
        f"{(dispatch > 0).sum()} of {len(names)} offers run."
    )


def marginal_offers(
    bids: Float64Array,
    quantities: Float64Array,
    demand: float,
    price: float,
    dispatch: Float64Array,
) -> NDArray[np.intp]:
    """Indices of the offers that set the price; none in a shortage or without demand."""
    if demand - dispatch.sum() > 1e-9 * demand:
        return np.array([], np.intp)
    accepted = np.flatnonzero((dispatch > 0) & (bids == price))
    partly = accepted[dispatch[accepted] < quantities[accepted]]
    return partly if len(partly) else accepted[-1:]


def _megawatts(quantity: float) -> str:
    return f"{round(quantity, 9):,.6g} MW"
