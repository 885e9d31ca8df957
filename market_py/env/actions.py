"""Bounds of the actions of agents."""

from __future__ import annotations

import numpy as np

from market_py.env.model import MARKUP, WITHHELD
from market_py.validation import Float64Array

LOW, HIGH = np.array([WITHHELD, MARKUP]).T
"""Bounds of the two numbers of an action, shape (2,) each."""


def check_actions(actions: Float64Array, name: str = "actions") -> None:
    """Raise a ValueError that names the first value outside its bounds, if there is one."""
    allowed = (actions >= LOW) & (actions <= HIGH)
    if not allowed.all():
        at = tuple(map(int, np.argwhere(~allowed)[0]))
        low, high = LOW[at[-1]], HIGH[at[-1]]
        raise ValueError(f"{name}{[*at]} = {float(actions[at])}: must be in [{low:g}, {high:g}]")
