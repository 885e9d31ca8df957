"""Lay out orders of many periods as a batch: a row for each period, padded to the same length."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from market_py.validation import Float64Array


class Rows:
    """Where each order of one side is in the batch; orders of a period keep their order.

    Examples
    --------
    >>> rows = Rows(np.array([0, 1, 0]), periods=2)
    >>> rows.lay_out([10.0, 20.0, 30.0])
    array([[10., 30.],
           [20.,  0.]])
    """

    def __init__(self, period: NDArray[Any], periods: int) -> None:
        counts = np.bincount(period, minlength=periods)
        starts = np.cumsum(counts) - counts
        column = np.empty(len(period), np.intp)
        column[np.argsort(period, kind="stable")] = np.arange(len(period)) - np.repeat(
            starts, counts
        )
        self.index = period, column
        """Row and column of each order."""
        self.shape = periods, int(counts.max(initial=0))

    def lay_out(self, values: ArrayLike, fill: ArrayLike = 0.0) -> Float64Array:
        """Return one value for each order, as a batch; `fill` is a number, or one for each row."""
        batch = np.empty(self.shape)
        batch[:] = np.reshape(fill, (-1, 1))
        batch[self.index] = values
        return batch
