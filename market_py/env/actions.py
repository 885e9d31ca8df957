"""Actions of agents: conversion to arrays, and their bounds."""

from __future__ import annotations

from typing import Any

import numpy as np

from market_py.env.model import MARKUP, WITHHELD
from market_py.validation import Float64Array, check_kind

LOW, HIGH = np.array([WITHHELD, MARKUP]).T
"""Bounds of the two numbers of an action, shape (2,) each."""


def as_actions(value: Any, shape: tuple[int, ...], name: str = "actions") -> Float64Array:
    """Return actions as a contiguous array of doubles of that shape; errors begin with the name.

    Raises
    ------
    TypeError
        The value is not made of real numbers, or some of them are masked.
    ValueError
        The value has another shape.
    """
    array = check_kind(name, value)
    if array.shape != shape:
        raise ValueError(f"{name}: must have shape {shape}, got {array.shape}")
    return np.require(array, np.float64, ["C", "A", "E"])


def check_actions(actions: Float64Array, name: str = "actions") -> None:
    """Refuse actions outside their bounds.

    Raises
    ------
    ValueError
        The message begins with the name and gives the first such value.
    """
    allowed = (actions >= LOW) & (actions <= HIGH)
    if allowed.all():
        return
    at = tuple(int(i) for i in np.unravel_index(np.argmin(allowed), actions.shape))
    low, high = LOW[at[-1]], HIGH[at[-1]]
    raise ValueError(f"{name}{[*at]} = {float(actions[at])}: must be in [{low:g}, {high:g}]")
