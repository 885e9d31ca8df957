"""The method of the race; never who wins it."""

import time

import numpy as np
import pytest

import market_py
from market_py import timing
from market_py.published import POINTS


def numpy_clear(bids, quantities, demand):
    return market_py.get_backend("numpy").market_clearing(bids, quantities, demand)


def slow_clear(bids, quantities, demand):
    end = time.perf_counter() + 2e-3
    while time.perf_counter() < end:
        pass
    return numpy_clear(bids, quantities, demand)


MARKETS = timing.random_markets(5, distinct=8)
QUICK = {"rounds": 7, "sample_seconds": 1e-3}


def test_markets_are_distinct_and_reproducible():
    markets = timing.random_markets(20)
    assert len({tuple(bids) for bids, _, _ in markets}) == timing.DISTINCT >= 256
    again = timing.random_markets(20)
    assert all(
        np.array_equal(a[0], b[0]) and a[2] == b[2] for a, b in zip(markets, again, strict=True)
    )


def test_a_race_measures_what_happens():
    ticks = []
    race = timing.race(
        {"numpy": numpy_clear, "slow": slow_clear},
        MARKETS,
        **QUICK,
        progress=lambda: ticks.append(1),
    )
    assert race.offers == 5
    assert race.candidates == ["numpy", "slow"]
    assert set(race.rounds) == {"numpy", "slow", "numpy (again)", "empty call"}
    assert all(len(values) == 7 for values in race.rounds.values())
    assert len(ticks) == 7
    assert race.quartiles("slow")[0] > 2e6
    assert race.quartiles("empty call")[1] < race.quartiles("numpy")[1]
    assert race.speedup("slow", over="numpy").verdict == "slower"
    assert race.speedup("numpy", over="slow").verdict == "faster"
    low, middle, high = race.quartiles("numpy")
    assert low <= middle <= high


def test_indistinguishable_is_a_verdict():
    rounds = np.linspace(1, 2, 21)
    race = timing.Race(5, {"a": rounds, "b": rounds[::-1]})
    ratio = race.speedup("a", over="b")
    assert ratio.low < 1 < ratio.high
    assert ratio.verdict == "indistinguishable"
    assert race.speedup("a", over="a").verdict == "indistinguishable"


def test_who_disagrees_does_not_race():
    def wrong(bids, quantities, demand):
        price, dispatch = numpy_clear(bids, quantities, demand)
        return price, dispatch + 1.0

    with pytest.raises(timing.Disagreement, match="numpy and wrong clear this market differently"):
        timing.race({"numpy": numpy_clear, "wrong": wrong}, MARKETS, **QUICK)


def test_a_race_can_be_stopped():
    with pytest.raises(timing.Stopped):
        timing.race({"numpy": numpy_clear}, MARKETS, **QUICK, is_stopped=lambda: True)


def test_the_published_table():
    assert [round(point.speedup, 2) for point in POINTS] == [1.23, 1.03, 0.75, 0.46, 0.36, 0.30]


def test_variants_race_on_random_markets():
    names = market_py.available_variants()
    assert "numba-sort" in names
    variants = {name: market_py.get_variant(name) for name in names}
    backends = {
        name: market_py.get_backend(name).market_clearing for name in market_py.available_backends()
    }
    timing.verify(variants | backends, timing.random_markets(50))
