"""Conversion of arguments to contiguous, aligned arrays of one dtype."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from market_py.validation import check_kind

Float32Array = NDArray[np.float32]

KINDS = {
    "f": ("iuf", "real numbers"),
    "i": ("iu", "integers"),
    "u": ("u", "unsigned integers"),
    "b": ("b", "booleans"),
}
"""Kinds of dtype that can be converted to a kind, and how errors call them."""


def to_array(name: str, values: Any, dtype: DTypeLike) -> NDArray[Any]:
    """Return a contiguous, aligned array of a dtype; numbers too large for it become infinite.

    Raises
    ------
    TypeError
        The values are of another kind, such as strings or complex numbers, or masked.
    """
    if type(values) is np.ndarray and values.dtype == dtype:
        flags = values.flags
        return values if flags.c_contiguous and flags.aligned else values.copy("C")
    array = check_kind(name, values, *KINDS[np.dtype(dtype).kind])
    with np.errstate(over="ignore"):
        return np.require(array, dtype, ["C", "A", "E"])


def require(name: str, values: NDArray[Any], allowed: NDArray[np.bool_], must: str) -> None:
    """Refuse values unless all are allowed.

    Raises
    ------
    ValueError
        One is not; the message names the first.
    """
    if not allowed.all():
        at = tuple(map(int, np.argwhere(~allowed)[0]))
        raise ValueError(f"{name}{[*at]} = {values[at].item()!r}: must be {must}")
