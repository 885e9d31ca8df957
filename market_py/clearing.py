"""The front door: one clearing function for all backends."""

from __future__ import annotations

from typing import SupportsIndex

from numpy.typing import ArrayLike

from market_py.registry import default_backend, get_backend
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

    Offers are accepted by ascending price until demand is met. The price is the smallest offered
    price at or below which at least demand, less a billionth of it, is offered.

    Parameters
    ----------
    bids : array_like, shape (N,)
        Offer prices, €/MWh; finite, may be negative.
    quantities : array_like, shape (N,)
        Offered quantities, MW; finite and >= 0.
    demand : float
        Fixed demand, MW; finite and >= 0.
    ties : {"index", "pro_rata"}
        Offers at the marginal price are accepted by index, or each with the same share.
    price_cap : float, optional
        Price of a shortage, €/MWh (value of lost load); without it, the highest offer.
    backend : str, optional
        One of `available_backends`; by default the fastest.

    Returns
    -------
    price : float
        Uniform clearing price, €/MWh: the offer of the marginal unit.
    dispatch : ndarray, shape (N,)
        Accepted quantities, MW, in the order of the offers.

    Raises
    ------
    TypeError
        An argument is not made of real numbers.
    ValueError
        An argument has the wrong shape, or a value outside its domain.
    ImportError
        The backend is not installed.

    Examples
    --------
    >>> market_clearing([30.0, 10.0, 20.0], [100.0, 100.0, 100.0], 150.0)
    (20.0, array([  0., 100.,  50.]))
    """
    chosen = default_backend() if backend is None else get_backend(backend)
    return chosen.market_clearing(bids, quantities, demand, ties=ties, price_cap=price_cap)


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
        As for `market_clearing`; one row for each market, or one for all.
    demand : array_like, shape (B,) or ()
        Fixed demand, MW.
    ties : {"index", "pro_rata"}
        As for `market_clearing`.
    price_cap : array_like, shape (B,) or (), optional
        As for `market_clearing`.
    threads : int, optional
        At most this many threads work; by default as many as there are cores. The result does
        not depend on it.
    backend : str, optional
        One of `available_backends`; by default the fastest.

    Returns
    -------
    prices : ndarray, shape (B,)
        Uniform clearing prices, €/MWh.
    dispatch : ndarray, shape (B, N)
        Accepted quantities, MW.

    Raises
    ------
    TypeError, ValueError, ImportError
        As for `market_clearing`; one bad row is an error that names it.

    Notes
    -----
    ``B`` comes from the two-dimensional arrays or from `demand`, else it is 1. Axes of length 1 do
    not broadcast.

    Examples
    --------
    >>> market_clearing_batch([10.0, 20.0], [50.0, 50.0], [30.0, 80.0])
    (array([10., 20.]), array([[30.,  0.],
           [50., 30.]]))
    """
    chosen = default_backend() if backend is None else get_backend(backend)
    return chosen.market_clearing_batch(
        bids, quantities, demand, ties=ties, price_cap=price_cap, threads=threads
    )
