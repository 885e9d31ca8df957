# mypy: allow-untyped-defs
"""Compiled sampling for large markets: bracket the price by a sample, then clear in one pass.

The idea is that of SELECT (Floyd and Rivest, Commun. ACM 18 (1975) 165-172): two prices of a small
sample almost always enclose the clearing price, with few offers between them.
"""

from __future__ import annotations

import math

import numpy as np

from market_py.backends.compilation import compiled
from market_py.backends.constants import COVERAGE, TINY
from market_py.backends.numba_dispatch import CHUNK, dispatch_at_price
from market_py.backends.numba_selection import BRUTE_FORCE_MAX, lowest_covering_price, next_index
from market_py.backends.numba_sums import LARGEST, sum_in_lanes, target_bounds

SAMPLING_MIN = 1 << 15
"""From so many offers on, one pass with a sample is faster than several without."""
CACHE_LINE = 8
"""Neighbours that are drawn together: memory is read by lines of 64 bytes."""
DEVIATION = 1.6
"""How far demand in the sample is moved down and up to bracket the price, in multiples of the
sample's supply divided by the root of its size. The standard error is about half of that unit."""

GATHER_BITS = np.uint64(0x0102_0408_1020_4080)
"""A multiplication by it gathers the lowest bits of eight bytes in the highest byte."""
DE_BRUIJN = np.uint64(0x03F7_9D71_B4CB_0A89)
"""A de Bruijn sequence: after each of 64 shifts its highest six bits are different."""
INDEX_OF_BIT = np.zeros(64, np.int64)
"""Index of the bit by which `DE_BRUIJN` was multiplied, for each value of these six bits."""
for _bit in range(64):
    INDEX_OF_BIT[(int(DE_BRUIJN) << _bit) % 2**64 >> 58] = _bit


@compiled(nogil=True)
def are_valid_offers(bids, quantities):
    """Whether all prices are finite, and all quantities finite and not negative."""
    refused = False
    for i in range(bids.size):
        refused |= not (
            (abs(bids[i]) <= LARGEST) & (quantities[i] >= 0.0) & (quantities[i] <= LARGEST)
        )
    return not refused


@compiled(nogil=True)
def bracket_from_sample(bids, quantities, demand, scratch):
    """Guess a price that does not cover demand and a higher one that does.

    They are equal where the sample cannot tell them apart. A wrong guess costs time only.
    """
    size = sample_size(bids.size)
    sample_bids, sample_quantities = scratch[:size], scratch[size : 2 * size]
    draw_sample(bids, quantities, sample_bids, sample_quantities)
    sample_demand = demand / bids.size * size
    return bracket_in_sample(sample_bids, sample_quantities, sample_demand, scratch[2 * size :])


@compiled(nogil=True)
def sample_size(offers):
    """Return a number of offers to draw, in whole cache lines."""
    return 6 * int(math.sqrt(offers)) // CACHE_LINE * CACHE_LINE


@compiled(nogil=True)
def draw_sample(bids, quantities, sample_bids, sample_quantities):
    """Fill a sample with offers, one cache line after the other."""
    state = np.uint64(0)
    for start in range(0, sample_bids.size, CACHE_LINE):
        state, line = next_index(bids.size // CACHE_LINE, state)
        for i in range(CACHE_LINE):
            sample_bids[start + i] = bids[CACHE_LINE * line + i]
            sample_quantities[start + i] = quantities[CACHE_LINE * line + i]


@compiled(nogil=True)
def bracket_in_sample(sample_bids, sample_quantities, sample_demand, scratch):
    """Find the prices of a sample that most likely enclose the price of the market."""
    if not are_valid_offers(sample_bids, sample_quantities):
        return 0.0, 0.0
    size = sample_bids.size
    deviation = DEVIATION * sum_in_lanes(sample_quantities) / math.sqrt(size)
    low = _price_in_sample(sample_bids, sample_quantities, sample_demand - deviation, scratch)
    high = _price_in_sample(sample_bids, sample_quantities, sample_demand + deviation, scratch)
    return low, high


@compiled(nogil=True)
def _price_in_sample(bids, quantities, demand, scratch):
    """Find the lowest price that covers a demand; infinite if none does, or none is needed."""
    if not TINY <= demand <= LARGEST:
        return -math.inf
    supply, scratch = scratch[:BRUTE_FORCE_MAX], scratch[BRUTE_FORCE_MAX:]
    price = lowest_covering_price(
        bids, quantities, 0.0, math.inf, (bids, quantities), demand, supply, scratch
    )
    return math.inf if math.isnan(price) else price


@compiled(nogil=True)
def clear_within_bracket(bids, quantities, demand, pro_rata, low, high, dispatch, scratch):
    """Clear a market whose price lies above `low` and at or below `high`, in one pass.

    Accept the offers up to `low`, and copy those inside the bracket. They are a market of their
    own, which is cleared for what is left of demand. Return NaN if the price is not inside, if
    more than a quarter of the offers are, or if some offers are not valid.
    """
    most = bids.size // 4
    marks, scratch = scratch[: CHUNK // 8].view(np.uint8), scratch[CHUNK // 8 :]
    indices, scratch = scratch[:most].view(np.int64), scratch[most:]
    inner_bids, inner_quantities = scratch[:most], scratch[most : 2 * most]
    scratch = scratch[2 * most :]
    count, below = 0, 0.0
    for start in range(0, bids.size, CHUNK):
        chunk = slice(start, start + CHUNK)
        chunk_bids, chunk_quantities = bids[chunk], quantities[chunk]
        if count + chunk_bids.size > most:
            return math.nan
        if not accept_and_mark(chunk_bids, chunk_quantities, low, high, dispatch[chunk], marks):
            return math.nan
        below += sum_in_lanes(dispatch[chunk])
        before, count = count, append_marked(marks[: chunk_bids.size], indices, count)
        for i in range(before, count):
            inner_bids[i] = chunk_bids[indices[i]]
            inner_quantities[i] = chunk_quantities[indices[i]]
            indices[i] += start
    inner_bids, inner_quantities = inner_bids[:count], inner_quantities[:count]
    through = below + sum_in_lanes(inner_quantities)
    # Both ends must be certain: what is offered up to `low` falls short, up to `high` it covers.
    surely_short, surely_covered = target_bounds((bids, quantities), demand * COVERAGE)
    if not (below < surely_short and surely_covered <= through <= LARGEST):
        return math.nan
    inner_dispatch, scratch = scratch[:count], scratch[count:]
    supply, scratch = scratch[:BRUTE_FORCE_MAX], scratch[BRUTE_FORCE_MAX:]
    price = lowest_covering_price(
        inner_bids, inner_quantities, below, high, (bids, quantities), demand, supply, scratch
    )
    if not math.isnan(price):
        left = demand - below
        price = dispatch_at_price(
            price, inner_bids, inner_quantities, left, pro_rata, math.nan, inner_dispatch
        )
        for i in range(count):
            dispatch[indices[i]] = inner_dispatch[i]
    return price


@compiled(nogil=True)
def accept_and_mark(bids, quantities, low, high, dispatch, marks):
    """Accept the offers up to `low`, mark those above it up to `high`; tell if all are valid."""
    refused = False
    for i in range(bids.size):
        bid, quantity = bids[i], quantities[i]
        refused |= not ((abs(bid) <= LARGEST) & (quantity >= 0.0) & (quantity <= LARGEST))
        dispatch[i] = (quantity if bid <= low else 0.0) + 0.0
        marks[i] = (bid > low) & (bid <= high)
    return not refused


@compiled(nogil=True)
def append_marked(marks, indices, count):
    """Append the indices of the marks to the first `count` indices; return the new count.

    A branch for each mark could not be predicted. So 64 marks, bytes of zero or one, become the
    bits of a number. Its lowest bit is a power of two, and a multiplication by it shifts the
    de Bruijn sequence, whose highest six bits then tell the index of that bit.
    """
    full = marks.size - marks.size % 64
    words = marks[:full].view(np.uint64)
    for block in range(0, full, 64):
        bits = np.uint64(0)
        for byte in range(8):
            gathered = (words[block // 8 + byte] * GATHER_BITS) >> np.uint64(56)
            bits |= gathered << np.uint64(8 * byte)
        while bits != 0:
            lowest = bits & (~bits + np.uint64(1))
            bits ^= lowest
            indices[count] = block + INDEX_OF_BIT[(lowest * DE_BRUIJN) >> np.uint64(58)]
            count += 1
    for i in range(full, marks.size):
        if marks[i]:
            indices[count] = i
            count += 1
    return count
