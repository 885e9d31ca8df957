"""Transitions to learn from again and again, uniformly or by priority."""

from __future__ import annotations

import operator
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, Protocol, Self, SupportsIndex

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from market_py import extension
from market_py.files import write_atomically
from market_py.learning.arrays import Float32Array, require, to_array
from market_py.registry import available_backends
from market_py.validation import Float64Array, check_real

BACKENDS = ("rust", "numpy")
"""The fastest first."""
FORMAT = 1
"""Version of the files."""
WORD = 1 << 64

PLACE = "the place of a transition"
"""What an index must be."""


class Batch(NamedTuple):
    """Transitions that were drawn, a row each; the names are those of `ReplayBuffer.add`."""

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
    """Where in the buffer they are, for `ReplayBuffer.update_priorities`; shape (K,)."""
    weights: Float32Array
    """What a loss is to be multiplied with: (P_min / P)^beta, one where all are alike; (K,)."""


class Ring(Protocol):
    """The last transitions; arrays are contiguous and of the dtypes of `Batch`."""

    def __len__(self) -> int:
        """Transitions that can be drawn."""

    def add(self, *transitions: NDArray[Any]) -> None:
        """Add the first five of a batch; a value that is not finite is refused."""

    def sample(self, beta: float, *batch: NDArray[Any]) -> None:
        """Fill a batch."""

    def update(self, indices: NDArray[np.int64], priorities: Float64Array) -> None:
        """Change priorities, all or none."""

    def state(self) -> tuple[tuple[int, int], Float32Array, Float64Array, float]:
        """Transitions added and draws, rows, preferences, and the largest of these."""

    def restore(
        self,
        counters: tuple[int, int],
        rows: Float32Array,
        preferences: Float64Array,
        largest: float,
    ) -> None:
        """Put a state back."""


class ReplayBuffer:
    """The last transitions of many, a ring in memory, from which batches are drawn.

    A transition is a row of its own: nothing is drawn across the place that is written next, and
    the end of an episode is kept. Threads may add, draw and change priorities at once; each call
    sees and leaves whole rows. What is drawn follows from the seed and the order of the calls.

    Parameters
    ----------
    capacity : int
        Transitions that are kept; the oldest are replaced.
    observation_size, action_size : int
        Values of an observation, ``F``, and of an action, ``A``.
    prioritised : bool
        Whether transitions are drawn in proportion to ``priority ** alpha``, one from each of as
        many equal shares as are drawn, instead of uniformly (T. Schaul, J. Quan, I. Antonoglou,
        D. Silver, "Prioritized experience replay", ICLR 2016).
    alpha : float
        From 0, all alike, to 1.
    seed : int
        Of the draws; from 0 to 2**64 - 1.
    backend : str, optional
        "rust" or "numpy", which draw the same; by default the fastest there is.

    Raises
    ------
    TypeError, ValueError
        A parameter outside its domain.
    ImportError
        The backend is not usable here.
    MemoryError
        There is not so much memory.
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
        self.capacity = _whole("capacity", capacity, least=1)
        self.observation_size = _whole("observation_size", observation_size, least=1)
        self.action_size = _whole("action_size", action_size, least=1)
        self.prioritised = bool(prioritised)
        self.alpha = _unit("alpha", alpha)
        self.seed = _whole("seed", seed, least=0, below=WORD)
        self.backend = chosen_backend(backend)
        self._ring = _maker(self.backend)(
            self.capacity,
            self.observation_size,
            self.action_size,
            seed=self.seed,
            alpha=self.alpha if prioritised else None,
        )

    def __len__(self) -> int:
        """Transitions that can be drawn."""
        return len(self._ring)

    def add(
        self,
        observations: ArrayLike,
        actions: ArrayLike,
        rewards: ArrayLike,
        next_observations: ArrayLike,
        done: ArrayLike,
    ) -> None:
        """Add K transitions, in their order; new ones have the largest priority so far.

        Parameters
        ----------
        observations, next_observations : array_like, shape (K, F)
        actions : array_like, shape (K, A)
        rewards : array_like, shape (K,)
        done : array_like of bool, shape (K,)
            Whether the episode ended there, so that nothing follows: termination, not truncation.

        Raises
        ------
        TypeError, ValueError
            A shape does not fit, or a value is not finite as a float32. Nothing has changed then.
        """
        paid = _shaped("rewards", rewards, (None,))
        number = len(paid)
        observed, acted = (number, self.observation_size), (number, self.action_size)
        self._ring.add(
            _shaped("observations", observations, observed),
            _shaped("actions", actions, acted),
            paid,
            _shaped("next_observations", next_observations, observed),
            _shaped("done", done, (number,), np.bool_),
        )

    def sample(self, number: SupportsIndex, *, beta: float = 0.4) -> Batch:
        """Draw transitions, with replacement.

        Parameters
        ----------
        number : int
            How many.
        beta : float
            How far `Batch.weights` make up for priorities: from 0, not at all, to 1.

        Raises
        ------
        TypeError, ValueError
            A parameter is outside its domain, or nothing was added yet.
        """
        rows = _whole("number", number, least=1)
        batch = Batch(
            np.empty((rows, self.observation_size), np.float32),
            np.empty((rows, self.action_size), np.float32),
            np.empty(rows, np.float32),
            np.empty((rows, self.observation_size), np.float32),
            np.empty(rows, np.bool_),
            np.empty(rows, np.int64),
            np.empty(rows, np.float32),
        )
        self._ring.sample(_unit("beta", beta), *batch)
        return batch

    def update_priorities(self, indices: ArrayLike, priorities: ArrayLike) -> None:
        """Change the priorities of transitions, mostly to the size of their last errors.

        Parameters
        ----------
        indices : array_like of int, shape (K,)
            `Batch.indices`; of one that is named twice, the last counts.
        priorities : array_like, shape (K,)
            From 0 to 1e100.

        Raises
        ------
        TypeError, ValueError
            A value is outside its domain, or the buffer keeps no priorities. Nothing has changed
            then.
        """
        places = to_array("indices", indices, np.int64)
        sizes = to_array("priorities", priorities, np.float64)
        if places.ndim != 1 or places.shape != sizes.shape:
            raise ValueError(
                f"priorities: must have one axis like indices, got shapes {places.shape} and "
                f"{sizes.shape}"
            )
        given = np.asanyarray(indices)
        if given.dtype.kind == "u":  # The largest of these do not survive being converted.
            require("indices", given, given < len(self), PLACE)
        self._ring.update(places, sizes)

    def save(self, path: Path | str) -> None:
        """Write everything that the next draws depend on, whole or not at all."""
        counters, rows, preferences, largest = self._ring.state()
        kept: dict[str, Any] = {
            "format": FORMAT,
            "sizes": [self.capacity, self.observation_size, self.action_size],
            "prioritised": self.prioritised,
            "alpha": self.alpha,
            "seed": np.uint64(self.seed),
            "counters": np.array(counters, np.uint64),
            "rows": rows,
            "preferences": preferences,
            "largest": largest,
        }
        write_atomically(path, lambda file: np.savez(file, **kept))

    @classmethod
    def load(cls, path: Path | str, *, backend: str | None = None) -> Self:
        """Read a buffer that goes on as the saved one would have, with the same backend or another.

        Raises
        ------
        FileNotFoundError
            There is no such file.
        ValueError
            It is not such a file, or cut short.
        """
        try:
            with np.load(Path(path), allow_pickle=False) as file:
                kept = {name: file[name] for name in file.files}
            if int(kept["format"]) != FORMAT:
                raise ValueError(f"format {int(kept['format'])}; {FORMAT} can be read")
            capacity, observation_size, action_size = map(int, kept["sizes"])
            buffer = cls(
                capacity,
                observation_size,
                action_size,
                prioritised=bool(kept["prioritised"]),
                alpha=float(kept["alpha"]),
                seed=int(kept["seed"]),
                backend=backend,
            )
            added, draws = map(int, kept["counters"])
            buffer._ring.restore(
                (added, draws),
                np.ascontiguousarray(kept["rows"], np.float32),
                np.ascontiguousarray(kept["preferences"], np.float64),
                float(kept["largest"]),
            )
        except (FileNotFoundError, ImportError, MemoryError):
            raise
        except Exception as error:  # What zipfile raises has no other name in common.
            raise ValueError(f"{path}: is not a replay buffer, or damaged: {error}") from error
        return buffer


def chosen_backend(name: str | None) -> str:
    """Check the name of a backend; the fastest there is, if none is given."""
    if name is None:
        return next(known for known in BACKENDS if known in available_backends())
    if name not in BACKENDS:
        raise ValueError(f"backend = {name!r}: must be one of {', '.join(BACKENDS)}")
    return name


def _maker(backend: str) -> Callable[..., Ring]:
    if backend == "rust":
        make: Callable[..., Ring] = extension.load().ReplayBuffer
        return make
    from market_py.learning.numpy_replay import NumPyRing

    return NumPyRing


def _whole(name: str, value: SupportsIndex, *, least: int, below: int = 1 << 63) -> int:
    try:
        number = None if isinstance(value, bool) else operator.index(value)
    except TypeError:
        number = None
    if number is None:
        raise TypeError(f"{name}: must be an integer, got {type(value).__name__}")
    if not least <= number < below:
        raise ValueError(f"{name} = {number}: must be at least {least} and below {below}")
    return number


def _unit(name: str, value: float) -> float:
    number = check_real(name, value)
    if not 0 <= number <= 1:
        raise ValueError(f"{name} = {number}: must be from 0 to 1")
    return number


def _shaped(
    name: str, values: ArrayLike, shape: tuple[int | None, ...], dtype: DTypeLike = np.float32
) -> NDArray[Any]:
    array = to_array(name, values, dtype)
    expected = shape if shape[0] is not None else (array.size,)
    if array.shape != expected:
        shown = "(K,)" if shape[0] is None else str(shape)
        raise ValueError(f"{name}: must have shape {shown}, got {array.shape}")
    return array
