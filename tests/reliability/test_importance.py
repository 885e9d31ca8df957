"""Weighted years have the same mean, and a smaller error."""

from dataclasses import replace

import numpy as np
import pytest

from market_py.reliability import adequacy, rts79
from market_py.reliability.importance import (
    simulate_weighted,
    simulate_weighted_yearly,
    tilted_rates,
)
from market_py.reliability.sequential import simulate_sequential
from market_py.reliability.system import System, Unit

WEEK = rts79.hourly_loads()[-168:]


@pytest.mark.parametrize("seed", range(3))
def test_the_mean_is_the_exact_one(seed):
    planned = [replace(unit, planned=((20, 60),)) for unit in rts79.UNITS[-3:]]
    for system in (System(rts79.UNITS, WEEK), System([*rts79.UNITS[:-3], *planned], WEEK)):
        found, exact = simulate_weighted(200, system, seed=seed), adequacy.exact(system)
        for estimate, value in zip(found, exact, strict=True):
            assert abs(estimate.mean - value) < 4 * estimate.standard_error


def test_the_same_interval_from_a_tenth_of_the_years():
    weighted = simulate_weighted(50, seed=1)
    plain = adequacy.simulate(500, seed=1)
    for one, other in (
        (weighted.loss_of_load, plain.loss_of_load),
        (weighted.unserved_energy, plain.unserved_energy),
    ):
        assert one.standard_error < other.standard_error


def test_rates_of_the_units_weigh_nothing():
    system = System(rts79.UNITS, WEEK)
    same = simulate_weighted(20, system, seed=3, outage_rates=system.outage_rates)
    plain = adequacy.simulate(20, system, seed=3)
    assert same.loss_of_load == plain.loss_of_load
    assert same.unserved_energy.mean == pytest.approx(plain.unserved_energy.mean)


def test_units_that_never_or_always_fail():
    system = System([Unit("a", 50.0, 0.0), Unit("b", 40.0, 1.0), Unit("c", 40.0, 0.2)], [80.0] * 50)
    found = simulate_weighted(100, system)
    assert found.loss_of_load.mean == pytest.approx(10.0, abs=4 * found.loss_of_load.standard_error)


def test_a_system_that_is_short_anyway_is_not_tilted():
    system = System([Unit("a", 50.0, 0.3)], [60.0])
    assert np.array_equal(tilted_rates(system), system.outage_rates)


@pytest.mark.parametrize(
    ("rates", "words"),
    [
        ([0.1], r"outage_rates: must have 2 units, got shape \(1,\)"),
        ([0.1, 0.0], r"outage_rates\[1\] = 0.0: must be a share that leaves everything possible"),
        ([1.0, 0.5], r"outage_rates\[0\] = 1.0: must be"),
        ([0.1, np.nan], r"outage_rates\[1\] = nan: must be"),
    ],
)
def test_rates_that_cannot_be_used(rates, words):
    system = System([Unit("a", 50.0, 0.1), Unit("b", 50.0, 0.1)], [60.0])
    with pytest.raises(ValueError, match=words):
        simulate_weighted_yearly(1, system, outage_rates=rates)


def test_what_is_no_system():
    for simulate in (simulate_weighted, simulate_sequential):
        with pytest.raises(TypeError, match="system: must be a System, got int"):
            simulate(1, 5)
