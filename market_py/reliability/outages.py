"""Random outages: which units are available in each hour of a year.

The states of eight units are drawn at once from one random word of 32 bits, by an alias table over
their 256 states (A. J. Walker, "An efficient method for generating discrete random variables with
general distributions", ACM Trans. Math. Softw. 3 (1977) 253-256). The words come from Philox4x32-10
(J. K. Salmon, M. A. Moraes, R. O. Dror, D. E. Shaw, "Parallel random numbers: as easy as 1, 2, 3",
SC 2011): the seed is the key, and hour, year and group of 32 units are the counter. So the states
of an hour depend on nothing but these numbers, on any machine and in any order.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from market_py.validation import Float64Array

UNITS_PER_WORD = 8
STATES = 1 << UNITS_PER_WORD
"""States of eight units: bit ``i`` of a state tells whether unit ``i`` is available."""
WORDS_PER_CALL = 4
"""Words that one call of the generator gives."""

LOW = 0xFFFF_FFFF
MULTIPLIERS = 0xD251_1F53, 0xCD9E_8D57
WEYL = 0x9E37_79B9, 0xBB67_AE85
"""Added to the key in each round."""
ROUNDS = 10

Words = NDArray[np.uint64]


def alias_tables(outage_rates: Float64Array) -> NDArray[np.uint32]:
    """Make the alias tables of some units, shape (words, 256), eight units to a word.

    To draw a state, the lower 8 bits of a word choose an entry. If the upper 24 bits are below
    those of the entry, the state is the chosen number, else the lower 8 bits of the entry. The
    probability of each state is that of independent outages, up to 2^-32.
    """
    rates = np.ones(-(-len(outage_rates) // UNITS_PER_WORD) * UNITS_PER_WORD)
    rates[: len(outage_rates)] = outage_rates
    tables = []
    for group in rates.reshape(-1, UNITS_PER_WORD):
        own, other = share_columns(state_weights(group))
        # A full column needs no threshold: its other state is its own.
        tables.append(np.where(own < 1 << 24, own << UNITS_PER_WORD, 0) | other)
    return np.array(tables, np.uint32)


def share_columns(weights: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Share the weights of some states among as many columns of equal room, two to a column.

    Return how much of each column its own state takes, and which state takes the rest. The weights
    add up to a multiple of their number, so that whole numbers leave no rest.
    """
    room = int(weights.sum()) // len(weights)
    own, other = weights.copy(), np.arange(len(weights))
    rare = [state for state, weight in enumerate(weights) if weight < room]
    frequent = [state for state, weight in enumerate(weights) if weight >= room]
    while rare:
        # Fill up the column of a rare state with a frequent one, which may become rare by that.
        state, filler = rare.pop(), frequent[-1]
        other[state] = filler
        own[filler] -= room - own[state]
        if own[filler] < room:
            rare.append(frequent.pop())
    return own, other


def state_weights(outage_rates: Float64Array) -> NDArray[np.int64]:
    """Return the probabilities of all states of some units, times 2^32, as whole numbers."""
    probabilities = np.ones(1)
    for rate in outage_rates:
        probabilities = np.concatenate([probabilities * rate, probabilities * (1 - rate)])
    # Rounded sums: the weights add up to 2^32, and those of impossible states are zero.
    sums = np.rint(np.cumsum(probabilities) * 2.0**32)
    return np.diff(sums, prepend=0).astype(np.int64)


def choose_states(tables: NDArray[np.uint32], words: Words) -> NDArray[np.uint8]:
    """Choose a state by each word, of shape (hours, words), by the table of its column."""
    columns = (words % STATES).astype(np.uint32)
    entries = tables[np.arange(len(tables)), columns]
    return np.where(words >> 8 < entries >> 8, columns, entries % STATES).astype(np.uint8)


def draw_available(
    tables: NDArray[np.uint32], seed: int, year: int, hours: int
) -> NDArray[np.bool_]:
    """Draw which units are available in each hour, shape (hours, units), 8 units for each table."""
    calls = -(-len(tables) // WORDS_PER_CALL)
    hour, call = np.arange(hours, dtype=np.uint64), np.arange(calls, dtype=np.uint64)
    words = philox32(seed, hour[:, None], year, call, 0).reshape(hours, -1)[:, : len(tables)]
    states = choose_states(tables, words)
    return np.unpackbits(states, axis=1, bitorder="little").view(bool)


def philox32(key: int, *counter: Words | int) -> Words:
    """Return four random words of 32 bits for each counter, in the last axis.

    The key has 64 bits. A counter has four words of 32 bits, each an array of dtype uint64 or a
    number; they are broadcast.
    """
    a, b, c, d = (np.asarray(word, np.uint64) for word in counter)
    keys = [key & LOW, key >> 32]
    half, mask = np.uint64(32), np.uint64(LOW)
    for _ in range(ROUNDS):
        low, high = a * np.uint64(MULTIPLIERS[0]), c * np.uint64(MULTIPLIERS[1])
        a, b = high >> half ^ b ^ np.uint64(keys[0]), high & mask
        c, d = low >> half ^ d ^ np.uint64(keys[1]), low & mask
        keys = [(word + add) & LOW for word, add in zip(keys, WEYL, strict=True)]
    return np.stack(np.broadcast_arrays(a, b, c, d), axis=-1)
