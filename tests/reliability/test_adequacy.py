"""The simulation against the exact convolution, and that against the published indices."""

import doctest
import inspect
import itertools
import math
import re
import time
import tracemalloc
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

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


def unit(capacity, rate=0.1):
    return replace(rts79.UNITS[0], capacity=capacity, forced_outage_rate=rate)


def by_enumeration(units, loads):
    """Both indices from all states of the units, in exact arithmetic."""
    hours = energy = Fraction(0)
    targets = [(Fraction(load), Fraction(load * (1 - 1e-9))) for load in loads]
    for up in itertools.product((False, True), repeat=len(units)):
        available = sum(Fraction(u.capacity) for u, runs in zip(units, up, strict=True) if runs)
        rates = [Fraction(u.forced_outage_rate) for u in units]
        probability = math.prod(1 - r if runs else r for r, runs in zip(rates, up, strict=True))
        for load, target in targets:
            if available < target:
                hours += probability
                energy += probability * (load - available)
    return float(hours), float(energy)


ROUNDED = [
    ([unit(0.7), unit(0.1), unit(0.1)], np.full(100, 0.9), 27.1),
    ([unit(1938.0)], np.full(100, 1938.0000000000002), 10.0),
    ([unit(0.1), unit(0.2)], np.full(100, 0.3), 19.0),
    ([unit(1000 * (1 - 1e-9))], np.full(100, 1000.0), 10.0),
    ([unit(1000 * (1 - 1.001e-9))], np.full(100, 1000.0), 100.0),
    ([unit(1.0)], np.zeros(100), 0.0),
]
"""Units, loads that their sums meet up to rounding or do not, and the hours of lost load."""


@pytest.mark.parametrize(("units", "loads", "hours"), ROUNDED)
def test_rounding_is_no_loss_of_load(units, loads, hours, backend):
    """The exact sum of the units must reach a load up to one part in 10^9, as in a market."""
    indices = adequacy.exact(units, loads)
    assert indices.loss_of_load == pytest.approx(hours)
    assert indices == pytest.approx(by_enumeration(units, loads))
    years = 3 if backend.name == "python" else 100
    found = adequacy.simulate(years, units=units, loads=loads, backend=backend.name)
    offered = [adequacy.draw_year(year, units=units, hours=100) for year in range(years)]
    targets = loads * (1 - 1e-9)
    short = [
        sum(sum(map(Fraction, row)) < target for row, target in zip(rows, targets, strict=True))
        for rows in offered
    ]
    assert found.loss_of_load.mean == pytest.approx(np.mean(short))
    assert found.hours_at_price[1000.0] == sum(short)


@pytest.mark.parametrize("scale", [1e-3, 1e3, 1.34102, 1 / 3, 2.0**-30, 7e-9])
def test_the_unit_of_measure_does_not_matter(scale):
    """In GW, kW or horsepower: capacities and loads are then rounded otherwise."""
    units = [replace(u, capacity=u.capacity * scale) for u in rts79.UNITS]
    loads = rts79.hourly_loads() * scale
    found, before = adequacy.exact(units, loads), adequacy.exact()
    assert found.loss_of_load == pytest.approx(before.loss_of_load, rel=1e-9)
    assert found.unserved_energy == pytest.approx(before.unserved_energy * scale, rel=1e-9)
    week = loads[-336:] * 1.1
    one = adequacy.simulate(20, units=units, loads=week)
    other = adequacy.simulate(20, loads=rts79.hourly_loads()[-336:] * 1.1)
    assert one.hours_at_price == other.hours_at_price
    assert one.unserved_energy.mean == pytest.approx(other.unserved_energy.mean * scale)


@given(
    st.lists(
        st.builds(
            unit,
            st.sampled_from([0.1, 0.2, 0.7, 50, 76, 400.3]) | st.floats(1e-3, 1e3),
            st.sampled_from([0.0, 0.02, 0.5, 1.0]) | st.floats(0, 1),
        ),
        min_size=1,
        max_size=7,
    ),
    st.data(),
)
def test_exact_against_all_states(units, data):
    """Loads at sums of some units too."""
    subsets = data.draw(st.lists(st.sets(st.sampled_from(range(len(units)))), max_size=4))
    sums = [float(sum(units[i].capacity for i in subset)) for subset in subsets]
    loads = [*sums, data.draw(st.floats(0, 5e3))]
    expected = by_enumeration(units, loads)
    assert adequacy.exact(units, loads) == pytest.approx(expected, rel=1e-9, abs=1e-9)


def test_a_shortage_is_no_hour_of_the_most_expensive_unit():
    """The value of lost load may be below, or at, what a unit asks."""
    cost = SMALL[0].fuel_cost + SMALL[0].om_cost
    for lost in (cost, 1.0, 1000.0):
        found = adequacy.simulate(
            50, units=SMALL, loads=[60.0, 115.0, 130.0], value_of_lost_load=lost
        )
        assert (
            found.loss_of_load.mean
            == adequacy.simulate(50, units=SMALL, loads=[60.0, 115.0, 130.0]).loss_of_load.mean
        )
        assert found.hours_at_price.total() == 150
        assert set(found.hours_at_price) == {cost, lost}


def test_a_shortage_of_units_that_cost_nothing(backend):
    """The next double above their price is subnormal."""
    units = [replace(u, fuel_cost=0.0, om_cost=0.0) for u in SMALL]
    found = adequacy.simulate(20, units=units, loads=[60.0, 130.0], backend=backend.name)
    assert set(found.hours_at_price) == {0.0, 1000.0}
    assert found.hours_at_price[1000.0] == round(found.loss_of_load.mean * 20) > 20


def test_the_work_is_bounded():
    """155 units of arbitrary capacities, as in RTS-GMLC: 2^155 states."""
    rng = np.random.default_rng(0)
    capacities, rates = rng.uniform(10, 400, 155), rng.uniform(0.01, 0.2, 155)
    units = list(map(unit, capacities, rates))
    loads = np.linspace(0.8, 1, 100) * capacities.sum()
    started = time.process_time()
    found = adequacy.exact(units, loads)
    assert time.process_time() - started < 20
    available = (rng.random((20_000, 155)) >= rates) @ capacities
    assert found.loss_of_load == pytest.approx(
        (available[:, None] < loads).sum() / 20_000, rel=0.02
    )


def test_units_that_never_fail_only_shift():
    """And units that never run do nothing."""
    capacities = np.random.default_rng(0).uniform(10, 400, 500)
    units = [*SMALL, *(unit(capacity, 0.0) for capacity in capacities), unit(9.0, 1.0)]
    loads = np.array([60.0, 120.0, 130.0])
    found = adequacy.exact(units, loads + capacities.sum())
    assert found == pytest.approx(adequacy.exact(SMALL, loads), rel=1e-6)


@pytest.mark.parametrize("seed", range(5))
def test_the_stated_error_of_merged_levels(seed, monkeypatch):
    rng = np.random.default_rng(seed)
    units = list(map(unit, rng.uniform(10, 400, 12), rng.uniform(0.01, 0.3, 12)))
    whole = sum(u.capacity for u in units)
    loads = rng.uniform(0.5, 1, 50) * whole
    for levels in (40, 400):
        monkeypatch.setattr(adequacy, "MOST_LEVELS", 10**6)
        error = len(units) / levels * whole
        around = [adequacy.exact(units, loads + shift) for shift in (-error, 0, error)]
        monkeypatch.setattr(adequacy, "MOST_LEVELS", levels)
        merged = adequacy.exact(units, loads)
        assert merged != around[1]
        for low, found, high in zip(around[0], merged, around[2], strict=True):
            assert low <= found <= high
        assert merged == pytest.approx(around[1], rel=40 / levels)


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


def test_every_year_has_a_result_of_its_own():
    """What an interrupt leaves is whole, and does not change when more years follow."""
    found = list(adequacy.simulate_yearly(3, loads=[2900.0, 3000.0]))
    assert [simulation.years for simulation in found] == [1, 2, 3]
    assert [simulation.hours_at_price.total() for simulation in found] == [2, 4, 6]
    assert [simulation.unserved_energy.years for simulation in found] == [1, 2, 3]


def test_units_of_whole_megawatts_offer_doubles():
    assert adequacy.draw_year(0).dtype == float


def test_an_estimate_is_mean_and_standard_error():
    values = np.random.default_rng(0).normal(5, 2, 100)
    estimate = adequacy.Estimate()
    assert estimate.standard_error == math.inf
    for value in values:
        estimate = estimate.add(value)
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
    # Twenty times the years; how many are in flight at once varies.
    assert peaks[2] < 3 * peaks[1]


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
        ({"years": 1, "units": []}, "^units: must hold at least one unit"),
        ({"years": 1, "value_of_lost_load": 1e101}, "must be at most 1e"),
        ({"years": 1, "loads": [1e101]}, r"^loads\[0\] = 1e\+101: must be at most 1e"),
        ({"years": 1, "backend": "x"}, "backend = 'x': must be one of"),
    ],
)
def test_bad_input(wrong, words):
    with pytest.raises(ValueError, match=words):
        adequacy.simulate(**wrong)
    with pytest.raises(ValueError, match=words):
        adequacy.simulate_yearly(**wrong)  # At once, not with the first year.


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


TAKE_UNITS = {
    "simulate": lambda units: adequacy.simulate(1, units=units, loads=[40.0]),
    "simulate_yearly": lambda units: adequacy.simulate_yearly(1, units=units),
    "draw_year": lambda units: adequacy.draw_year(0, units=units),
    "exact": lambda units: adequacy.exact(units, [40.0]),
}


@pytest.mark.parametrize("function", TAKE_UNITS.values(), ids=TAKE_UNITS)
@pytest.mark.parametrize(
    ("field", "value", "error", "words"),
    [
        ("forced_outage_rate", 5, ValueError, "= 5.0: must be a share, from 0 to 1"),
        ("forced_outage_rate", -0.1, ValueError, "= -0.1: must be a share, from 0 to 1"),
        ("forced_outage_rate", math.nan, ValueError, "= nan: must be a share, from 0 to 1"),
        ("forced_outage_rate", "0.1", TypeError, ": must be real numbers, got str"),
        ("capacity", 0, ValueError, "= 0.0: must be above 0"),
        ("capacity", -50.0, ValueError, "= -50.0: must be above 0"),
        ("capacity", math.inf, ValueError, "= inf: must be above 0 and at most"),
        ("capacity", math.nan, ValueError, "= nan: must be above 0"),
        ("capacity", True, TypeError, ": must be real numbers, got bool"),
        ("capacity", [50.0], ValueError, ": must have 0 dimensions"),
        ("fuel_cost", math.nan, ValueError, "= nan: must be at most 1e+100 in size"),
        ("om_cost", -math.inf, ValueError, "= -inf: must be at most 1e+100 in size"),
        ("om_cost", None, TypeError, ": must be real numbers, got NoneType"),
    ],
)
def test_units_out_of_range(function, field, value, error, words):
    units = [rts79.UNITS[0], replace(rts79.UNITS[1], **{field: value})]
    with pytest.raises(error, match=re.escape(f"units[1] (oil 12 MW #2): {field}")) as caught:
        function(units)
    assert words in str(caught.value)


@pytest.mark.parametrize("function", TAKE_UNITS.values(), ids=TAKE_UNITS)
def test_what_is_no_unit(function):
    with pytest.raises(TypeError, match=r"units\[0\]: must be a Unit, got str"):
        function("oil 12 MW #1")
    with pytest.raises(ValueError, match="units: must hold at least one unit"):
        function([])


@pytest.mark.parametrize(
    ("wrong", "error", "words"),
    [
        ({"year": -1}, ValueError, "year = -1: must be at least 0"),
        ({"year": 0, "seed": -1}, ValueError, "seed = -1: must be at least 0"),
        ({"year": 0, "hours": 0}, ValueError, "hours = 0: must be at least 1"),
        ({"year": 0.5}, TypeError, "year: must be a whole number, got float"),
        ({"year": 0, "seed": True}, TypeError, "seed: must be a whole number, got bool"),
    ],
)
def test_years_that_cannot_be_drawn(wrong, error, words):
    with pytest.raises(error, match=words):
        adequacy.draw_year(**wrong)


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


@pytest.mark.parametrize("module", [adequacy, rts79])
def test_examples_in_docstrings(module):
    result = doctest.testmod(module)
    assert result.attempted > 0
    assert result.failed == 0


def test_every_public_number_is_named_here():
    """A new argument is a number that must be tried out of its range, or known to be none."""
    tried = {"years", "threads", "seed", "loads", "value_of_lost_load", "backend", "units"}
    tried |= {"year", "hours", "annual_peak", "fuel_prices", "out"}
    functions = adequacy.simulate_yearly, adequacy.draw_year, adequacy.exact
    for function in (*functions, rts79.hourly_loads, rts79.offers):
        assert set(inspect.signature(function).parameters) <= tried
