"""The plain Python backend: the specification, in exact arithmetic; readable but slow."""

from __future__ import annotations

from fractions import Fraction
from typing import SupportsIndex

import numpy as np
from numpy.typing import ArrayLike

from market_py.backends.constants import COVERAGE
from market_py.validation import Batch, Float64Array, Market, Ties, check_batch, check_market


def market_clearing(
    bids: ArrayLike,
    quantities: ArrayLike,
    demand: float,
    *,
    ties: Ties = "index",
    price_cap: float | None = None,
) -> tuple[float, Float64Array]:
    """Clear one market; see `market_py.market_clearing`."""
    return clear(check_market(bids, quantities, demand, ties, price_cap))


def market_clearing_batch(
    bids: ArrayLike,
    quantities: ArrayLike,
    demand: ArrayLike,
    *,
    ties: Ties = "index",
    price_cap: ArrayLike | None = None,
    threads: SupportsIndex | None = None,
) -> tuple[Float64Array, Float64Array]:
    """Clear a batch, one market after the other; see `market_py.market_clearing_batch`."""
    batch = repeat_shared(check_batch(bids, quantities, demand, ties, price_cap, threads))
    prices = np.zeros(batch.markets)
    dispatch = np.zeros((batch.markets, batch.offers))
    for i in range(batch.markets):
        cap = None if batch.price_cap is None else float(batch.price_cap[i])
        market = Market(batch.bids[i], batch.quantities[i], float(batch.demand[i]), ties, cap)
        prices[i], dispatch[i] = clear(market)
    return prices, dispatch


def repeat_shared(batch: Batch) -> Batch:
    """Repeat what the markets share, without a copy: each market then has a row of its own."""
    table, cap = (batch.markets, batch.offers), batch.price_cap
    return batch._replace(
        bids=np.broadcast_to(batch.bids, table),
        quantities=np.broadcast_to(batch.quantities, table),
        demand=np.broadcast_to(batch.demand, batch.markets),
        price_cap=None if cap is None else np.broadcast_to(cap, batch.markets),
    )


def clear(market: Market) -> tuple[float, Float64Array]:
    """Clear one checked market."""
    bids = market.bids.tolist()
    quantities = market.quantities.tolist()
    # Rule 1: ascending price, equal prices by index (Python sorts stably).
    merit_order = sorted(range(len(bids)), key=bids.__getitem__)
    # An offer of nothing counts only where there is no other.
    offers = [i for i in merit_order if quantities[i] > 0] or merit_order

    marginal = marginal_offer([quantities[i] for i in offers], market.demand)
    if marginal is None:  # Rule 5: a shortage.
        price = bids[offers[-1]] if market.price_cap is None else market.price_cap
        return price + 0.0, market.quantities + 0.0

    price = bids[offers[marginal]]
    dispatch = np.zeros(len(bids))
    remaining = Fraction(market.demand)
    for i in offers:
        if bids[i] < price:
            dispatch[i] = quantities[i]
            remaining -= Fraction(quantities[i])
    tied = {i: Fraction(quantities[i]) for i in offers if bids[i] == price}
    if market.ties == "index":
        for i, quantity in tied.items():
            accepted = min(quantity, remaining)
            dispatch[i] = float(accepted)
            remaining -= accepted
    else:
        share = min(remaining / (sum(tied.values()) or 1), Fraction(1))
        for i, quantity in tied.items():
            dispatch[i] = float(quantity * share)
    return price + 0.0, dispatch  # Adding zero turns -0.0 into 0.0.


def marginal_offer(quantities: list[float], demand: float) -> int | None:
    """Rank in merit order of the offer with which supply covers demand (rules 2 to 4).

    The price of that offer is the smallest one that covers demand. None in a shortage.
    """
    if demand == 0:
        return 0
    target = Fraction(demand * COVERAGE)
    supply = Fraction(0)
    for rank, quantity in enumerate(quantities):
        supply += Fraction(quantity)
        if supply >= target:
            return rank
    return None
