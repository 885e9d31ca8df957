"""The random stream of outages: the words, the tables, and how often units are out."""

import numpy as np
import pytest
from scipy import stats

from market_py.reliability import rts79
from market_py.reliability.outages import (
    STATES,
    alias_tables,
    draw_available,
    philox32,
    state_weights,
)

RATES = np.array([unit.forced_outage_rate for unit in rts79.UNITS])


@pytest.mark.parametrize(
    ("key", "counter", "words"),
    [
        (0, (0, 0, 0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
        (2**64 - 1, (2**32 - 1,) * 4, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
        (
            0x299F31D0A4093822,
            (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
            (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
        ),
    ],
)
def test_the_words_are_those_of_random123(key, counter, words):
    """The known answers of its authors."""
    assert philox32(key, *counter).tolist() == list(words)


@pytest.mark.parametrize(
    "rates",
    [RATES[:8], RATES[16:24], np.zeros(8), np.ones(8), np.array([0, 1, 0.5, 1e-12, 1 - 1e-12])],
)
def test_tables_have_the_probabilities_of_the_states(rates):
    table = alias_tables(rates)[0].astype(np.uint64)
    drawn = np.zeros(STATES, np.int64)
    own = table >> 8
    np.add.at(drawn, np.arange(STATES), own)
    np.add.at(drawn, table % STATES, 2**24 - own)
    assert drawn.sum() == 2**32
    padded = np.concatenate([rates, np.ones(8 - len(rates))])
    assert np.array_equal(drawn, state_weights(padded))
    up = np.arange(STATES)[:, None] >> np.arange(8) & 1
    exact = np.where(up, 1 - padded, padded).prod(axis=1)
    assert np.all(np.abs(drawn / 2**32 - exact) < 2.0**-32)
    assert np.all(drawn[exact == 0] == 0)


def test_states_are_drawn_with_their_probabilities():
    """Chi-square over the states of each eight units, and over the number of units out."""
    tables = alias_tables(RATES)
    available = np.concatenate([draw_available(tables, 5, year, 8736) for year in range(200)])
    for word in range(4):
        states = np.packbits(available[:, 8 * word : 8 * word + 8], axis=1, bitorder="little")
        probabilities = state_weights(RATES[8 * word : 8 * word + 8]) / 2**32
        compare(np.bincount(states[:, 0], minlength=STATES), probabilities)
    number = np.ones(1)
    for rate in RATES:
        number = np.convolve(number, [1 - rate, rate])
    compare(np.bincount((~available).sum(axis=1), minlength=33), number)


def compare(counts, probabilities):
    """Cells with few expected counts are taken together."""
    expected = probabilities * counts.sum()
    rare = expected < 10
    found = [*counts[~rare], counts[rare].sum()]
    wanted = [*expected[~rare], expected[rare].sum()]
    if wanted[-1] < 1:
        found, wanted = found[:-1], wanted[:-1]
        wanted = np.array(wanted) * sum(found) / sum(wanted)
    assert stats.chisquare(found, wanted).pvalue > 1e-4


def test_hours_years_seeds_and_units_are_independent():
    tables = alias_tables(np.full(40, 0.5))
    first = draw_available(tables, 1, 0, 8736)
    for other in (
        draw_available(tables, 1, 1, 8736),
        draw_available(tables, 2, 0, 8736),
        draw_available(tables, 1 + 2**32, 0, 8736),
        np.roll(first, 1, axis=0),
        np.roll(first, 1, axis=1),
        np.roll(first, 32, axis=1),
    ):
        same = (first == other).mean()
        assert abs(same - 0.5) < 4 * 0.5 / np.sqrt(first.size)


def test_fewer_hours_are_the_first_hours():
    tables = alias_tables(RATES)
    assert np.array_equal(
        draw_available(tables, 3, 2, 100), draw_available(tables, 3, 2, 200)[:100]
    )


def test_the_words_of_rust_are_those_of_numpy():
    extension = pytest.importorskip("rust_market")
    if not hasattr(extension, "fill_random_words"):
        pytest.skip("no extension")
    for hours in (1, 64, 100):
        words = np.empty((4, hours), np.uint32)
        extension.fill_random_words(words, seed=2**40 + 3, year=7)
        expected = philox32(2**40 + 3, np.arange(hours, dtype=np.uint64), 7, 0, 0)
        assert np.array_equal(words, expected.T)
