"""A replay buffer: store the latest transitions, and sample them uniformly or by priority."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple, Self, SupportsIndex

import numpy as np
from numpy.typing import ArrayLike, NDArray

from market_py import extension
from market_py.files import write_atomically
from market_py.learning.arrays import Float32Array, load_arrays, require
from market_py.learning.numpy_replay import (
    FIRST_PRIORITY,
    INDEX,
    LARGEST_PRIORITY,
    LEAST_PRIORITY,
    NumPyRing,
)
from market_py.registry import available_backends
from market_py.validation import check_array, check_integer, check_scalar

BACKENDS = ("rust", "numpy")
"""All backends, the fastest first."""
FORMAT = 1
"""Version of the files."""
LARGEST_SIZE = 2**63 - 1
LARGEST_SEED = 2**64 - 1
ROUNDING = 1e-12
"""Relative rounding error of a power."""


class Batch(NamedTuple):
    """``K`` transitions that were drawn, one a row; `ReplayBuffer.add` explains the names."""

    observations: Float32Array
    """Shape (K, F)."""
    actions: Float32Array
    """Shape (K, A)."""
    rewards: Float32Array
    """Shape (K,)."""
    next_observations: Float32Array
    """Shape (K, F)."""
    done: NDArray[np.bool_]
    """Shape (K,)."""
    indices: NDArray[np.int64]
    """Their indices in the buffer, for `ReplayBuffer.update_priorities`; shape (K,)."""
    weights: Float32Array
    """Importance weights, factors of the loss, shape (K,): (P_min / P)**beta, where P is the
    probability of a transition and P_min the smallest one in the batch."""


class ReplayBuffer:
    """A ring in memory of the last transitions, from which batches are drawn.

    Each transition is stored whole, with the observation that follows it. Threads may add, draw and
    change priorities at the same time; no call sees or leaves half a row. The draws depend on the
    seed and the order of the calls only. The buffer can be pickled and copied; the copy goes on as
    the original does.

    Parameters
    ----------
    capacity : int
        Largest number of transitions; a further one replaces the oldest. At least 1.
    observation_size, action_size : int
        Length of an observation, ``F``, and of an action, ``A``; at least 1.
    prioritised : bool
        Whether transitions are drawn in proportion to ``priority ** alpha`` instead of uniformly. A
        batch of K is then stratified: one transition comes from each of K equal shares of the total
        (T. Schaul, J. Quan, I. Antonoglou, D. Silver, "Prioritized experience replay", ICLR 2016).
    alpha : float
        From 0 (all transitions are equal) to 1.
    seed : int
        Seed of the draws, from 0 to 2**64 - 1.
    backend : str, optional
        "rust" or "numpy", which draw the same; by default the fastest one that is installed.

    Raises
    ------
    MemoryError
        The buffer does not fit into memory.

    Examples
    --------
    >>> buffer = ReplayBuffer(1000, observation_size=4, action_size=2)
    >>> buffer.add(np.zeros((8, 4)), np.zeros((8, 2)), np.ones(8), np.zeros((8, 4)), [False] * 8)
    >>> batch = buffer.sample(32)
    >>> batch.observations.shape, batch.rewards.shape
    ((32, 4), (32,))
    """

    def __init__(
        self,
        capacity: SupportsIndex,
        observation_size: SupportsIndex,
        action_size: SupportsIndex,
        *,
        prioritised: bool = False,
        alpha: float = 0.6,
        seed: SupportsIndex = 0,
        backend: str | None = None,
    ) -> None:
        self.capacity = check_integer("capacity", capacity, 1, LARGEST_SIZE)
        self.observation_size = check_integer("observation_size", observation_size, 1, LARGEST_SIZE)
        self.action_size = check_integer("action_size", action_size, 1, LARGEST_SIZE)
        self.prioritised = bool(prioritised)
        self.alpha = check_scalar("alpha", alpha, negative=False, most=1)
        self.seed = check_integer("seed", seed, 0, LARGEST_SEED)
        self.backend = chosen_backend(backend)
        make = extension.load().ReplayBuffer if self.backend == "rust" else NumPyRing
        self._ring: NumPyRing = make(
            self.capacity,
            self.observation_size,
            self.action_size,
            seed=self.seed,
            alpha=self.alpha if prioritised else None,
        )

    def __len__(self) -> int:
        """Return the number of transitions that can be drawn."""
        return len(self._ring)

    def add(
        self,
        observations: ArrayLike,
        actions: ArrayLike,
        rewards: ArrayLike,
        next_observations: ArrayLike,
        done: ArrayLike,
    ) -> None:
        """Add K transitions in their order, with the largest priority so far.

        All numbers must be finite as a float32.

        Parameters
        ----------
        observations, next_observations : array_like, shape (K, F)
            Observations before and after the action.
        actions : array_like, shape (K, A)
            Actions.
        rewards : array_like, shape (K,)
            Rewards.
        done : array_like of bool, shape (K,)
            Whether the episode was terminated (not truncated) there, so that no reward follows.
        """
        paid = check_array("rewards", rewards, np.float32)
        number = paid.size
        paid = check_array("rewards", paid, np.float32, (number,))
        observed, acted = (number, self.observation_size), (number, self.action_size)
        self._ring.add(
            check_array("observations", observations, np.float32, observed),
            check_array("actions", actions, np.float32, acted),
            paid,
            check_array("next_observations", next_observations, np.float32, observed),
            check_array("done", done, np.bool_, (number,)),
        )

    def sample(self, number: SupportsIndex, *, beta: float = 0.4) -> Batch:
        """Draw transitions, with replacement.

        Parameters
        ----------
        number : int
            Number of transitions, ``K``; at least 1.
        beta : float
            How far `Batch.weights` correct for priorities, from 0 (not at all) to 1 (fully).

        Raises
        ------
        TypeError, ValueError
            A parameter is outside its domain, or the buffer is empty.
        """
        rows = check_integer("number", number, 1, LARGEST_SIZE)
        beta = check_scalar("beta", beta, negative=False, most=1)
        batch = Batch(
            np.empty((rows, self.observation_size), np.float32),
            np.empty((rows, self.action_size), np.float32),
            np.empty(rows, np.float32),
            np.empty((rows, self.observation_size), np.float32),
            np.empty(rows, np.bool_),
            np.empty(rows, np.int64),
            np.empty(rows, np.float32),
        )
        self._ring.sample(beta, *batch)
        return batch

    def update_priorities(self, indices: ArrayLike, priorities: ArrayLike) -> None:
        """Change the priorities of transitions, usually to the size of their last errors.

        Parameters
        ----------
        indices : array_like of int, shape (K,)
            `Batch.indices`; if an index occurs twice, its last priority counts.
        priorities : array_like, shape (K,)
            New priorities, from 0 to 1e100.

        Raises
        ------
        TypeError, ValueError
            A value is outside its domain, or the buffer is not prioritised. Nothing has changed
            then.
        """
        numbers = check_array("indices", indices, np.int64)
        sizes = check_array("priorities", priorities)
        if numbers.ndim != 1 or numbers.shape != sizes.shape:
            raise ValueError(
                f"priorities: must have one axis like indices, got shapes {numbers.shape} and "
                f"{sizes.shape}"
            )
        given = np.asanyarray(indices)
        if given.dtype.kind == "u":  # The largest of these become negative when converted.
            require("indices", given, given < len(self), INDEX)
        self._ring.update(numbers, sizes)

    def __getstate__(self) -> dict[str, Any]:
        """Return everything that the next draws depend on."""
        counters, rows, preferences, largest = self._ring.state()
        return {
            "format": FORMAT,
            "sizes": [self.capacity, self.observation_size, self.action_size],
            "prioritised": self.prioritised,
            "alpha": self.alpha,
            "seed": np.uint64(self.seed),
            "counters": np.array(counters, np.uint64),
            "rows": rows,
            "preferences": preferences,
            "largest": largest,
            "backend": self.backend,
        }

    def __setstate__(self, kept: dict[str, Any]) -> None:
        """Make the buffer from a state, but only from one that a buffer can have."""
        if int(kept["format"]) != FORMAT:
            raise ValueError(f"format {int(kept['format'])}; {FORMAT} can be read")
        capacity, observation_size, action_size = map(int, kept["sizes"])
        made = ReplayBuffer(
            capacity,
            observation_size,
            action_size,
            prioritised=bool(kept["prioritised"]),
            alpha=float(kept["alpha"]),
            seed=int(kept["seed"]),
            backend=kept["backend"],
        )
        # What is too large for a signed number becomes negative.
        counters = check_array("counters", kept["counters"], np.int64)
        require("counters", counters, counters >= 0, f"in 0 to {LARGEST_SIZE}")
        rows = check_array("rows", kept["rows"], np.float32)
        require("rows", rows, np.isfinite(rows), "finite")
        preferences = check_array("preferences", kept["preferences"])
        length = min(int(counters[0]), capacity)
        row = 2 * observation_size + action_size + 2
        if rows.shape != (length * row,) or preferences.shape != (length * made.prioritised,):
            raise ValueError("state: does not fit the buffer")
        done = rows[row - 1 :: row]
        require("done", done, (done == 0) | (done == 1), "0 or 1")
        largest = check_array("largest", kept["largest"])
        # A priority of 0 has a preference above 0: otherwise it could not be drawn again.
        bounds = np.array([LEAST_PRIORITY, LARGEST_PRIORITY]) ** made.alpha
        low, high = bounds * (1 - ROUNDING, 1 + ROUNDING)
        require(
            "preferences", preferences, (preferences >= low) & (preferences <= high), "possible"
        )
        top = max(FIRST_PRIORITY, preferences.max(initial=0))
        require("largest", largest, (largest >= top) & (largest <= high), "the largest preference")
        added, draws = counters.tolist()
        made._ring.restore((added, draws), rows, preferences, float(largest))
        self.__dict__.update(made.__dict__)

    def save(self, path: Path | str) -> None:
        """Write everything that the next draws depend on to a file, whole or not at all."""
        kept = self.__getstate__()
        del kept["backend"]
        write_atomically(path, lambda file: np.savez(file, **kept))

    @classmethod
    def load(cls, path: Path | str, *, backend: str | None = None) -> Self:
        """Read a buffer that goes on as the saved one, with the same backend or another.

        Raises
        ------
        FileNotFoundError
            There is no such file.
        ValueError
            The file is damaged, or not of a replay buffer.
        """
        buffer = cls.__new__(cls)
        with load_arrays(path, "a replay buffer, or damaged") as kept:
            buffer.__setstate__({**kept, "backend": chosen_backend(backend)})
        return buffer


def chosen_backend(name: str | None) -> str:
    """Return the name of a backend that exists; without one, the fastest that is installed."""
    if name is None:
        return next(known for known in BACKENDS if known in available_backends())
    if name not in BACKENDS:
        raise ValueError(f"backend = {name!r}: must be one of {', '.join(BACKENDS)}")
    return name
