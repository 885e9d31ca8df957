"""The NumPy backend of the replay buffer, which the Rust backend is compared with."""

from __future__ import annotations

import math
import os
import threading
from typing import Any

import numpy as np
from numpy.typing import NDArray

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
    """The last transitions; see `market_py.learning.replay.Ring` for the methods."""

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
        sizes = (capacity, observation_size), (capacity, action_size), capacity
        try:
            self._tree = None if alpha is None else SumTree(capacity)
            self._parts: list[NDArray[Any]] = [
                np.zeros(size, np.float32) for size in (*sizes, sizes[0])
            ]
            self._parts.append(np.zeros(capacity, np.bool_))
        except ValueError as error:  # More bytes than a pointer can address.
            raise MemoryError(f"not enough memory: {error}") from error

    def __len__(self) -> int:
        return min(self._added, self._capacity)

    def add(self, *transitions: NDArray[Any]) -> None:
        """Add transitions."""
        for name, values in zip(NAMES, transitions, strict=False):
            require(name, values, np.isfinite(values), "finite")
        number = len(transitions[2])
        # The bytes of booleans may be other than 0 and 1 after a view: all but 0 are true.
        transitions = *transitions[:4], transitions[4].view(np.uint8) != 0
        with _LOCK:
            indices = np.arange(self._added, self._added + number) % self._capacity
            kept = slice(max(0, number - self._capacity), None)
            for part, values in zip(self._parts, transitions, strict=True):
                part[indices[kept]] = values[kept]
            self._added += number
            if self._tree is not None:
                self._tree.set(indices[kept], self._largest)

    def sample(self, beta: float, *batch: NDArray[Any]) -> None:
        """Fill a batch."""
        indices, weights = batch[5:]
        number = len(indices)
        with _LOCK:
            if not self._added:
                raise ValueError("there is nothing to sample yet")
            key, counter = np.array([self._seed, STREAM], np.uint64), [0, self._draws, 0, 0]
            words = np.random.Philox(key=key, counter=counter).random_raw(number)
            self._draws += 1
            if self._tree is None:
                indices[:] = _upper(words, len(self))
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
            for part, drawn in zip(self._parts, batch[:5], strict=True):
                np.take(part, indices, axis=0, out=drawn, mode="clip")

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
        """Copy everything that changes."""
        with _LOCK:
            length = len(self)
            observations, actions, rewards, next_observations, done = (
                part[:length].reshape(length, part[0].size) for part in self._parts
            )
            rows = np.hstack([observations, next_observations, actions, rewards, done])
            preferences = np.empty(0) if self._tree is None else self._tree.values[:length].copy()
            counters = self._added, self._draws
            return counters, rows.astype(np.float32).reshape(-1), preferences, self._largest

    def restore(
        self,
        counters: tuple[int, int],
        rows: Float32Array,
        preferences: Float64Array,
        largest: float,
    ) -> None:
        """Take over a state whose values `market_py.learning.replay` has checked."""
        length = min(counters[0], self._capacity)
        observation, action = (self._parts[at].shape[1] for at in (0, 1))
        size = 2 * observation + action + 2
        ends = np.cumsum([observation, observation, action, 1])
        columns = np.hsplit(rows.reshape(length, size), ends)
        with _LOCK:
            self._added, self._draws = counters
            for part, column in zip(
                self._parts, (columns[at] for at in (0, 2, 3, 1, 4)), strict=True
            ):
                part[:length] = column.reshape(part[:length].shape)
            self._largest = largest
            if self._tree is not None:
                self._tree.set(np.arange(length), preferences)


def _upper(words: NDArray[np.uint64], length: int) -> NDArray[np.int64]:
    """Return the upper word of the product of each word and a length below 2**63."""
    half, low = np.uint64(32), np.uint64(0xFFFFFFFF)
    upper, lower = np.uint64(length >> 32), np.uint64(length & 0xFFFFFFFF)
    word_upper, word_lower = words >> half, words & low
    crossed = word_upper * lower + (word_lower * lower >> half)
    middle = word_lower * upper + (crossed & low)
    product: NDArray[np.uint64] = word_upper * upper + (crossed >> half) + (middle >> half)
    return product.astype(np.int64)
