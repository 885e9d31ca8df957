"""Clear one two-sided auction, or a batch of them, with any backend; settle what was traded."""

from __future__ import annotations

from typing import Any, Literal, SupportsIndex

import numpy as np
from numpy.typing import ArrayLike

from market_py.registry import get_backend
from market_py.validation import Float64Array, Ties, check_settlement


def auction_clearing(
    offer_prices: ArrayLike,
    offer_quantities: ArrayLike,
    bid_prices: ArrayLike,
    bid_quantities: ArrayLike,
    *,
    k: float = 0.0,
    ties: Ties = "index",
    backend: str | None = None,
) -> tuple[float, Float64Array, Float64Array]:
    """Clear one auction of sellers and buyers at a uniform price.

    Offers are accepted by ascending, bids by descending price, as long as buyers pay what sellers
    ask. Here an **offer** is a seller's order and a **bid** a buyer's; the argument ``bids`` of
    `market_py.market_clearing` holds offers.

    Parameters
    ----------
    offer_prices : array_like, shape (N,)
        Least prices that sellers take, €/MWh; finite, of any sign.
    offer_quantities : array_like, shape (N,)
        Offered quantities, MW; finite and >= 0.
    bid_prices : array_like, shape (M,)
        Most that buyers pay, €/MWh; finite, of any sign. A buyer who pays any price bids the price
        cap of its market.
    bid_quantities : array_like, shape (M,)
        Quantities that buyers want, MW; finite and >= 0.
    k : float
        Where the price lies between the lowest (0) and the highest (1) price at which the auction
        clears; see `price_interval`.
    ties : {"index", "pro_rata"}
        Orders at the marginal price are accepted in the order of their indices, or each with the
        same share; on each side.
    backend : str, optional
        Name of one of `available_backends`; by default the fastest.

    Returns
    -------
    price : float
        Uniform clearing price, €/MWh; finite, also where nothing is traded. For ``k=0`` it is the
        price of an order.
    sold : ndarray, shape (N,)
        Accepted quantities of the offers, MW, in their order.
    bought : ndarray, shape (M,)
        Accepted quantities of the bids, MW, in their order.

    Raises
    ------
    TypeError
        An argument is not made of real numbers, or has a mask or units.
    ValueError
        An argument has the wrong shape or a value out of range, there is neither offer nor bid,
        `ties` or `backend` is unknown, or pandas or xarray arguments have different labels.
    ImportError
        The backend is not installed; the message says what to install.

    Notes
    -----
    As `market_py.market_clearing`, the auction tolerates rounding: what is offered covers what is
    bid if it is at least that much less a billionth. A fixed demand ``d`` is the bid
    ``[cap], [d]`` at a cap at or above all offers; the price and the dispatch are then those of
    ``market_clearing(..., d, price_cap=cap)``.

    Examples
    --------
    >>> auction_clearing([0.0, 80.0], [100.0, 50.0], [90.0, 50.0], [120.0, 20.0])
    (80.0, array([100.,  20.]), array([120.,   0.]))

    Between 50 and 80 €/MWh the same 100 MW are traded; ``k`` divides the gap.

    >>> auction_clearing([0.0, 80.0], [100.0, 50.0], [100.0, 50.0], [100.0, 20.0], k=0.5)
    (65.0, array([100.,   0.]), array([100.,   0.]))
    """
    clear = get_backend(backend).auction_clearing
    return clear(offer_prices, offer_quantities, bid_prices, bid_quantities, k=k, ties=ties)


def auction_clearing_batch(
    offer_prices: ArrayLike,
    offer_quantities: ArrayLike,
    bid_prices: ArrayLike,
    bid_quantities: ArrayLike,
    *,
    k: ArrayLike = 0.0,
    ties: Ties = "index",
    threads: SupportsIndex | None = None,
    backend: str | None = None,
) -> tuple[Float64Array, Float64Array, Float64Array]:
    """Clear ``B`` auctions in one call; row ``i`` equals `auction_clearing` on row ``i``.

    Parameters
    ----------
    offer_prices, offer_quantities : array_like, shape (B, N) or (N,)
        Orders of sellers, €/MWh and MW; one row for each auction, or one for all.
    bid_prices, bid_quantities : array_like, shape (B, M) or (M,)
        Orders of buyers, €/MWh and MW; one row for each auction, or one for all.
    k : array_like, shape (B,) or ()
        As for `auction_clearing`; one for each auction, or one for all.
    threads : int, optional
        Maximum number of threads; by default the number of cores. The result does not depend on
        it.
    ties, backend
        As for `auction_clearing`.

    Returns
    -------
    prices : ndarray, shape (B,)
        Uniform clearing prices, €/MWh.
    sold : ndarray, shape (B, N)
        Accepted quantities of the offers, MW.
    bought : ndarray, shape (B, M)
        Accepted quantities of the bids, MW.

    Raises
    ------
    TypeError, ValueError, ImportError
        As for `auction_clearing`; the message names the first row with an error.

    Notes
    -----
    ``B`` is the number of rows of the two-dimensional arrays, or the length of `k`, otherwise 1.
    Axes of length 1 do not broadcast. Fill up auctions with fewer orders by orders of quantity 0 at
    any finite price. Only in a row without any positive quantity do these prices count.

    Examples
    --------
    >>> auction_clearing_batch([10.0, 20.0], [5.0, 5.0], [[15.0], [25.0]], [8.0])
    (array([15., 20.]), array([[5., 0.],
           [5., 3.]]), array([[5.],
           [8.]]))
    """
    clear = get_backend(backend).auction_clearing_batch
    given = offer_prices, offer_quantities, bid_prices, bid_quantities
    return clear(*given, k=k, ties=ties, threads=threads)


def price_interval(
    offer_prices: ArrayLike,
    offer_quantities: ArrayLike,
    bid_prices: ArrayLike,
    bid_quantities: ArrayLike,
    *,
    backend: str | None = None,
) -> tuple[Any, Any]:
    """Find the lowest and the highest price at which an auction clears.

    They are the prices of `auction_clearing` for ``k=0`` and ``k=1``. Arguments with rows are a
    batch. For a fixed demand, as of `market_py.market_clearing`, bid it at the price cap.

    Parameters
    ----------
    offer_prices, offer_quantities : array_like, shape (N,) or (B, N)
        Orders of sellers, €/MWh and MW.
    bid_prices, bid_quantities : array_like, shape (M,) or (B, M)
        Orders of buyers, €/MWh and MW.
    backend : str, optional
        As for `auction_clearing`.

    Returns
    -------
    low, high : float or ndarray, shape (B,)
        Ends of the price interval, €/MWh. Both are prices of orders.

    Raises
    ------
    TypeError, ValueError, ImportError
        As for `auction_clearing`.

    Examples
    --------
    >>> price_interval([0.0, 80.0], [100.0, 50.0], [100.0, 50.0], [100.0, 20.0])
    (50.0, 80.0)
    """
    given = offer_prices, offer_quantities, bid_prices, bid_quantities
    is_batch = any(np.ndim(argument) > 1 for argument in given)
    clear = auction_clearing_batch if is_batch else auction_clearing
    low, high = (clear(*given, k=k, backend=backend)[0] for k in (0.0, 1.0))
    return low, high


def payments(
    price: ArrayLike,
    offer_prices: ArrayLike,
    sold: ArrayLike,
    bought: ArrayLike,
    rule: Literal["uniform", "pay_as_bid"] = "uniform",
) -> tuple[Float64Array, Float64Array]:
    """Compute what each seller receives and what each buyer pays.

    Buyers pay in all what sellers receive in all. For `market_py.market_clearing` pass its `bids`
    and `dispatch`, and one buyer: ``bought=[dispatch.sum()]``.

    Parameters
    ----------
    price : array_like, shape () or (B,)
        Clearing price, €/MWh.
    offer_prices : array_like, shape (N,) or (B, N)
        Offered prices, €/MWh.
    sold : array_like, shape (N,) or (B, N)
        Accepted quantities of the offers, MW.
    bought : array_like, shape (M,) or (B, M)
        Accepted quantities of the bids, MW.
    rule : {"uniform", "pay_as_bid"}
        All trade at the clearing price, or each seller receives its own offer, and buyers share the
        cost in proportion to what they buy.

    Returns
    -------
    received : ndarray, shape (N,) or (B, N)
        What sellers receive, €/h.
    paid : ndarray, shape (M,) or (B, M)
        What buyers pay, €/h.

    Raises
    ------
    TypeError, ValueError
        As for `auction_clearing`; or `rule` is unknown.

    Examples
    --------
    >>> payments(20.0, [10.0, 20.0], [5.0, 3.0], [6.0, 2.0])
    (array([100.,  60.]), array([120.,  40.]))
    >>> payments(20.0, [10.0, 20.0], [5.0, 3.0], [6.0, 2.0], "pay_as_bid")
    (array([50., 60.]), array([82.5, 27.5]))
    """
    price, offer_prices, sold, bought = check_settlement(
        price=(price, "auctions"),
        offer_prices=(offer_prices, "offers"),
        sold=(sold, "offers"),
        bought=(bought, "bids"),
    )
    if rule == "uniform":
        received, paid = price[..., np.newaxis] * sold, price[..., np.newaxis] * bought
    elif rule == "pay_as_bid":
        received = offer_prices * sold
        volume = bought.sum(axis=-1, keepdims=True)
        shares = bought / np.where(volume > 0, volume, 1)
        paid = received.sum(axis=-1, keepdims=True) * shares
    else:
        raise ValueError(f"rule = {rule!r}: must be 'uniform' or 'pay_as_bid'")
    return received + 0.0, paid + 0.0  # Adding zero turns -0.0 into 0.0.


def surplus(
    offer_prices: ArrayLike,
    sold: ArrayLike,
    received: ArrayLike,
    bid_prices: ArrayLike,
    bought: ArrayLike,
    paid: ArrayLike,
) -> tuple[Any, Any]:
    """Compute the surplus of all buyers and of all sellers.

    For `market_py.market_clearing` pass the value of lost load as the price of the one bid.

    Parameters
    ----------
    offer_prices : array_like, shape (N,) or (B, N)
        Offered prices, €/MWh; or costs, for what sellers earn that offer other prices.
    sold : array_like, shape (N,) or (B, N)
        Accepted quantities of the offers, MW.
    received : array_like, shape (N,) or (B, N)
        What sellers receive, €/h; see `payments`.
    bid_prices : array_like, shape (M,) or (B, M)
        Prices bid, €/MWh: what a MWh is worth to each buyer.
    bought : array_like, shape (M,) or (B, M)
        Accepted quantities of the bids, MW.
    paid : array_like, shape (M,) or (B, M)
        What buyers pay, €/h.

    Returns
    -------
    consumer, producer : float or ndarray, shape (B,)
        Consumer and producer surplus, €/h.

    Raises
    ------
    TypeError, ValueError
        As for `auction_clearing`.

    Examples
    --------
    >>> price, sold, bought = auction_clearing([10.0, 20.0], [5.0, 5.0], [30.0], [8.0])
    >>> received, paid = payments(price, [10.0, 20.0], sold, bought)
    >>> surplus([10.0, 20.0], sold, received, [30.0], bought, paid)
    (80.0, 50.0)
    """
    offer_prices, sold, received, bid_prices, bought, paid = check_settlement(
        offer_prices=(offer_prices, "offers"),
        sold=(sold, "offers"),
        received=(received, "offers"),
        bid_prices=(bid_prices, "bids"),
        bought=(bought, "bids"),
        paid=(paid, "bids"),
    )
    consumer = np.sum(bid_prices * bought - paid, axis=-1)
    producer = np.sum(received - offer_prices * sold, axis=-1)
    return _scalar_or_rows(consumer), _scalar_or_rows(producer)


def _scalar_or_rows(total: Any) -> Any:
    return total if np.ndim(total) else float(total)
