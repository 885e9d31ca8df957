"""The plain Python backend: the specification, in exact arithmetic; readable but slow."""

from __future__ import annotations

from bisect import bisect_left
from fractions import Fraction
from itertools import groupby
from typing import SupportsIndex

import numpy as np
from numpy.typing import ArrayLike

from market_py.backends.constants import COVERAGE, LARGEST, SCALE
from market_py.validation import (
    Auction,
    AuctionBatch,
    Batch,
    Float64Array,
    Market,
    Ties,
    check_auction,
    check_auction_batch,
    check_batch,
    check_market,
)


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


def auction_clearing(
    offer_prices: ArrayLike,
    offer_quantities: ArrayLike,
    bid_prices: ArrayLike,
    bid_quantities: ArrayLike,
    *,
    k: float = 0.0,
    ties: Ties = "index",
) -> tuple[float, Float64Array, Float64Array]:
    """Clear one auction; see `market_py.auction_clearing`."""
    return clear_auction(
        check_auction(offer_prices, offer_quantities, bid_prices, bid_quantities, k, ties)
    )


def auction_clearing_batch(
    offer_prices: ArrayLike,
    offer_quantities: ArrayLike,
    bid_prices: ArrayLike,
    bid_quantities: ArrayLike,
    *,
    k: ArrayLike = 0.0,
    ties: Ties = "index",
    threads: SupportsIndex | None = None,
) -> tuple[Float64Array, Float64Array, Float64Array]:
    """Clear a batch, one auction after the other; see `market_py.auction_clearing_batch`."""
    given = offer_prices, offer_quantities, bid_prices, bid_quantities
    batch = repeat_shared_orders(check_auction_batch(*given, k, ties, threads))
    offers, bids = batch.orders
    prices = np.zeros(batch.auctions)
    sold, bought = np.zeros((batch.auctions, offers)), np.zeros((batch.auctions, bids))
    for i, (*orders, own_k) in enumerate(zip(*batch[:5], strict=True)):
        auction = Auction._make([*orders, float(own_k), ties])
        prices[i], sold[i], bought[i] = clear_auction(auction)
    return prices, sold, bought


def repeat_shared(batch: Batch) -> Batch:
    """Repeat what the markets share, without a copy: each market then has a row of its own."""
    table, cap = (batch.markets, batch.offers), batch.price_cap
    return batch._replace(
        bids=np.broadcast_to(batch.bids, table),
        quantities=np.broadcast_to(batch.quantities, table),
        demand=np.broadcast_to(batch.demand, batch.markets),
        price_cap=None if cap is None else np.broadcast_to(cap, batch.markets),
    )


def repeat_shared_orders(batch: AuctionBatch) -> AuctionBatch:
    """Do the same for auctions."""
    rows, (offers, bids) = batch.auctions, batch.orders
    return batch._replace(
        offer_prices=np.broadcast_to(batch.offer_prices, (rows, offers)),
        offer_quantities=np.broadcast_to(batch.offer_quantities, (rows, offers)),
        bid_prices=np.broadcast_to(batch.bid_prices, (rows, bids)),
        bid_quantities=np.broadcast_to(batch.bid_quantities, (rows, bids)),
        k=np.broadcast_to(batch.k, rows),
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
    # The marginal unit may complete demand up to rounding only: no dearer offer is accepted.
    supply = sum((Fraction(quantities[i]) for i in offers if bids[i] <= price), Fraction(0))
    dispatch = _fill(bids, quantities, min(Fraction(market.demand), supply), market.ties)
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


def clear_auction(auction: Auction) -> tuple[float, Float64Array, Float64Array]:
    """Clear one checked auction."""
    low, high, volume = clear_orders(*(orders.tolist() for orders in auction[:4]))
    # Rule 2. Each operation is rounded once, so that all backends return the same bits. The sum may
    # lie outside the interval by a rounding error; adding zero turns -0.0 into 0.0.
    price = min(max((1 - auction.k) * low + auction.k * high, low), high) + 0.0
    # Rule 4: offers by ascending, bids by descending price.
    offers, bids = (
        (auction.offer_prices.tolist(), auction.offer_quantities.tolist()),
        ((-auction.bid_prices).tolist(), auction.bid_quantities.tolist()),
    )
    return price, _fill(*offers, volume, auction.ties), _fill(*bids, volume, auction.ties)


def clear_orders(
    offer_prices: list[float],
    offer_quantities: list[float],
    bid_prices: list[float],
    bid_quantities: list[float],
) -> tuple[float, float, Fraction]:
    """Find the price interval of an auction and the traded volume, MW (rules 1 and 3)."""
    offers = list(zip(offer_prices, map(Fraction, offer_quantities), strict=True))
    bids = list(zip(bid_prices, map(Fraction, bid_quantities), strict=True))

    def supply(price: float) -> Fraction:
        return sum((quantity for offer, quantity in offers if offer <= price), Fraction(0))

    def supply_below(price: float) -> Fraction:
        return sum((quantity for offer, quantity in offers if offer < price), Fraction(0))

    def demand(price: float) -> Fraction:
        return sum((quantity for bid, quantity in bids if bid >= price), Fraction(0))

    def demand_above(price: float) -> Fraction:
        return sum((quantity for bid, quantity in bids if bid > price), Fraction(0))

    orders = offers + bids
    book = sorted({price for price, quantity in orders if quantity > 0} or {p for p, _ in orders})
    # Each condition holds from some price on, in the one or the other direction.
    low = book[bisect_left(book, True, key=lambda p: supply(p) >= tolerated(demand_above(p)))]
    book.reverse()
    high = book[bisect_left(book, True, key=lambda p: demand(p) >= tolerated(supply_below(p)))]
    return low, high, min(supply(low), demand(high))


def tolerated(quantity: Fraction) -> Fraction:
    """Return how much must be there for a quantity to be covered: ``T`` of the contract, MW.

    The quantity is rounded to a double, and so is the product, as if exponents had no upper end.
    """
    if quantity <= LARGEST:
        return Fraction(float(quantity) * COVERAGE)
    return Fraction(float(quantity * Fraction(SCALE)) * COVERAGE) / Fraction(SCALE)


def _fill(
    prices: list[float], quantities: list[float], volume: Fraction, ties: Ties
) -> Float64Array:
    """Accept orders by ascending price up to a volume: offers, or bids with negated prices."""
    accepted = np.zeros(len(prices))
    remaining = volume
    merit_order = sorted(range(len(prices)), key=prices.__getitem__)
    for _, level in groupby(merit_order, key=prices.__getitem__):
        tied = {i: Fraction(quantities[i]) for i in level}
        share = min(remaining / (sum(tied.values()) or 1), Fraction(1))
        for i, quantity in tied.items():
            part = quantity * share if ties == "pro_rata" else min(quantity, remaining)
            accepted[i] = float(part)
            remaining -= part
    return accepted
