"""Clear one market, or a batch of markets, with any backend."""

from __future__ import annotations

from typing import SupportsIndex

from numpy.typing import ArrayLike

from market_py.registry import get_backend
from market_py.validation import Float64Array, Ties


def market_clearing(
    bids: ArrayLike,
    quantities: ArrayLike,
    demand: float,
    *,
    ties: Ties = "index",
    price_cap: float | None = None,
    backend: str | None = None,
) -> tuple[float, Float64Array]:
    """Clear one market in merit order at a uniform price.

    Offers are accepted by ascending price until demand is met. The price is the lowest offered
    price that covers demand: at or below it at least demand, less a billionth, is offered.

    Parameters
    ----------
    bids : array_like, shape (N,)
        Offer prices, €/MWh; finite, and negative if you like.
    quantities : array_like, shape (N,)
        Offered quantities, MW; finite and >= 0.
    demand : float
        Fixed demand, MW; finite and >= 0.
    ties : {"index", "pro_rata"}
        Offers at the marginal price are accepted in the order of their indices, or each offer sells
        the same share.
    price_cap : float, optional
        Price in a shortage, €/MWh (value of lost load); by default the highest offer.
    backend : str, optional
        Name of one of `available_backends`; by default the fastest.

    Returns
    -------
    price : float
        Uniform clearing price, €/MWh: the offered price of the marginal unit.
    dispatch : ndarray, shape (N,)
        Accepted quantities, MW, in the order of the offers.

    Raises
    ------
    TypeError
        An argument is not made of real numbers, or has a mask or units.
    ValueError
        An argument has the wrong shape or a value out of range, `ties` or `backend` is unknown, or
        pandas or xarray arguments have different labels.
    ImportError
        The backend is not installed; the message says what to install.

    Examples
    --------
    >>> market_clearing([30.0, 10.0, 20.0], [100.0, 100.0, 100.0], 150.0)
    (20.0, array([  0., 100.,  50.]))

    A shortage: 300 MW are offered, and all are sold at the price cap.

    >>> market_clearing([30.0, 10.0, 20.0], [100.0, 100.0, 100.0], 400.0, price_cap=3000.0)
    (3000.0, array([100., 100., 100.]))
    """
    clear = get_backend(backend).market_clearing
    return clear(bids, quantities, demand, ties=ties, price_cap=price_cap)


def market_clearing_batch(
    bids: ArrayLike,
    quantities: ArrayLike,
    demand: ArrayLike,
    *,
    ties: Ties = "index",
    price_cap: ArrayLike | None = None,
    threads: SupportsIndex | None = None,
    backend: str | None = None,
) -> tuple[Float64Array, Float64Array]:
    """Clear ``B`` markets in one call; row ``i`` equals `market_clearing` on row ``i``.

    Parameters
    ----------
    bids, quantities : array_like, shape (B, N) or (N,)
        Offer prices, €/MWh, and offered quantities, MW; one row for each market, or one for all.
    demand, price_cap : array_like, shape (B,) or ()
        As for `market_clearing`; one for each market, or one for all.
    threads : int, optional
        Maximum number of threads; by default the number of cores. The result does not depend on
        it.
    ties, backend
        As for `market_clearing`.

    Returns
    -------
    prices : ndarray, shape (B,)
        Uniform clearing prices, €/MWh.
    dispatch : ndarray, shape (B, N)
        Accepted quantities, MW.

    Raises
    ------
    TypeError, ValueError, ImportError
        As for `market_clearing`; the message names the first row with an error.

    Notes
    -----
    ``B`` is the number of rows of the two-dimensional arrays, or the length of `demand`, otherwise
    1. Axes of length 1 do not broadcast.

    Examples
    --------
    >>> market_clearing_batch([10.0, 20.0], [50.0, 50.0], [30.0, 80.0])
    (array([10., 20.]), array([[30.,  0.],
           [50., 30.]]))
    """
    clear = get_backend(backend).market_clearing_batch
    return clear(bids, quantities, demand, ties=ties, price_cap=price_cap, threads=threads)
