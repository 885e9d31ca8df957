"""Turns any two numbers of a learner into an action within its bounds."""

from __future__ import annotations

import numpy as np

from market_py.env.actions import HIGH, LOW
from market_py.learning.arrays import Floats
from market_py.validation import Float64Array

WITHHELD_AT_FIRST = -3.0
"""A first number with which 1 / (1 + e^3), 5 %, is withheld."""


def squash(asked: Floats) -> Float64Array:
    """Return actions, shape (..., 2): the logistic function of the first number, and the second.

    The share withheld is the logistic function; the markup before ``tanh`` is clipped.
    """
    actions = np.array(asked, np.float64)
    with np.errstate(over="ignore"):  # exp may be infinite: the share is 0 then.
        actions[..., 0] = 1 / (1 + np.exp(-actions[..., 0]))
    return np.clip(actions, LOW, HIGH, out=actions)
