"""Arrays that learners are given: of one dtype, contiguous and aligned."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from market_py.validation import check_kind

Float32Array = NDArray[np.float32]

KINDS = {"f": ("iuf", "real numbers"), "i": ("iu", "integers"), "b": ("b", "booleans")}
"""Of an array that is asked for: the kinds of dtype that can become one, and what they are."""


def to_array(name: str, values: Any, dtype: DTypeLike) -> NDArray[Any]:
    """Make a contiguous, aligned array of a dtype; what is too large for it becomes infinite.

    Raises
    ------
    TypeError
        The values are of another kind, such as strings, complex or masked ones.
    """
    if type(values) is np.ndarray and values.dtype == dtype:
        flags = values.flags
        return values if flags.c_contiguous and flags.aligned else values.copy("C")
    array = check_kind(name, values, *KINDS[np.dtype(dtype).kind])
    with np.errstate(over="ignore"):
        return np.require(array, dtype, ["C", "A", "E"])


def require(name: str, values: NDArray[Any], allowed: NDArray[np.bool_], must: str) -> None:
    """Refuse values of which one is not allowed.

    Raises
    ------
    ValueError
        Names the first of them.
    """
    if not allowed.all():
        at = tuple(map(int, np.argwhere(~allowed)[0]))
        raise ValueError(f"{name}{[*at]} = {values[at].item()!r}: must be {must}")
