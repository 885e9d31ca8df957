"""Sentences that say what a picture shows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from market_py.validation import Floats


def cleared(
    names: Sequence[str],
    bids: Floats,
    quantities: Floats,
    demand: float,
    price: float,
    dispatch: Floats,
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
    running = np.flatnonzero(dispatch > 0)
    at_price = running[bids[running] == price]
    partly = at_price[dispatch[at_price] < quantities[at_price]]
    marginal = partly if len(partly) else at_price[-1:]
    spare = float((quantities - dispatch)[marginal].sum())
    who = " and ".join(names[i] for i in marginal) + (" are" if len(marginal) > 1 else " is")
    return (
        f"{asked} clears at {money}: {who} marginal, with {_megawatts(spare)} to spare. "
        f"{len(running)} of {len(names)} offers run."
    )


def _megawatts(quantity: float) -> str:
    return f"{round(quantity, 9):,.6g} MW"
