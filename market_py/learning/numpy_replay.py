"""The NumPy backend of the replay buffer, which the Rust backend is compared with."""

from __future__ import annotations

import math
import os
import threading
from typing import Any

import numpy as np
from numpy.typing import NDArray

from market_py.env.noise import multiply
from market_py.learning.arrays import Float32Array, require
from market_py.validation import Float64Array

CHILDREN = 8
"""Children of a node in the sum tree: eight doubles fill a cache line."""
LEAST_PRIORITY, FIRST_PRIORITY, LARGEST_PRIORITY = 1e-6, 1.0, 1e100
STREAM = 1
"""Second word of the key of Philox; other streams of random numbers have other words."""
NAMES = "observations", "actions", "rewards", "next_observations"
INDEX = "the index of a transition"
"""What an index must be."""

# One lock for all buffers. A process that forks takes it first, so that no child inherits a buffer
# that another thread was changing, or a lock that nobody would release.
_LOCK = threading.RLock()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_LOCK.acquire, after_in_parent=_LOCK.release, after_in_child=_LOCK.release
    )


class SumTree:
    """Values that are drawn in proportion to their size.

    The values are the leaves of a tree in which each node is the sum of its eight children. To
    change a value or to find the one at which the running sum exceeds a target takes a step a
    level, log8(n) in all, where a list of running sums would take n (Schaul et al. 2016, appendix
    B.2.1).
    """

    def __init__(self, values: int) -> None:
        self._levels: list[Float64Array] = []
        groups = values
        while groups > 1 or not self._levels:
            groups = -(-groups // CHILDREN)
            self._levels.append(np.zeros((groups, CHILDREN)))

    @property
    def values(self) -> Float64Array:
        """All values, padded with zeros; a view."""
        return self._levels[0].reshape(-1)

    @property
    def total(self) -> float:
        """The sum of all values."""
        return float(_sums(self._levels[-1])[0])

    def set(self, indices: NDArray[np.int64], values: Float64Array | float) -> None:
        """Change values; if an index occurs twice, its last value counts."""
        self.values[indices] = values
        groups = indices
        for lower, upper in zip(self._levels, self._levels[1:], strict=False):
            groups = np.unique(groups // CHILDREN)
            upper.reshape(-1)[groups] = _sums(lower[groups])

    def find(self, targets: Float64Array) -> NDArray[np.int64]:
        """Return the indices at which the running sum first exceeds targets; never that of a 0."""
        groups = np.zeros(len(targets), np.int64)
        for level in reversed(self._levels):
            values = level[groups]
            running = np.cumsum(values, axis=1)
            passed = np.count_nonzero(running <= targets[:, None], axis=1)
            last = CHILDREN - 1 - np.argmax(values[:, ::-1] > 0, axis=1)
            before = np.take_along_axis(running, np.maximum(passed - 1, 0)[:, None], axis=1)[:, 0]
            before[passed == 0] = 0.0
            # A target just below the total may exceed the running sum, which is added in another
            # order and rounded differently: take the last value above zero.
            beyond = passed > last
            at_last = np.take_along_axis(values, last[:, None], axis=1)[:, 0]
            before[beyond] = (running[:, -1] - at_last)[beyond]
            passed[beyond] = last[beyond]
            targets = targets - before
            groups = groups * CHILDREN + passed
        return groups


def _sums(groups: Float64Array) -> Float64Array:
    """Add up each group in pairs, in the order of the Rust backend: the same rounding."""
    pairs = groups[:, ::2] + groups[:, 1::2]
    fours = pairs[:, ::2] + pairs[:, 1::2]
    total: Float64Array = fours[:, 0] + fours[:, 1]
    return total


class NumPyRing:
    """The last transitions in a ring; its methods are those of every backend.

    Arrays have the shapes of `market_py.learning.Batch`. They are contiguous and of its dtypes.
    """

    def __init__(
        self,
        capacity: int,
        observation_size: int,
        action_size: int,
        *,
        seed: int,
        alpha: float | None,
    ) -> None:
        self._capacity, self._seed, self._alpha = capacity, seed, alpha
        self._largest = FIRST_PRIORITY
        self._added = self._draws = 0
        try:
            self._rows = np.zeros((capacity, 2 * observation_size + action_size + 2), np.float32)
            self._tree = None if alpha is None else SumTree(capacity)
        except (OverflowError, ValueError) as error:  # More bytes than a pointer can address.
            raise MemoryError(f"not enough memory: {error}") from error
        # A row holds the observation, the next one, the action, the reward, and whether it ended.
        self._ends = np.cumsum([observation_size, observation_size, action_size, 1])

    def __len__(self) -> int:
        """Return the number of transitions that can be drawn."""
        return min(self._added, self._capacity)

    def add(self, *transitions: NDArray[Any]) -> None:
        """Add transitions, the first five arrays of a batch; refuse values that are not finite."""
        for name, values in zip(NAMES, transitions, strict=False):
            require(name, values, np.isfinite(values), "finite")
        observations, actions, rewards, next_observations, done = transitions
        # The bytes of booleans may be other than 0 and 1 after a view: all but 0 are true.
        done = done.view(np.uint8) != 0
        rows = np.column_stack([observations, next_observations, actions, rewards, done])
        with _LOCK:
            numbers = np.arange(self._added, self._added + len(rows))[-self._capacity :]
            indices = numbers % self._capacity
            self._rows[indices] = rows[-self._capacity :]
            self._added += len(rows)
            if self._tree is not None:
                self._tree.set(indices, self._largest)

    def sample(self, beta: float, *batch: NDArray[Any]) -> None:
        """Fill the arrays of a batch."""
        observations, actions, rewards, next_observations, done, indices, weights = batch
        number = len(indices)
        with _LOCK:
            if not self._added:
                raise ValueError("there is nothing to sample yet")
            key, counter = np.array([self._seed, STREAM], np.uint64), [0, self._draws, 0, 0]
            words = np.random.Philox(key=key, counter=counter).random_raw(number)
            if self._tree is None:
                # The upper word of a product of 128 bits is uniform below the length.
                indices[:] = multiply(words, np.uint64(len(self)))[1]
                weights[:] = 1.0
            else:
                unit = (words >> np.uint64(11)) / 2.0**53
                # Stratified: one draw from each of ``number`` equal shares of the total.
                targets = (np.arange(number) + unit) * (self._tree.total / number)
                indices[:] = self._tree.find(targets)
                # Importance weights (N P)**-beta over their maximum (Schaul et al. 2016, section
                # 3.4), the maximum of this batch; N cancels but for rounding.
                scale = len(self) / self._tree.total
                probable = self._tree.values[indices] * scale
                rarest = float(self._tree.values[indices].min()) * scale
                weights[:] = [math.pow(ratio, beta) for ratio in rarest / probable]
            rows = np.take(self._rows, indices, axis=0, mode="clip")
            # After Ctrl-C the draw is not counted.
            self._draws += 1
        parts = observations, next_observations, actions, rewards, done
        for part, columns in zip(parts, np.split(rows, self._ends, axis=1), strict=True):
            part[...] = columns.reshape(part.shape)

    def update(self, indices: NDArray[np.int64], priorities: Float64Array) -> None:
        """Change priorities, all or none."""
        with _LOCK:
            if self._tree is None or self._alpha is None:
                raise ValueError("priorities: the buffer keeps none")
            require("indices", indices, (indices >= 0) & (indices < len(self)), INDEX)
            allowed = (priorities >= 0) & (priorities <= LARGEST_PRIORITY)
            require("priorities", priorities, allowed, "from 0 to 1e100")
            preferences = np.array(
                [math.pow(priority + LEAST_PRIORITY, self._alpha) for priority in priorities]
            )
            self._largest = max([self._largest, *preferences.tolist()])
            self._tree.set(indices, preferences)

    def state(self) -> tuple[tuple[int, int], Float32Array, Float64Array, float]:
        """Return the numbers of transitions added and of draws, and copies of what else changes.

        These are the rows, the preferences (``priority ** alpha``), and the largest preference.
        """
        with _LOCK:
            length = len(self)
            preferences = np.empty(0) if self._tree is None else self._tree.values[:length].copy()
            counters = self._added, self._draws
            return counters, self._rows[:length].flatten(), preferences, self._largest

    def restore(
        self,
        counters: tuple[int, int],
        rows: Float32Array,
        preferences: Float64Array,
        largest: float,
    ) -> None:
        """Take over a state whose values `market_py.learning.replay` has checked."""
        with _LOCK:
            self._added, self._draws = counters
            length = len(self)
            self._rows[:length] = rows.reshape(length, self._rows.shape[1])
            self._largest = largest
            if self._tree is not None:
                self._tree.set(np.arange(length), preferences)
