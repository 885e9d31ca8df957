"""What a unit carries and what a system needs, against a search by brute force."""

import numpy as np
import pytest

from market_py.reliability import adequacy, rts79
from market_py.reliability.capacity import HourlyCapacity
from market_py.reliability.planning import (
    daily_loss_of_load,
    load_carrying_capability,
    reserve_margin,
)
from market_py.reliability.system import System, Unit

DAY = [70.0] * 12 + [110.0] * 12
SMALL = System([Unit("a", 50.0, 0.1), Unit("b", 70.0, 0.2), Unit("c", 70.0, 0.2)], DAY)


@pytest.mark.parametrize(
    ("unit", "system"),
    [
        (Unit("d", 33.0, 0.5), rts79.system()),
        pytest.param(Unit("d", 100.0, 0.04), rts79.system(), marks=pytest.mark.long),
        pytest.param(Unit("d", 100.0, 0.04), rts79.system(3000.0), marks=pytest.mark.long),
    ],
)
def test_a_unit_carries_what_brute_force_finds(system, unit):
    before = adequacy.exact(system).loss_of_load
    larger = system.with_units(unit)
    steps = np.arange(0, unit.capacity, 0.5)
    carried = [
        step
        for step in steps
        if adequacy.exact(larger.with_loads(system.loads + step)).loss_of_load <= before
    ]
    found = load_carrying_capability(system, unit)
    assert max(carried) <= found <= max(carried) + 0.5


def test_units_that_never_or_always_fail():
    assert load_carrying_capability(SMALL, Unit("d", 20.0, 0.0)) == pytest.approx(20.0)
    assert load_carrying_capability(SMALL, Unit("d", 20.0, 1.0)) == pytest.approx(0.0, abs=1e-6)


def test_a_profile_carries_what_it_does_when_it_is_needed():
    constant = load_carrying_capability(SMALL, np.full(24, 7.0))
    assert constant == pytest.approx(7.0)
    by_night = np.where(np.array(DAY) < 100, 20.0, 0.0)
    assert load_carrying_capability(SMALL, by_night) < 20.0
    system = rts79.system()
    sun = np.tile(50 * np.maximum(np.sin((np.arange(24) - 6) / 12 * np.pi), 0), 364)
    found = load_carrying_capability(system, sun)
    before = adequacy.exact(system).loss_of_load
    after = [
        adequacy.exact(system.with_loads(system.loads - sun + more)).loss_of_load
        for more in (found, found + 0.5)
    ]
    assert after[0] <= before < after[1]


def test_a_system_without_risk_compares_nothing():
    with pytest.raises(ValueError, match="system: never loses load"):
        load_carrying_capability(System([Unit("a", 5.0, 0.0)], DAY[:1]).with_loads([1.0]), DAY[:1])


def test_daily_loss_of_load_is_the_published_one():
    """1.37 days a year with daily peaks (IEEE Committee Report 1979)."""
    system = rts79.system()
    found = daily_loss_of_load(HourlyCapacity.of(system), system.loads)
    assert found == pytest.approx(1.37, abs=0.005)


@pytest.mark.parametrize("target", [0.1, 1.0])
def test_the_margin_is_what_brute_force_finds(target):
    system = rts79.system()
    capacity = HourlyCapacity.of(system)
    scales = np.arange(0.8, 1.1, 0.001)
    safe = [it for it in scales if daily_loss_of_load(capacity, it * system.loads) <= target]
    installed, peak = 3405.0, 2850.0
    found = reserve_margin(system, target)
    assert installed / (max(safe) + 0.001) / peak - 1 <= found <= installed / max(safe) / peak - 1


@pytest.mark.parametrize(
    ("system", "target", "words"),
    [
        (SMALL.with_loads(DAY[:-1]), 0.1, "system: must have whole days, got 23 hours"),
        (SMALL, 0.0, "target = 0.0: must be above 0 and below the 1 days"),
        (SMALL, 1.0, "target = 1.0: must be above 0"),
        (SMALL, np.nan, "target = nan: must be finite"),
        (SMALL.with_loads([0.0] * 24), 0.1, "below the 0 days"),
    ],
)
def test_margins_that_make_no_sense(system, target, words):
    with pytest.raises(ValueError, match=words):
        reserve_margin(system, target)
