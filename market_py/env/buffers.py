"""`StepBuffers`: the arrays that a step fills."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from market_py.env.model import Model
from market_py.validation import Float64Array


class StepBuffers(NamedTuple):
    """Arrays that a step of ``B`` markets with ``N`` agents and ``F`` features fills."""

    observations: Float64Array
    """Observations of the next hour, shape (B, N, F)."""
    final_observations: Float64Array
    """Observations after the last hour, shape (B, N, F); written where an episode has ended."""
    rewards: Float64Array
    """Rewards of the hour that was cleared, shape (B, N)."""
    ended: NDArray[np.bool_]
    """Whether that hour was the last of its episode, shape (B,)."""
    demand: Float64Array
    """Demand of that hour, MW, shape (B,)."""
    prices: Float64Array
    """Price of that hour, €/MWh, shape (B,)."""
    dispatch: Float64Array
    """Dispatch of that hour, MW, shape (B, N)."""

    @classmethod
    def of(cls, model: Model, markets: int) -> StepBuffers:
        """Make the arrays for ``markets`` markets, filled with zeros."""
        offers, shown = (markets, model.agents), (markets, model.agents, model.features)
        return cls(
            observations=np.zeros(shown),
            final_observations=np.zeros(shown),
            rewards=np.zeros(offers),
            ended=np.zeros(markets, dtype=bool),
            demand=np.zeros(markets),
            prices=np.zeros(markets),
            dispatch=np.zeros(offers),
        )
