"""Where markets are: the whole state of an environment."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

UInt64Array = NDArray[np.uint64]


@dataclass(frozen=True, eq=False)
class EnvState:
    """The clock of each market: seed, episode and hour.

    The noise on a market's demand is a function of its clock and of nothing else: results depend
    neither on the number of markets nor on the threads nor on the backend.
    """

    words: UInt64Array
    """Seeds, episodes and hours, shape (3, B)."""
    seeds: UInt64Array = field(init=False, repr=False)
    episodes: UInt64Array = field(init=False, repr=False)
    hours: UInt64Array = field(init=False, repr=False)

    def __post_init__(self) -> None:
        for row, name in enumerate(("seeds", "episodes", "hours")):
            object.__setattr__(self, name, self.words[row])

    @classmethod
    def at_start(cls, markets: int) -> EnvState:
        """EnvState of so many markets, of seed 0, before the first hour."""
        return cls(np.zeros((3, markets), dtype=np.uint64))

    def some(self, markets: slice | NDArray[np.bool_]) -> EnvState:
        """EnvState of some markets: of a slice a view, of a mask a copy."""
        return EnvState(self.words[:, markets])

    def copy(self) -> EnvState:
        """Copy them."""
        return EnvState(self.words.copy())

    def check(self, markets: int, hours: int) -> None:
        """Refuse state that are not those of so many markets, within an episode of so many hours.

        Raises
        ------
        TypeError
            They are not unsigned words.
        ValueError
            They are those of other markets, or an episode is over.
        """
        if not isinstance(self.words, np.ndarray) or self.words.dtype != np.uint64:
            got = getattr(self.words, "dtype", type(self.words).__name__)
            raise TypeError(f"state: must be of dtype uint64, got {got}")
        if self.words.shape != (3, markets):
            raise ValueError(f"state: must be those of {markets} markets, got {self.hours.size}")
        over = self.hours >= hours
        if over.any():
            at = int(np.argmax(over))
            raise ValueError(f"state.hours[{at}] = {self.hours[at]}: must be below {hours}")

    def set(self, other: EnvState) -> None:
        """Take over the time of other state."""
        self.words[:] = other.words
