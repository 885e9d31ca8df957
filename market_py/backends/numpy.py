"""The NumPy backend: vectorised over the offers of a market and over the markets of a batch.

Some sums overflow and some quotients underflow, but these results are not used. Therefore the
public functions ignore floating-point errors, whatever the caller has set with `numpy.seterr`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import SupportsIndex

import numpy as np
from numpy.typing import ArrayLike, NDArray

from market_py.backends.constants import COVERAGE, EPSILON, SCALE, SMALLEST, TINY
from market_py.backends.python import (
    clear_auction,
    marginal_offer,
    repeat_shared,
    repeat_shared_orders,
)
from market_py.validation import (
    Auction,
    Float64Array,
    Ties,
    check_auction,
    check_auction_batch,
    check_batch,
    check_market,
)

OFFERS_PER_CHUNK = 1 << 16
"""Number of offers, about, that are cleared at a time, to bound the memory of the temporaries."""


@np.errstate(all="ignore")
def market_clearing(
    bids: ArrayLike,
    quantities: ArrayLike,
    demand: float,
    *,
    ties: Ties = "index",
    price_cap: float | None = None,
) -> tuple[float, Float64Array]:
    """Clear one market; see `market_py.market_clearing`."""
    market = check_market(bids, quantities, demand, ties, price_cap)
    cap = None if market.price_cap is None else np.array([market.price_cap])
    prices, dispatch = _clear(
        market.bids[np.newaxis],
        market.quantities[np.newaxis],
        np.array([market.demand]),
        market.ties,
        cap,
    )
    return float(prices[0]), dispatch[0].copy()


@np.errstate(all="ignore")
def market_clearing_batch(
    bids: ArrayLike,
    quantities: ArrayLike,
    demand: ArrayLike,
    *,
    ties: Ties = "index",
    price_cap: ArrayLike | None = None,
    threads: SupportsIndex | None = None,
) -> tuple[Float64Array, Float64Array]:
    """Clear a batch, chunk by chunk, on one thread; see `market_py.market_clearing_batch`."""
    batch = repeat_shared(check_batch(bids, quantities, demand, ties, price_cap, threads))
    prices = np.empty(batch.markets)
    dispatch = np.empty((batch.markets, batch.offers))
    step = max(1, OFFERS_PER_CHUNK // batch.offers)
    for start in range(0, batch.markets, step):
        rows = slice(start, start + step)
        cap = None if batch.price_cap is None else batch.price_cap[rows]
        prices[rows], dispatch[rows] = _clear(
            batch.bids[rows], batch.quantities[rows], batch.demand[rows], ties, cap
        )
    return prices, dispatch


@np.errstate(all="ignore")
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
    given = offer_prices, offer_quantities, bid_prices, bid_quantities
    auction = check_auction(*given, k, ties)
    orders = [array[np.newaxis] for array in auction[:4]]
    prices, sold, bought = _clear_auctions(orders, np.array([auction.k]), ties)
    return float(prices[0]), sold[0].copy(), bought[0].copy()


@np.errstate(all="ignore")
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
    """Clear a batch, chunk by chunk, on one thread; see `market_py.auction_clearing_batch`."""
    given = offer_prices, offer_quantities, bid_prices, bid_quantities
    batch = repeat_shared_orders(check_auction_batch(*given, k, ties, threads))
    offers, bids = batch.orders
    prices = np.empty(batch.auctions)
    sold, bought = np.empty((batch.auctions, offers)), np.empty((batch.auctions, bids))
    step = max(1, OFFERS_PER_CHUNK // (offers + bids))
    for start in range(0, batch.auctions, step):
        rows = slice(start, start + step)
        *orders, k_of_rows = (array[rows] for array in batch[:5])
        prices[rows], sold[rows], bought[rows] = _clear_auctions(orders, k_of_rows, ties)
    return prices, sold, bought


def _clear(
    bids: Float64Array,
    quantities: Float64Array,
    demand: Float64Array,
    ties: Ties,
    price_cap: Float64Array | None,
) -> tuple[Float64Array, Float64Array]:
    """Clear the rows of two tables of shape (B, N); demand and cap have shape (B,)."""
    order, merit_bids, merit_quantities, supply, before = _merit_order(bids, quantities)
    marginal, shortage = _marginal_offers(merit_quantities, supply, demand)
    shortage, demand = shortage[:, np.newaxis], demand[:, np.newaxis]
    price = np.take_along_axis(merit_bids, marginal[:, np.newaxis], axis=1)
    if price_cap is not None:
        price = np.where(shortage, price_cap[:, np.newaxis], price)
    accepted = _accept(merit_bids, merit_quantities, before, price, demand, ties)
    accepted = np.where(shortage, merit_quantities, accepted)
    # Adding zero turns -0.0 into 0.0.
    return price[:, 0] + 0.0, _in_order_of_input(accepted, order) + 0.0


def _clear_auctions(
    orders: Sequence[Float64Array], k: Float64Array, ties: Ties
) -> tuple[Float64Array, Float64Array, Float64Array]:
    """Clear the rows of tables of shape (B, N) and (B, M).

    A rejected bid is a generator that is not needed: the lower end of the price interval is the
    price of a market of all orders, in which the demand is all that is bid. The tolerance makes
    bids count a billionth less. Rows in which floating sums cannot decide are left to the plain
    Python backend.
    """
    offer_prices, offer_quantities, bid_prices, bid_quantities = orders
    book = np.concatenate([offer_prices, bid_prices], axis=1)
    weights = np.concatenate([offer_quantities, bid_quantities * COVERAGE], axis=1)
    _, merit_prices, _, supply, _ = _merit_order(book, weights)
    target = np.sum(bid_quantities, axis=1) * COVERAGE
    # A sum of n terms of one sign has a relative error below (n - 1) epsilon / 2, and each weight
    # is rounded; twice that, and more for rounding the bounds. Subnormal products lose more.
    error = (2 * book.shape[1] + 16) * EPSILON
    least = book.shape[1] * SMALLEST
    sure, sure_at = _first(supply >= (target * (1 + error) + least)[:, np.newaxis])
    possible, possible_at = _first(supply > (target * (1 - error) - least)[:, np.newaxis])
    decided = sure & possible & (possible_at == sure_at) & (target > 0)
    low = np.take_along_axis(merit_prices, sure_at[:, np.newaxis], axis=1)

    offered = np.sum(np.where(offer_prices <= low, offer_quantities, 0), axis=1)
    demanded = np.sum(np.where(bid_prices >= low, bid_quantities, 0), axis=1)
    above = np.sum(np.where(bid_prices > low, bid_quantities, 0), axis=1)
    # The price is unique unless the next price of the book fulfils its condition too.
    decided &= above < offered * (COVERAGE - error)
    decided &= np.abs(offered - demanded) > error * np.maximum(offered, demanded)
    decided &= np.isfinite(offered + demanded)

    volume = np.minimum(offered, demanded)[:, np.newaxis]
    is_cut = (offered > demanded)[:, np.newaxis]
    sold = _fill_side(offer_prices, offer_quantities, low, volume, is_cut, ties)
    bought = _fill_side(-bid_prices, bid_quantities, -low, volume, ~is_cut, ties)
    prices = low[:, 0] + 0.0
    for row in np.flatnonzero(~decided):
        own = (array[row] for array in orders)
        auction = Auction._make([*own, float(k[row]), ties])
        prices[row], sold[row], bought[row] = clear_auction(auction)
    return prices, sold, bought


def _fill_side(
    prices: Float64Array,
    quantities: Float64Array,
    limit: Float64Array,
    volume: Float64Array,
    is_cut: NDArray[np.bool_],
    ties: Ties,
) -> Float64Array:
    """Accept orders up to a price limit; up to a volume in rows that are cut, else all of them."""
    accepted = np.where(prices <= limit, quantities, 0.0) + 0.0
    if not np.any(is_cut) or prices.shape[1] == 0:
        return accepted
    order, merit_prices, merit_quantities, supply, before = _merit_order(prices, quantities)
    _, last = _first(supply >= volume)
    price = np.minimum(np.take_along_axis(merit_prices, last[:, np.newaxis], axis=1), limit)
    some = _accept(merit_prices, merit_quantities, before, price, volume, ties)
    return np.where(is_cut, _in_order_of_input(some, order) + 0.0, accepted)


def _merit_order(
    prices: Float64Array, quantities: Float64Array
) -> tuple[NDArray[np.intp], Float64Array, Float64Array, Float64Array, Float64Array]:
    """Sort the rows by price: order, prices, quantities, and their sums with and without each."""
    order = np.argsort(prices, axis=1, kind="stable")
    merit_prices = np.take_along_axis(prices, order, axis=1)
    merit_quantities = np.take_along_axis(quantities, order, axis=1)
    supply = _running_sums(merit_quantities)
    before = np.zeros_like(supply)
    before[:, 1:] = supply[:, :-1]
    return order, merit_prices, merit_quantities, supply, before


def _accept(
    prices: Float64Array,
    quantities: Float64Array,
    before: Float64Array,
    price: Float64Array,
    volume: Float64Array,
    ties: Ties,
) -> Float64Array:
    """Accept offers in merit order, which a price limits, up to a volume."""
    accepted = np.clip(volume - before, 0, quantities)
    if ties == "pro_rata":
        tied = prices == price
        first = np.argmax(tied, axis=1)[:, np.newaxis]
        residual = volume - np.take_along_axis(before, first, axis=1)
        accepted = np.where(tied, _share(quantities, tied, residual), accepted)
    return np.where(prices <= price, accepted, 0)


def _in_order_of_input(values: Float64Array, order: NDArray[np.intp]) -> Float64Array:
    result = np.empty_like(values)
    np.put_along_axis(result, order, values, axis=1)
    return result


def _running_sums(terms: Float64Array) -> Float64Array:
    """Cumulative sums along the rows in twice the precision of a double.

    TwoSum (Knuth) gives the rounding error of each addition, and the errors are summed beside:
    Sum2 of Ogita, Rump and Oishi, SIAM J. Sci. Comput. 26 (2005) 1955-1988.
    """
    sums = np.cumsum(terms, axis=1)
    previous = np.zeros_like(sums)
    previous[:, 1:] = sums[:, :-1]
    added = sums - previous
    errors = (previous - (sums - added)) + (terms - added)
    return np.where(np.isfinite(sums), sums + np.cumsum(errors, axis=1), sums)


def _marginal_offers(
    quantities: Float64Array, supply: Float64Array, demand: Float64Array
) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """Rank of each row's marginal offer in merit order, and whether there is a shortage.

    In a shortage it is the last offer. Offers of nothing count only where there is no other.
    """
    offers = supply.shape[1]
    positive = quantities > 0
    first = np.argmax(positive, axis=1)
    last = offers - 1 - np.argmax(positive[:, ::-1], axis=1)

    target = demand * COVERAGE
    # The relative error of Sum2, at most, plus that of rounding the bounds below. Between them
    # exact arithmetic decides. An infinite sum exceeds every demand.
    error = 4 * EPSILON + (offers * EPSILON) ** 2
    sure, sure_at = _first(supply >= (target * (1 + error))[:, np.newaxis])
    possible, possible_at = _first(supply > (target * (1 - error))[:, np.newaxis])
    marginal = np.where(sure, sure_at, last)
    shortage = ~sure
    undecided = (possible != sure) | (possible_at != sure_at)
    for row in np.flatnonzero(undecided & (demand > 0)):
        exact = marginal_offer(quantities[row].tolist(), float(demand[row]))
        marginal[row] = last[row] if exact is None else exact
        shortage[row] = exact is None
    return np.where(demand > 0, marginal, first), shortage & (demand > 0)


def _first(condition: NDArray[np.bool_]) -> tuple[NDArray[np.bool_], NDArray[np.intp]]:
    """Whether a condition holds anywhere in each row, and where first."""
    return np.logical_or.reduce(condition, axis=1), np.argmax(condition, axis=1)


def _share(
    quantities: Float64Array, tied: NDArray[np.bool_], residual: Float64Array
) -> Float64Array:
    """Accept the same share of each tied quantity, safe from overflow and underflow."""
    ratio = residual / np.sum(quantities, axis=1, where=tied, keepdims=True)
    scaled = quantities * SCALE
    scaled_sum = np.sum(scaled, axis=1, where=tied, keepdims=True)
    accepted = np.where(ratio < TINY, (scaled / scaled_sum) * residual, quantities * ratio)
    return np.where(residual > 0, np.minimum(quantities, accepted), 0)
