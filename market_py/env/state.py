"""The whole state of an environment: seed, episode and hour of each market, and its memory."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from market_py.validation import Float64Array, check_integer

UInt64Array = NDArray[np.uint64]
LARGEST_COUNTER = 2**63 - 1
"""Of seeds and episodes, so that counting on does not overflow."""


@dataclass(frozen=True, eq=False)
class EnvState:
    """Seed, episode and hour of each of ``B`` markets.

    The noise on a market's demand is a function of these three numbers alone: results depend
    neither on the number of markets, nor on the threads, nor on the backend.

    Parameters
    ----------
    words : ndarray of uint64, shape (3 + M, B)
        Seeds, episodes and hours; then the bits of the M numbers that a market remembers of the
        hour before, if observers show any.

    Examples
    --------
    >>> EnvState.at_start(3).hours.tolist()
    [0, 0, 0]
    """

    words: UInt64Array

    # Views are made when they are asked for: a copied or pickled state keeps one array.
    @property
    def seeds(self) -> UInt64Array:
        """Seed of each market, a view of shape (B,)."""
        return np.asarray(self.words[0])

    @property
    def episodes(self) -> UInt64Array:
        """Number of each market's episode, a view of shape (B,)."""
        return np.asarray(self.words[1])

    @property
    def hours(self) -> UInt64Array:
        """Hours of the episode that are over, a view of shape (B,)."""
        return np.asarray(self.words[2])

    @property
    def counters(self) -> EnvState:
        """Seeds, episodes and hours alone, which share memory with this."""
        return EnvState(self.words[:3])

    @property
    def memory(self) -> Float64Array:
        """What each market remembers, a view of shape (M, B)."""
        return self.words[3:].view(np.float64)

    @classmethod
    def at_start(cls, markets: int, remembered: int = 0) -> EnvState:
        """Return the state of markets with seed 0 before their first hour.

        Parameters
        ----------
        markets : int
            Number of markets; >= 1.
        remembered : int
            Numbers that each remembers, `market_py.env.Model.remembered`; >= 0.
        """
        rows = 3 + check_integer("remembered", remembered, 0)
        return cls(np.zeros((rows, check_integer("markets", markets, 1)), dtype=np.uint64))

    def copy(self) -> EnvState:
        """Return a copy."""
        return EnvState(self.words.copy())

    def check(self, markets: int, hours: int, remembered: int = 0) -> None:
        """Refuse a state that ``markets`` markets with episodes of ``hours`` hours cannot have."""
        if type(self.words) is not np.ndarray or self.words.dtype != np.uint64:
            got = getattr(self.words, "dtype", type(self.words).__name__)
            raise TypeError(f"state: must be of dtype uint64, got {got}")
        shape = 3 + remembered, markets
        if self.words.shape != shape:
            raise ValueError(f"state: must have shape {shape}, got {self.words.shape}")
        largest = {"seeds": LARGEST_COUNTER, "episodes": LARGEST_COUNTER, "hours": hours - 1}
        for (name, most), values in zip(largest.items(), self.words[:3], strict=True):
            if values.max() > most:
                at = int(np.argmax(values > most))
                raise ValueError(f"state.{name}[{at}] = {values[at]}: must be below {most + 1}")
        if not np.isfinite(self.memory).all():
            place = tuple(map(int, np.argwhere(~np.isfinite(self.memory))[0]))
            raise ValueError(f"state.memory{[*place]} = {self.memory[place]}: must be finite")
