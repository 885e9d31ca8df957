"""Spaces of observations and of actions, of one agent or of more."""

from __future__ import annotations

import numpy as np
from gymnasium import spaces

from market_py.env.actions import HIGH, LOW
from market_py.env.model import Model


def observation_space(model: Model, shape: tuple[int, ...] = ()) -> spaces.Box:
    """Return the space of observations of one agent, shape (F,), or of more."""
    low, high = model.observation_bounds
    whole = (*shape, model.features)
    return spaces.Box(
        np.broadcast_to(low, whole), np.broadcast_to(high, whole), whole, dtype=np.float64
    )


def action_space(shape: tuple[int, ...] = ()) -> spaces.Box:
    """Return the space of actions of one agent, shape (2,), or of more.

    The share of its capacity that an agent withholds, in [0, 1], and its markup before it is
    squashed, in [-10, 10].
    """
    whole = (*shape, 2)
    low, high = (np.broadcast_to(bound, whole).astype(np.float32) for bound in (LOW, HIGH))
    return spaces.Box(low, high, whole, dtype=np.float32)
