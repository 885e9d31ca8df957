"""Merit-order clearing of an electricity market, compiled from Rust.

The contract (merit order, price, shortage, ties, errors) is that of ``market_py``, whose
``market_clearing`` and ``market_clearing_batch`` may be replaced by these.
"""

from typing import Literal, SupportsIndex

import numpy as np
from numpy.typing import ArrayLike, NDArray

__version__: str

BUILD_ID: str
"""Fingerprint of the sources that the extension was built from."""

BUILD_PROFILE: Literal["debug", "release"]
"""How the extension was compiled; only ``"release"`` is fast."""

def market_clearing(
    bids: ArrayLike,
    quantities: ArrayLike,
    demand: float,
    *,
    ties: Literal["index", "pro_rata"] = "index",
    price_cap: float | None = None,
) -> tuple[float, NDArray[np.float64]]:
    """Clear one market.

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

    Notes
    -----
    The arguments are never written. Do not write to them from another thread during the call: the
    GIL is released while 16,384 offers or more are cleared, and NumPy releases it when it writes.
    """

def market_clearing_batch(
    bids: ArrayLike,
    quantities: ArrayLike,
    demand: ArrayLike,
    *,
    ties: Literal["index", "pro_rata"] = "index",
    price_cap: ArrayLike | None = None,
    threads: SupportsIndex | None = None,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Clear ``B`` markets in one call, in parallel, with the GIL released.

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

    Returns
    -------
    prices : ndarray, shape (B,)
        Uniform clearing prices, €/MWh.
    dispatch : ndarray, shape (B, N)
        Accepted quantities, MW.

    Raises
    ------
    TypeError, ValueError
        As for `market_clearing`; one bad row is an error that names it.

    Notes
    -----
    ``B`` comes from the two-dimensional arrays or from `demand`, else it is 1. Axes of length 1 do
    not broadcast. Do not write to the arrays from another thread during the call: they are read
    with the GIL released.
    """

def market_clearing_naive(
    bids: NDArray[np.float64], quantities: NDArray[np.float64], demand: float
) -> tuple[float, list[float]]:
    """Clear one market in the published shape: a rung of the ladder, frozen, not a backend.

    An indirect stable sort, six temporary vectors, a Python list out. As all rungs it expects
    contiguous arrays of doubles and checks nothing but their lengths.
    """

def market_clearing_ndarray(
    bids: NDArray[np.float64], quantities: NDArray[np.float64], demand: float
) -> tuple[float, NDArray[np.float64]]:
    """Clear one market by the rung that returns an array instead of a list."""

def market_clearing_scratch(
    bids: NDArray[np.float64], quantities: NDArray[np.float64], demand: float
) -> tuple[float, NDArray[np.float64]]:
    """Clear one market by the rung without temporaries."""

def market_clearing_unstable(
    bids: NDArray[np.float64], quantities: NDArray[np.float64], demand: float
) -> tuple[float, NDArray[np.float64]]:
    """Clear one market by the rung with an unstable sort."""

def market_clearing_keys(
    bids: NDArray[np.float64], quantities: NDArray[np.float64], demand: float
) -> tuple[float, NDArray[np.float64]]:
    """Clear one market by the rung that sorts pairs of price and place."""

def market_clearing_select(
    bids: NDArray[np.float64], quantities: NDArray[np.float64], demand: float
) -> tuple[float, NDArray[np.float64]]:
    """Clear one market by the rung that does not sort."""

def market_clearing_cheap(
    bids: NDArray[np.float64], quantities: NDArray[np.float64], demand: float
) -> tuple[float, NDArray[np.float64]]:
    """Clear one market by the rung with the cheap border."""

def market_clearing_naive_cheap(
    bids: NDArray[np.float64], quantities: NDArray[np.float64], demand: float
) -> tuple[float, list[float]]:
    """Clear one market by the published kernel behind the cheap border."""

def market_clearing_select_list(
    bids: NDArray[np.float64], quantities: NDArray[np.float64], demand: float
) -> tuple[float, list[float]]:
    """Clear one market without sorting, behind the cheap border, a list out."""

def market_clearing_into(
    bids: NDArray[np.float64],
    quantities: NDArray[np.float64],
    demand: float,
    out: NDArray[np.float64],
) -> float:
    """Clear one market, write the dispatch into `out` and return the price: a rung of the ladder.

    Raises
    ------
    ValueError
        `out` has another length, is read-only, or shares memory with the offers.
    """
