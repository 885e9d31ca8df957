"""The distribution of available capacity against all states of the units, and publications."""

import itertools
import math
import time
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from market_py.reliability import adequacy, capacity, rts79
from market_py.reliability.system import System, Unit

SMALL = [Unit("a", 50.0, 0.1), Unit("b", 70.0, 0.2)]


def unit(size, rate=0.1):
    return Unit("", size, rate)


def by_enumeration(system):
    """Both indices from all states of the units, in exact arithmetic."""
    hours = energy = Fraction(0)
    for up in itertools.product((False, True), repeat=len(system.units)):
        rates = [Fraction(unit.forced_outage_rate) for unit in system.units]
        probability = math.prod(1 - r if runs else r for r, runs in zip(rates, up, strict=True))
        for load, in_service in zip(system.loads, system.in_service, strict=True):
            runs = np.logical_and(up, in_service)
            available = sum(
                Fraction(u.capacity) for u, on in zip(system.units, runs, strict=True) if on
            )
            if available < Fraction(load * (1 - 1e-9)):
                hours += probability
                energy += probability * (Fraction(load) - available)
    return float(hours), float(energy)


def test_the_published_indices():
    indices = adequacy.exact()
    assert round(indices.loss_of_load, 3) == 9.394
    assert round(indices.unserved_energy) == 1176
    assert indices.loss_of_load == pytest.approx(9.39418, abs=1e-5)
    assert indices.unserved_energy == pytest.approx(1176.30, abs=5e-3)


def test_two_units_by_hand():
    # Available: 0 with 0.02, 50 with 0.18, 70 with 0.08, 120 with 0.72.
    indices = adequacy.exact(System(SMALL, [60.0, 120.0, 130.0]))
    assert indices.loss_of_load == pytest.approx(0.20 + 0.28 + 1.0)
    unserved = [
        0.02 * 60 + 0.18 * 10,
        0.02 * 120 + 0.18 * 70 + 0.08 * 50,
        0.02 * 130 + 0.18 * 80 + 0.08 * 60 + 0.72 * 10,
    ]
    assert indices.unserved_energy == pytest.approx(sum(unserved))


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
def test_against_all_states(units, data):
    """Loads at sums of some units too, and planned outages."""
    subsets = data.draw(st.lists(st.sets(st.sampled_from(range(len(units)))), max_size=4))
    sums = [float(sum(units[i].capacity for i in subset)) for subset in subsets]
    loads = [*sums, data.draw(st.floats(0, 5e3))]
    if data.draw(st.booleans()):
        units[0] = replace(units[0], planned=((0, data.draw(st.integers(1, len(loads)))),))
    system = System(units, loads)
    assert adequacy.exact(system) == pytest.approx(by_enumeration(system), rel=1e-9, abs=1e-9)


def test_the_work_is_bounded():
    """155 units of arbitrary capacities, as in RTS-GMLC: 2^155 states."""
    rng = np.random.default_rng(0)
    capacities, rates = rng.uniform(10, 400, 155), rng.uniform(0.01, 0.2, 155)
    loads = np.linspace(0.8, 1, 100) * capacities.sum()
    started = time.process_time()
    found = adequacy.exact(System(list(map(unit, capacities, rates)), loads))
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
    found = adequacy.exact(System(units, loads + capacities.sum()))
    assert found == pytest.approx(adequacy.exact(System(SMALL, loads)), rel=1e-6)


@pytest.mark.parametrize("seed", range(5))
def test_the_stated_error_of_merged_levels(seed, monkeypatch):
    rng = np.random.default_rng(seed)
    units = list(map(unit, rng.uniform(10, 400, 12), rng.uniform(0.01, 0.3, 12)))
    whole = sum(u.capacity for u in units)
    loads = rng.uniform(0.5, 1, 50) * whole
    for levels in (40, 400):
        monkeypatch.setattr(capacity, "MOST_LEVELS", 10**6)
        error = len(units) / levels * whole
        around = [adequacy.exact(System(units, loads + shift)) for shift in (-error, 0, error)]
        monkeypatch.setattr(capacity, "MOST_LEVELS", levels)
        merged = adequacy.exact(System(units, loads))
        assert merged != around[1]
        for low, found, high in zip(around[0], merged, around[2], strict=True):
            assert low <= found <= high
        assert merged == pytest.approx(around[1], rel=40 / levels)


def test_a_system_with_a_planned_outage_has_less():
    units = [replace(rts79.UNITS[-1], planned=((0, 8736),)), *rts79.UNITS[:-1]]
    loads = rts79.hourly_loads()
    without = adequacy.exact(System(rts79.UNITS[:-1], loads))
    assert adequacy.exact(System(units, loads)) == pytest.approx(without)
