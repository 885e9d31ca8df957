"""Gymnasium spaces of observations and of actions, for one agent or for several."""

from __future__ import annotations

import numpy as np

from market_py.env.actions import HIGH, LOW
from market_py.env.model import Model
from market_py.extras import explain_missing

with explain_missing():
    from gymnasium import spaces


def observation_space(model: Model, shape: tuple[int, ...] = ()) -> spaces.Box:
    """Return the space of observations, shape (F,) for one agent, (..., F) for more."""
    low, high = model.observation_bounds
    whole = (*shape, model.features)
    return spaces.Box(
        np.broadcast_to(low, whole), np.broadcast_to(high, whole), whole, dtype=np.float64
    )


def action_space(shape: tuple[int, ...] = ()) -> spaces.Box:
    """Return the space of actions, shape (2,) for one agent, (..., 2) for more."""
    whole = (*shape, 2)
    low, high = (np.broadcast_to(bound, whole).astype(np.float32) for bound in (LOW, HIGH))
    return spaces.Box(low, high, whole, dtype=np.float32)
