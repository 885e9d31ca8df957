"""The simulation against the exact convolution, and that against the published indices."""

import math
import tracemalloc
from dataclasses import replace

import numpy as np
import pytest

from market_py.reliability import adequacy, rts79

SMALL = [
    replace(rts79.UNITS[0], name="a", capacity=50.0, forced_outage_rate=0.1),
    replace(rts79.UNITS[0], name="b", capacity=70.0, forced_outage_rate=0.2),
]


def test_the_published_indices():
    indices = adequacy.exact()
    assert round(indices.loss_of_load, 3) == 9.394
    assert round(indices.unserved_energy) == 1176
    assert indices.loss_of_load == pytest.approx(9.39418, abs=1e-5)
    assert indices.unserved_energy == pytest.approx(1176.30, abs=5e-3)


def test_two_units_by_hand():
    # Available: 0 with 0.02, 50 with 0.18, 70 with 0.08, 120 with 0.72.
    indices = adequacy.exact(SMALL, np.array([60.0, 120.0, 130.0]))
    assert indices.loss_of_load == pytest.approx(0.20 + 0.28 + 1.0)
    unserved = [
        0.02 * 60 + 0.18 * 10,
        0.02 * 120 + 0.18 * 70 + 0.08 * 50,
        0.02 * 130 + 0.18 * 80 + 0.08 * 60 + 0.72 * 10,
    ]
    assert indices.unserved_energy == pytest.approx(sum(unserved))


def agrees(simulation, indices):
    for estimate, value in (
        (simulation.loss_of_load, indices.loss_of_load),
        (simulation.unserved_energy, indices.unserved_energy),
    ):
        assert abs(estimate.mean - value) <= 4 * estimate.standard_error


def test_a_simulation_agrees_with_the_convolution(backend):
    loads = np.tile(rts79.hourly_loads()[-168:], 2)
    years = 4 if backend.name == "python" else 60
    found = adequacy.simulate(years, seed=1, loads=loads, backend=backend.name)
    agrees(found, adequacy.exact(loads=loads))


def test_the_result_depends_on_the_seed_only(backends):
    loads = rts79.hourly_loads()[-168:] * 1.1
    first = adequacy.simulate(6, seed=3, loads=loads)
    for backend in backends:
        for threads in (1, 2, 5):
            again = adequacy.simulate(6, seed=3, loads=loads, backend=backend.name, threads=threads)
            assert again.loss_of_load == first.loss_of_load
            assert again.hours_at_price == first.hours_at_price
            assert again.unserved_energy.mean == pytest.approx(first.unserved_energy.mean)
    assert adequacy.simulate(6, seed=4, loads=loads).unserved_energy != first.unserved_energy
    # The first years of a longer simulation are the same.
    assert first.years == 6
    longer = adequacy.simulate(7, seed=3, loads=loads)
    assert (longer.hours_at_price - first.hours_at_price).total() == len(loads)


def test_prices_are_offers_or_the_value_of_lost_load():
    loads = np.array([60.0, 115.0, 130.0])
    ticks = []
    found = adequacy.simulate(
        50,
        units=SMALL,
        loads=loads,
        value_of_lost_load=500.0,
        progress=lambda: ticks.append(1),
    )
    cost = SMALL[0].fuel_cost + SMALL[0].om_cost
    assert set(found.hours_at_price) == {cost, 500.0}
    assert found.hours_at_price.total() == 150
    assert found.hours_at_price[500.0] == round(found.loss_of_load.mean * 50)
    share = found.hours_at_price[500.0] / 150
    assert found.mean_price == pytest.approx(share * 500 + (1 - share) * cost)
    assert len(ticks) == 50


def test_years_can_be_had_one_by_one():
    seen = [
        (found.years, found.loss_of_load.mean)
        for found in adequacy.simulate_yearly(4, seed=2, threads=2)
    ]
    assert seen == [(n, adequacy.simulate(n, seed=2).loss_of_load.mean) for n in range(1, 5)]
    first = next(adequacy.simulate_yearly(4, seed=2, threads=2))
    assert first.years == 1


def test_units_of_whole_megawatts_offer_doubles():
    assert adequacy.draw_year(0).dtype == float


def test_an_estimate_is_mean_and_standard_error():
    values = np.random.default_rng(0).normal(5, 2, 100)
    estimate = adequacy.Estimate()
    assert estimate.standard_error == math.inf
    for value in values:
        estimate.add(value)
    assert estimate.mean == pytest.approx(values.mean())
    assert estimate.standard_error == pytest.approx(values.std(ddof=1) / 10)
    low, high = estimate.interval
    assert (low + high) / 2 == pytest.approx(estimate.mean)
    assert (high - low) / 2 == pytest.approx(1.959964 * estimate.standard_error)


def test_memory_does_not_grow_with_the_years():
    loads = rts79.hourly_loads()[:500]
    peaks = []
    for years in (10, 10, 200):
        tracemalloc.start()
        adequacy.simulate(years, loads=loads, threads=2)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[2] < 1.5 * peaks[1]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"years": 0}, "years = 0: must be at least 1"),
        ({"years": 1, "threads": 0}, "threads = 0: must be at least 1"),
        ({"years": 1, "seed": -1}, "seed = -1: must be at least 0"),
        ({"years": 1, "loads": [-1.0]}, r"^loads\[0\] = -1.0: must be finite and >= 0"),
        ({"years": 1, "loads": [1.0, np.nan]}, r"^loads\[1\] = nan: must be finite and >= 0"),
        ({"years": 1, "loads": []}, "^loads: must hold at least one hour"),
        ({"years": 1, "value_of_lost_load": np.inf}, "^value_of_lost_load = inf: must be finite"),
        ({"years": 1, "backend": "x"}, "backend = 'x': must be one of"),
    ],
)
def test_bad_input(wrong, words):
    with pytest.raises(ValueError, match=words):
        adequacy.simulate(**wrong)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"years": 1.5}, "years: must be a whole number, got float"),
        ({"years": 1, "threads": "2"}, "threads: must be a whole number, got str"),
        ({"years": 1, "loads": ["1"]}, "loads: must be real numbers, got list of dtype <U1"),
        ({"years": 1, "value_of_lost_load": "1"}, "value_of_lost_load: must be real numbers"),
    ],
)
def test_what_is_no_number(wrong, words):
    with pytest.raises(TypeError, match=words):
        adequacy.simulate(**wrong)


@pytest.mark.parametrize(
    ("loads", "error", "words"),
    [
        ([1.0, np.nan], ValueError, r"^loads\[1\] = nan: must be finite and >= 0"),
        ([], ValueError, "^loads: must hold at least one hour"),
        (["1"], TypeError, "^loads: must be real numbers"),
    ],
)
def test_bad_loads_of_the_convolution(loads, error, words):
    with pytest.raises(error, match=words):
        adequacy.exact(loads=loads)


@pytest.mark.long
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_ten_thousand_years(seed):
    agrees(adequacy.simulate(10_000, seed=seed, threads=2), adequacy.exact())
