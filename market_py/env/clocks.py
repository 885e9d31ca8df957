"""Where markets are: the whole state of an environment."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Words = NDArray[np.uint64]


@dataclass(frozen=True, eq=False)
class Clocks:
    """The clock of each market: seed, episode and hour.

    The noise on a market's demand is a function of its clock and of nothing else: results depend
    neither on the number of markets nor on the threads nor on the backend.
    """

    seeds: Words
    episodes: Words
    hours: Words

    @classmethod
    def at_start(cls, markets: int) -> Clocks:
        """Clocks of so many markets, of seed 0, before the first hour."""
        return cls(*(np.zeros(markets, dtype=np.uint64) for _ in range(3)))

    def copy(self) -> Clocks:
        """Copy them."""
        return Clocks(self.seeds.copy(), self.episodes.copy(), self.hours.copy())

    def set(self, other: Clocks) -> None:
        """Take over the time of other clocks."""
        self.seeds[:], self.episodes[:], self.hours[:] = other.seeds, other.episodes, other.hours
