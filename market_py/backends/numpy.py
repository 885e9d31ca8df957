"""The NumPy backend: vectorised over the offers of a market and over the markets of a batch.

Some sums overflow and some quotients underflow, but these results are not used. Therefore the
public functions ignore floating-point errors, whatever the caller has set with `numpy.seterr`.
"""

from __future__ import annotations

from typing import SupportsIndex

import numpy as np
from numpy.typing import ArrayLike, NDArray

from market_py.backends.constants import COVERAGE, EPSILON, SCALE, TINY
from market_py.backends.python import marginal_offer, repeat_shared
from market_py.validation import Float64Array, Ties, check_batch, check_market

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


def _clear(
    bids: Float64Array,
    quantities: Float64Array,
    demand: Float64Array,
    ties: Ties,
    price_cap: Float64Array | None,
) -> tuple[Float64Array, Float64Array]:
    """Clear the rows of two tables of shape (B, N); demand and cap have shape (B,)."""
    order = np.argsort(bids, axis=1, kind="stable")
    merit_bids = np.take_along_axis(bids, order, axis=1)
    merit_quantities = np.take_along_axis(quantities, order, axis=1)
    supply = _running_sums(merit_quantities)
    before = np.zeros_like(supply)
    before[:, 1:] = supply[:, :-1]

    marginal, shortage = _marginal_offers(merit_quantities, supply, demand)
    shortage, demand = shortage[:, np.newaxis], demand[:, np.newaxis]
    price = np.take_along_axis(merit_bids, marginal[:, np.newaxis], axis=1)
    if price_cap is not None:
        price = np.where(shortage, price_cap[:, np.newaxis], price)

    accepted = np.clip(demand - before, 0, merit_quantities)
    if ties == "pro_rata":
        tied = merit_bids == price
        first = np.argmax(tied, axis=1)[:, np.newaxis]
        residual = demand - np.take_along_axis(before, first, axis=1)
        accepted = np.where(tied, _share(merit_quantities, tied, residual), accepted)
    accepted = np.where(merit_bids <= price, accepted, 0)
    accepted = np.where(shortage, merit_quantities, accepted)

    dispatch = np.empty_like(accepted)
    np.put_along_axis(dispatch, order, accepted, axis=1)
    return price[:, 0] + 0.0, dispatch + 0.0  # Adding zero turns -0.0 into 0.0.


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
