"""The simulation against the convolution, and both methods and all backends against each other."""

import doctest
import inspect
import math
import tracemalloc
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from market_py.registry import available_backends
from market_py.reliability import adequacy, planning, rts79
from market_py.reliability.methods import FUSED_BACKENDS
from market_py.reliability.simulation import Estimate
from market_py.reliability.system import System, Unit

SMALL = [Unit("a", 50.0, 0.1, 28.5), Unit("b", 70.0, 0.2, 28.5)]
FUSED = [name for name in FUSED_BACKENDS if name in available_backends()]
WEEK = rts79.hourly_loads()[-168:]


def unit(size, rate=0.1):
    return Unit("", size, rate)


def rts(loads):
    return System(rts79.UNITS, loads)


@pytest.fixture(params=FUSED)
def fused(request):
    return request.param


ROUNDED = [
    ([unit(0.7), unit(0.1), unit(0.1)], 0.9),
    ([unit(1938.0)], 1938.0000000000002),
    ([unit(0.1), unit(0.2)], 0.3),
    ([unit(1000 * (1 - 1e-9))], 1000.0),
    ([unit(1000 * (1 - 1.001e-9))], 1000.0),
    ([unit(1.0)], 0.0),
    ([unit(1e-3), unit(1e6), unit(3.0)], 1e6 + 3),
]
"""Units, and a load that their sums meet up to rounding or do not."""


@pytest.mark.parametrize(("units", "load"), ROUNDED)
def test_rounding_is_no_loss_of_load(units, load, backend):
    """The exact sum of the units must reach a load up to one part in 10^9, as in a market."""
    system = System(units, np.full(100, load))
    indices = adequacy.exact(system)
    years = 3 if backend.name == "python" else 100
    offered = [adequacy.draw_year(year, system=system) for year in range(years)]
    target = Fraction(load * (1 - 1e-9))
    short = [sum(sum(map(Fraction, row)) < target for row in rows) for rows in offered]
    methods = ("clearing", "fused") if backend.name in FUSED else ("clearing",)
    for method in methods:
        found = adequacy.simulate(years, system, method=method, backend=backend.name)
        assert found.loss_of_load.mean == pytest.approx(np.mean(short))
        assert found.hours_at_price[1000.0] == sum(short)
    if years == 100:
        error = max(found.loss_of_load.standard_error, 1e-12)
        assert abs(np.mean(short) - indices.loss_of_load) < 4 * error


@pytest.mark.parametrize("scale", [1e-3, 1e3, 1.34102, 1 / 3, 1e-3 / 3, 2.0**-30, 7e-9])
def test_the_unit_of_measure_does_not_matter(scale, fused):
    """In GW, kW, thirds or horsepower: capacities and loads are then rounded otherwise."""
    units = [replace(u, capacity=u.capacity * scale) for u in rts79.UNITS]
    scaled = System(units, rts79.hourly_loads() * scale)
    found, before = adequacy.exact(scaled), adequacy.exact()
    assert found.loss_of_load == pytest.approx(before.loss_of_load, rel=1e-9)
    assert found.unserved_energy == pytest.approx(before.unserved_energy * scale, rel=1e-9)
    fortnight = rts79.hourly_loads()[-336:] * 1.1
    one = adequacy.simulate(20, System(units, fortnight * scale), backend=fused)
    other = adequacy.simulate(20, rts(fortnight), backend=fused)
    assert one.loss_of_load == other.loss_of_load
    assert one.hours_at_price == other.hours_at_price
    assert one.unserved_energy.mean == pytest.approx(other.unserved_energy.mean * scale)


SYSTEMS = st.builds(
    System,
    st.lists(
        st.builds(
            Unit,
            st.just(""),
            st.sampled_from([0.1, 0.2, 0.7, 50.0, 76.0, 400.3, 1e-3, 1e6]) | st.floats(1e-3, 1e3),
            st.sampled_from([0.0, 0.02, 0.5, 1.0]) | st.floats(0, 1),
            st.sampled_from([0.0, 5.0, 5.0, -3.0, 1000.0]),
            planned=st.sampled_from([(), ((0, 3),), ((2, 5), (7, 9))]),
        ),
        min_size=1,
        max_size=40,
    ),
    st.lists(
        st.sampled_from([0.0, 0.3, 0.8, 50.0, 126.0, 1e6]) | st.floats(0, 5e3),
        min_size=9,
        max_size=200,
    ),
)


TINY_LOAD = System([Unit("", 50.0, 0.5)], [0.0] * 8 + [5e-324, 0.3])
"""Less than a quantum of capacity, even if it is divided by that."""


@given(SYSTEMS, st.integers(0, 2**63 - 1))
@example(TINY_LOAD, 0)
def test_all_backends_and_both_methods_agree(system, seed):
    """The kernels bit for bit; clearing in every hour, and energy up to rounding."""
    options = {"seed": seed, "energy": True}
    first, *others = (adequacy.simulate(3, system, backend=it, **options) for it in FUSED)
    for other in others:
        assert other.loss_of_load == first.loss_of_load
        assert other.unserved_energy == first.unserved_energy
        assert other.hours_at_price == first.hours_at_price
        assert np.array_equal(other.energy, first.energy)
    slow = adequacy.simulate(3, system, seed=seed, method="clearing")
    assert slow.loss_of_load == first.loss_of_load
    assert slow.hours_at_price == first.hours_at_price
    size = system.loads.sum() + system.capacities.sum()
    gap = slow.unserved_energy.mean - first.unserved_energy.mean
    assert abs(gap) <= 1e-9 * size
    # Served and unserved energy are the whole load.
    served = first.energy.sum() / 3
    assert served + first.unserved_energy.mean == pytest.approx(system.loads.sum(), abs=1e-8 * size)


def test_energy_of_units_is_their_dispatch(fused):
    """As `market_clearing_batch` dispatches them."""
    from market_py import market_clearing_batch

    planned = [replace(u, planned=((5, 50),) if at % 5 == 0 else ()) for at, u in enumerate(SMALL)]
    for system in (rts(WEEK * 1.2), System([*planned, *rts79.UNITS], WEEK)):
        found = adequacy.simulate(2, system, seed=9, backend=fused, energy=True)
        offered = np.concatenate([adequacy.draw_year(year, 9, system) for year in (0, 1)])
        _, dispatch = market_clearing_batch(system.prices, offered, np.tile(system.loads, 2))
        assert found.energy == pytest.approx(dispatch.sum(axis=0), rel=1e-12, abs=1e-9)


def test_energy_is_for_the_fused_method_only():
    with pytest.raises(ValueError, match="energy: is for method='fused' only"):
        adequacy.simulate(1, energy=True, method="clearing")
    assert adequacy.simulate(1).energy is None


def test_no_bit_depends_on_threads_or_on_how_years_are_called(fused):
    system = rts(WEEK * 1.1)
    options = {"seed": 3, "backend": fused, "energy": True}
    whole = adequacy.simulate(150, system, **options)
    for threads in (2, 5):
        again = adequacy.simulate(150, system, threads=threads, **options)
        assert np.array_equal(again.energy, whole.energy)
        assert replace(again, energy=None) == replace(whole, energy=None)
    *_, last = adequacy.simulate_yearly(150, system, **options)
    assert np.array_equal(last.energy, whole.energy)
    assert replace(last, energy=None) == replace(whole, energy=None)


def test_a_shortage_is_no_hour_of_the_most_expensive_unit():
    """The value of lost load may be below, or at, what a unit asks."""
    system = System(SMALL, [60.0, 115.0, 130.0])
    (cost,) = set(system.prices)
    for method in ("fused", "clearing"):
        usual = adequacy.simulate(50, system, method=method)
        for lost in (cost, 1.0, 1000.0):
            found = adequacy.simulate(50, system, value_of_lost_load=lost, method=method)
            assert found.loss_of_load.mean == usual.loss_of_load.mean
            assert found.hours_at_price.total() == 150
            assert set(found.hours_at_price) == {cost, lost}


def test_a_shortage_of_units_that_cost_nothing(backend):
    """The next double above their price is subnormal."""
    free = System([replace(u, fuel_cost=0.0) for u in SMALL], [60.0, 130.0])
    found = adequacy.simulate(20, free, method="clearing", backend=backend.name)
    assert set(found.hours_at_price) == {0.0, 1000.0}
    assert found.hours_at_price[1000.0] == round(found.loss_of_load.mean * 20) > 20


def agrees(simulation, indices, errors=4):
    for estimate, value in (
        (simulation.loss_of_load, indices.loss_of_load),
        (simulation.unserved_energy, indices.unserved_energy),
    ):
        assert abs(estimate.mean - value) <= errors * estimate.standard_error


def test_clearing_agrees_with_the_convolution(backend):
    system = rts(np.tile(WEEK, 2))
    years = 4 if backend.name == "python" else 60
    found = adequacy.simulate(years, system, seed=1, method="clearing", backend=backend.name)
    agrees(found, adequacy.exact(system))


def test_planned_outages_agree_with_the_convolution(fused):
    units = [replace(u, planned=((100, 150), (160, 168))) for u in rts79.UNITS[-6:]]
    system = System([*rts79.UNITS[:-6], *units], WEEK)
    exact = adequacy.exact(system)
    assert exact.loss_of_load > 2 * adequacy.exact(rts(WEEK)).loss_of_load
    agrees(adequacy.simulate(300, system, seed=2, backend=fused), exact)


def test_clearing_depends_on_the_seed_only(backends):
    system = rts(WEEK * 1.1)
    first = adequacy.simulate(6, system, seed=3)
    for backend in backends:
        for threads in (1, 2, 5):
            again = adequacy.simulate(
                6, system, seed=3, method="clearing", backend=backend.name, threads=threads
            )
            assert again.loss_of_load == first.loss_of_load
            assert again.hours_at_price == first.hours_at_price
            assert again.unserved_energy.mean == pytest.approx(first.unserved_energy.mean)
    assert adequacy.simulate(6, system, seed=4).unserved_energy != first.unserved_energy
    # The first years of a longer simulation are the same.
    assert first.years == 6
    longer = adequacy.simulate(7, system, seed=3)
    assert (longer.hours_at_price - first.hours_at_price).total() == system.hours


def test_prices_are_offers_or_the_value_of_lost_load():
    system, ticks = System(SMALL, [60.0, 115.0, 130.0]), []
    found = adequacy.simulate(
        50, system, value_of_lost_load=500.0, progress=lambda: ticks.append(1)
    )
    (cost,) = set(system.prices)
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


@pytest.mark.parametrize("method", ["fused", "clearing"])
def test_every_year_has_a_result_of_its_own(method):
    """What an interrupt leaves is whole, and does not change when more years follow."""
    found = list(adequacy.simulate_yearly(3, rts([2900.0, 3000.0]), method=method))
    assert [simulation.years for simulation in found] == [1, 2, 3]
    assert [simulation.hours_at_price.total() for simulation in found] == [2, 4, 6]
    assert [simulation.unserved_energy.years for simulation in found] == [1, 2, 3]


def test_a_drawn_year_offers_whole_capacities():
    offered = adequacy.draw_year(0)
    assert offered.dtype == float
    capacities = [unit.capacity for unit in rts79.UNITS]
    assert np.all((offered == 0) | (offered == capacities))


def test_an_estimate_is_mean_and_standard_error():
    values = np.random.default_rng(0).normal(5, 2, 100)
    estimate = Estimate()
    assert estimate.standard_error == math.inf
    estimate = estimate.add(values[:40]).add(values[40:])
    assert estimate == Estimate().add(values)
    assert estimate.mean == pytest.approx(values.mean())
    assert estimate.standard_error == pytest.approx(values.std(ddof=1) / 10)
    low, high = estimate.interval
    assert (low + high) / 2 == pytest.approx(estimate.mean)
    assert (high - low) / 2 == pytest.approx(1.959964 * estimate.standard_error)


@pytest.mark.parametrize("method", ["fused", "clearing"])
def test_memory_does_not_grow_with_the_years(method):
    system, peaks = rts(rts79.hourly_loads()[:500]), []
    for years in (100, 100, 1000):
        tracemalloc.start()
        adequacy.simulate(years, system, threads=2, method=method)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    # Ten times the years; how many are in flight at once varies.
    assert peaks[2] < 3 * peaks[1]


@pytest.mark.parametrize(
    ("wrong", "error", "words"),
    [
        ({"years": 0}, ValueError, "years = 0: must be in 1 to 4294967295"),
        ({"years": 1, "threads": 0}, ValueError, "threads = 0: must be at least 1"),
        ({"years": 1, "seed": -1}, ValueError, r"seed = -1: must be a whole number in \[0, 2"),
        ({"years": 1, "seed": True}, ValueError, "seed = True: must be a whole number"),
        ({"years": 1, "value_of_lost_load": np.inf}, ValueError, "^value_of_lost_load = inf: "),
        ({"years": 1, "value_of_lost_load": 1e101}, ValueError, "must be at most 1e"),
        ({"years": 1, "value_of_lost_load": "1"}, TypeError, "value_of_lost_load: must be real"),
        ({"years": 1, "method": "x"}, ValueError, "method = 'x': must be 'fused' or 'clearing'"),
        ({"years": 1, "backend": "x"}, ValueError, "backend = 'x': must be one of"),
        ({"years": 1, "backend": "python"}, ValueError, "'python': must be .* with method='fused'"),
        ({"years": 1, "backend": "x", "method": "clearing"}, ValueError, "backend = 'x': must be"),
        ({"years": 1.5}, TypeError, "years: must be a whole number, got float"),
        ({"years": 1, "threads": "2"}, TypeError, "threads: must be a whole number, got str"),
        ({"years": 1, "system": [1.0]}, TypeError, "system: must be a System, got list"),
    ],
)
def test_bad_input(wrong, error, words):
    with pytest.raises(error, match=words):
        adequacy.simulate(**wrong)
    with pytest.raises(error, match=words):
        adequacy.simulate_yearly(**wrong)  # At once, not with the first year.


@pytest.mark.parametrize(
    ("wrong", "error", "words"),
    [
        ({"year": -1}, ValueError, "year = -1: must be in 0 to"),
        ({"year": 2**32}, ValueError, "year = 4294967296: must be in 0 to 4294967295"),
        ({"year": 0, "seed": -1}, ValueError, "seed = -1: must be a whole number"),
        ({"year": 0.5}, TypeError, "year: must be a whole number, got float"),
        ({"year": 0, "system": 5}, TypeError, "system: must be a System, got int"),
    ],
)
def test_years_that_cannot_be_drawn(wrong, error, words):
    with pytest.raises(error, match=words):
        adequacy.draw_year(**wrong)


@pytest.mark.long
@pytest.mark.parametrize("seed", [1, 2, 3, 4, 5])
def test_ten_thousand_years(seed):
    agrees(adequacy.simulate(10_000, seed=seed, threads=2), adequacy.exact(), errors=3)


@pytest.mark.parametrize("module", [adequacy, planning, rts79])
def test_examples_in_docstrings(module):
    result = doctest.testmod(module)
    assert result.attempted > 0
    assert result.failed == 0


def test_every_public_number_is_named_here():
    """A new argument is a number that must be tried out of its range, or known to be none."""
    tried = {"years", "threads", "seed", "value_of_lost_load", "backend", "system", "method"}
    tried |= {"year", "annual_peak", "fuel_prices", "out", "progress", "options", "energy"}
    tried |= {"added", "target"}
    functions = adequacy.simulate, adequacy.simulate_yearly, adequacy.draw_year, adequacy.exact
    planned = planning.load_carrying_capability, planning.reserve_margin
    for function in (*functions, *planned, rts79.hourly_loads, rts79.offers, rts79.system):
        assert set(inspect.signature(function).parameters) <= tried
