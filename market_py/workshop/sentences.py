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
    money = f"{price:,.2f} {currency}/MWh"
    if unserved > 1e-9 * demand:
        return (
            f"Demand {demand:,.0f} MW exceeds the {served:,.0f} MW offered: {unserved:,.0f} MW are "
            f"not served, and the price is {money}."
        )
    if demand == 0:
        return f"No demand: nothing runs, and the price is the cheapest offer, {money}."
    running = np.flatnonzero(dispatch > 0)
    at_price = running[bids[running] == price]
    marginal = int(at_price[-1])
    spare = quantities[marginal] - dispatch[marginal]
    return (
        f"Demand {demand:,.0f} MW clears at {money}: {names[marginal]} is marginal, with "
        f"{spare:,.0f} MW to spare. {len(running)} of {len(names)} offers run."
    )
