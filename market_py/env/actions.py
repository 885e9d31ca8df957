"""What is not an action is refused, naming the first offending value."""

from __future__ import annotations

from typing import Any

import numpy as np

from market_py.env.model import MARKUP, WITHHELD
from market_py.validation import Float64Array

LOW, HIGH = np.array([WITHHELD, MARKUP]).T


def as_actions(value: Any, shape: tuple[int, ...], name: str = "actions") -> Float64Array:
    """Return actions as a contiguous array of doubles of that shape; errors give them that name.

    Raises
    ------
    TypeError
        They are not real numbers.
    ValueError
        They have another shape.
    """
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise ValueError(f"{name}: must have shape {shape}: {error}") from error
    if array.dtype.kind not in "iuf":
        raise TypeError(f"{name}: must be real numbers, got dtype {array.dtype}")
    if array.shape != shape:
        raise ValueError(f"{name}: must have shape {shape}, got {array.shape}")
    return np.ascontiguousarray(array, dtype=np.float64)


def check_actions(actions: Float64Array, name: str = "actions") -> None:
    """Refuse actions outside their bounds; errors give them that name.

    Raises
    ------
    ValueError
        One is; the message names the first.
    """
    allowed = (actions >= LOW) & (actions <= HIGH)
    if allowed.all():
        return
    at = tuple(int(i) for i in np.unravel_index(np.argmin(allowed), actions.shape))
    low, high = LOW[at[-1]], HIGH[at[-1]]
    raise ValueError(f"{name}{[*at]} = {float(actions[at])}: must be in [{low:g}, {high:g}]")
