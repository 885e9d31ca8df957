"""Random numbers without a state: each one is a function of a key and a counter.

The generator is Philox4x64-10 (J. K. Salmon, M. A. Moraes, R. O. Dror, D. E. Shaw, "Parallel random
numbers: as easy as 1, 2, 3", SC 2011). It gives the same words as `numpy.random.Philox`, but for
many keys in one call. The numba backend compiles the functions for single words. Rust has its own
copy.
"""

from __future__ import annotations

import numpy as np

from market_py.env.state import UInt64Array
from market_py.validation import Float64Array

MULTIPLIERS = 0xD2E7470EE14C6C93, 0xCA5A826395121157
WEYL = 0x9E3779B97F4A7C15, 0xBB67AE8584CAA73B
"""Added to the key from round to round: the golden ratio and sqrt(3) - 1, times 2**64."""
ROUNDS = 10
"""Enough to pass all tests of BigCrush with a margin (Salmon et al., section 4)."""
_LOW, _HALF, _SHIFT = np.uint64(0xFFFFFFFF), np.uint64(32), np.uint64(11)


def philox(
    seeds: UInt64Array, episodes: UInt64Array, hours: UInt64Array
) -> tuple[UInt64Array, UInt64Array]:
    """Return two random words for each key (seed, 0) and counter (episode, hour, 0, 0)."""
    a, b = episodes, hours
    c, d = np.zeros_like(a), np.zeros_like(a)
    # Each round multiplies two of the four words and mixes the upper halves of the products with
    # the other two and the key: a bijection of the counter, so that no two counters share words.
    for step in range(ROUNDS):
        key = seeds + np.uint64(step * WEYL[0] % 2**64), np.uint64(step * WEYL[1] % 2**64)
        low, low_carried = multiply(a, np.uint64(MULTIPLIERS[0]))
        high, high_carried = multiply(c, np.uint64(MULTIPLIERS[1]))
        a, b, c, d = high_carried ^ b ^ key[0], high, low_carried ^ d ^ key[1], low
    return a, b


def multiply(one: UInt64Array, other: np.uint64) -> tuple[UInt64Array, UInt64Array]:
    """Return the lower and the upper word of a product, by long multiplication in 32-bit digits."""
    one_low, one_high = one & _LOW, one >> _HALF
    other_low, other_high = other & _LOW, other >> _HALF
    crossed, crossed_too = one_low * other_high, one_high * other_low
    middle = (one_low * other_low >> _HALF) + (crossed & _LOW) + (crossed_too & _LOW)
    upper = one_high * other_high + (crossed >> _HALF) + (crossed_too >> _HALF)
    return one * other, upper + (middle >> _HALF)


def normal(seeds: UInt64Array, episodes: UInt64Array, hours: UInt64Array) -> Float64Array:
    """Return a standard normal number for each key and counter, by the Box-Muller transform.

    If u and v are uniform in (0, 1), sqrt(-2 ln u) cos(2 pi v) is standard normal.
    """
    radius, angle = map(open_unit, philox(seeds, episodes, hours))
    return np.asarray(np.sqrt(-2 * np.log(radius)) * np.cos(2 * np.pi * angle), dtype=np.float64)


def open_unit(words: UInt64Array) -> Float64Array:
    """Turn words into uniform numbers in the open interval (0, 1), whose logarithm is finite."""
    unit: Float64Array = ((words >> _SHIFT) + np.float64(0.5)) / 2.0**53
    return unit
