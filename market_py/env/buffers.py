"""What a step tells: arrays that backends fill, made once."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from market_py.env.model import Model
from market_py.validation import Float64Array


@dataclass(frozen=True, eq=False)
class StepBuffers:
    """What a step of ``B`` markets with ``N`` agents tells."""

    observations: Float64Array
    """Of the hour to come, shape (B, N, F)."""
    final_observations: Float64Array
    """Of the hour after the last, written where an episode has ended, shape (B, N, F)."""
    rewards: Float64Array
    """Shape (B, N)."""
    ended: NDArray[np.bool_]
    """Whether the last hour is over, shape (B,)."""
    demand: Float64Array
    """Demand of the hour cleared, MW, shape (B,)."""
    prices: Float64Array
    """Price of the hour cleared, €/MWh, shape (B,)."""
    dispatch: Float64Array
    """Dispatch of the hour cleared, MW, shape (B, N)."""

    @classmethod
    def of(cls, model: Model, markets: int) -> StepBuffers:
        """Make the arrays, of zeros."""
        offers, shown = (markets, model.agents), (markets, model.agents, model.features)
        return cls(
            np.zeros(shown),
            np.zeros(shown),
            np.zeros(offers),
            np.zeros(markets, dtype=bool),
            np.zeros(markets),
            np.zeros(markets),
            np.zeros(offers),
        )

    def rows(self, rows: slice) -> StepBuffers:
        """Views of some markets."""
        return StepBuffers(*(getattr(self, field.name)[rows] for field in fields(self)))
