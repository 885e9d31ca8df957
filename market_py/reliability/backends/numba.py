# mypy: allow-untyped-defs
"""Years of outages in numba."""

from __future__ import annotations

from typing import Any

import numpy as np

from market_py.backends.compilation import compiled
from market_py.backends.threads import parallel_for
from market_py.reliability.outages import (
    LOW,
    MULTIPLIERS,
    ROUNDS,
    STATES,
    UNITS_PER_WORD,
    WEYL,
    WORDS_PER_CALL,
)
from market_py.reliability.study import Study, Years

LANES = 64
"""Hours that are simulated together."""

_LOW, _HALF, _ZERO = np.uint64(LOW), np.uint64(32), np.uint64(0)
_M0, _M1 = np.uint64(MULTIPLIERS[0]), np.uint64(MULTIPLIERS[1])
_W0, _W1 = np.uint64(WEYL[0]), np.uint64(WEYL[1])


def simulate_years(study: Study, seed: int, first: int, found: Years, threads: int) -> None:
    """Fill the results of years that are numbered from ``first`` on."""
    # Half as wide numbers take less time where the capacities allow them.
    largest = np.iinfo(np.uint32).max
    narrow = int(study.capacities.sum()) < largest
    quanta: Any = np.uint32 if narrow else np.uint64
    words = len(study.alias)
    capacities: Any = np.zeros(words * UNITS_PER_WORD, quanta)
    capacities[: study.units] = study.capacities
    states = np.arange(STATES, dtype=np.uint8)[:, None]
    is_available = np.unpackbits(states, axis=1, bitorder="little")
    offered = is_available * capacities.reshape(words, 1, UNITS_PER_WORD)
    running = np.cumsum(offered, axis=2, dtype=quanta)
    needed = np.maximum(study.needed, 1)
    if narrow:
        needed = np.minimum(needed, largest)
    given = (
        study.alias,
        running,
        running[:, :, -1].copy(),
        needed.astype(quanta),
        study.needed == 0,
        study.loads,
        study.in_service,
        capacities[: study.units] * study.quantum,
        study.quantum,
    )
    keys = np.uint64(seed & LOW), np.uint64(seed >> 32)

    def simulate(start: int, stop: int) -> bool:
        _simulate(*given, *keys, first, *found, start, stop)
        return True

    parallel_for(simulate, len(found.unserved), 4, threads)


@compiled(nogil=True)
def _simulate(
    alias, running, total, needed, is_idle, loads, in_service, capacities, quantum,
    key, other_key, first, hours, unserved, energy, start, stop,
):  # fmt: skip
    """Simulate some of the years."""
    words, units, number = alias.shape[0], capacities.size, loads.size
    random = np.empty((WORDS_PER_CALL, LANES), np.uint32)
    states = np.empty((words, LANES), np.uint8)
    short = np.empty(LANES, np.uint32)
    before, sums, wanted, offered = (
        np.empty(LANES, needed.dtype),
        np.empty(LANES, needed.dtype),
        np.empty(LANES, needed.dtype),
        np.empty(LANES, needed.dtype),
    )
    with_energy = energy.shape[0] > 0
    full = np.zeros((words, STATES), np.uint32)
    for year in range(start, stop):
        hours[year] = 0
        unserved[year] = 0.0
        full[:] = 0
        if with_energy:
            energy[year] = 0.0
        for hour in range(0, number, LANES):
            these = min(LANES, number - hour)
            wanted[:] = 0
            wanted[:these] = needed[hour : hour + these]
            _draw(
                alias, total, in_service, wanted, key, other_key, hour, first + year,
                random, states, short, before, sums, offered,
            )  # fmt: skip
            for lane in range(these):
                word = int(short[lane])
                load = loads[hour + lane]
                if word == words:
                    if is_idle[hour + lane]:
                        hours[year, 0] += np.uint32(1)
                        continue
                    hours[year, units] += np.uint32(1)
                    unserved[year] += load - sums[lane] * quantum
                    if with_energy:
                        for at in range(words):
                            full[at, states[at, lane]] += np.uint32(1)
                    continue
                state = states[word, lane]
                left = wanted[lane] - before[lane]
                bit = 0
                for at in range(UNITS_PER_WORD):
                    bit += running[word, state, at] < left
                unit = word * UNITS_PER_WORD + bit
                hours[year, unit] += np.uint32(1)
                if with_energy:
                    for at in range(word):
                        full[at, states[at, lane]] += np.uint32(1)
                    full[word, state & ((1 << bit) - 1)] += np.uint32(1)
                    served = before[lane]
                    if bit > 0:
                        served += running[word, state, bit - 1]
                    energy[year, unit] += min(load - served * quantum, capacities[unit])
        if with_energy:
            for unit in range(units):
                word, bit = unit // UNITS_PER_WORD, unit % UNITS_PER_WORD
                count = 0
                for state in range(STATES):
                    if state >> bit & 1:
                        count += full[word, state]
                energy[year, unit] += count * capacities[unit]


@compiled(nogil=True)
def _draw(
    alias, total, in_service, wanted, key, other_key, hour, year, random, states, short, before,
    sums, offered,
):  # fmt: skip
    """Draw the states of some hours, and find the word of eight units that has the marginal one."""
    short[:] = 0
    before[:] = 0
    sums[:] = 0
    last, zero = in_service.shape[1] - 1, sums.dtype.type(0)
    for word in range(alias.shape[0]):
        call, part = word // WORDS_PER_CALL, word % WORDS_PER_CALL
        if part == 0:
            _philox(key, other_key, hour, year, call, random)
        for lane in range(LANES):
            bits = random[part, lane]
            column = bits & 255
            entry = alias[word, column]
            state = column if bits >> 8 < entry >> 8 else entry & 255
            if in_service.shape[0] > 0:
                state &= in_service[word, min(hour + lane, last)]
            states[word, lane] = state
            offered[lane] = total[word, state]
        # A loop of its own, which LLVM vectorises.
        shortages = 0
        for lane in range(LANES):
            sums[lane] += offered[lane]
            is_short = sums[lane] < wanted[lane]
            short[lane] += is_short
            shortages += is_short
            before[lane] = max(before[lane], sums[lane] if is_short else zero)
        # Whether more expensive units are available changes nothing.
        if shortages == 0:
            return


@compiled(nogil=True)
def _philox(key, other_key, hour, year, call, random):
    """Fill random words (Philox4x32-10); see `market_py.reliability.outages.philox32`."""
    for lane in range(LANES):
        a, b, c, d = np.uint64(hour + lane), np.uint64(year), np.uint64(call), _ZERO
        first, second = key, other_key
        for _ in range(ROUNDS):
            low, high = (a & _LOW) * _M0, (c & _LOW) * _M1
            a, b = (high >> _HALF) ^ b ^ first, high
            c, d = (low >> _HALF) ^ d ^ second, low
            first, second = (first + _W0) & _LOW, (second + _W1) & _LOW
        random[0, lane] = a
        random[1, lane] = b
        random[2, lane] = c
        random[3, lane] = d
