"""A system checks its units and loads, and keeps them."""

import math
import pickle
import re
from dataclasses import replace

import numpy as np
import pytest

from market_py.reliability import rts79
from market_py.reliability.system import System, Unit

LOADS = [40.0, 50.0]


@pytest.mark.parametrize(
    ("field", "value", "error", "words"),
    [
        ("forced_outage_rate", 5, ValueError, r"= 5.0: must be a share, from 0 to 1 (5 % is 0.05)"),
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
        ("planned", ((0, 3),), ValueError, " = 3: must be in 1 to 2"),
        ("planned", ((1, 1),), ValueError, " = 1: must be in 0 to 0"),
        ("planned", ((-1, 1),), ValueError, " = -1: must be in 0 to 0"),
        ("planned", ((0, 1.5),), TypeError, ": must be a whole number, got float"),
    ],
)
def test_units_out_of_range(field, value, error, words):
    units = [rts79.UNITS[0], replace(rts79.UNITS[1], **{field: value})]
    with pytest.raises(error, match=re.escape(f"units[1] (oil 12 MW #2): {field}")) as caught:
        System(units, LOADS)
    assert words in str(caught.value)


def test_what_is_no_unit():
    with pytest.raises(TypeError, match=r"units\[0\]: must be a Unit, got str"):
        System("oil 12 MW #1", LOADS)
    with pytest.raises(ValueError, match="units: must hold at least one unit"):
        System([], LOADS)


@pytest.mark.parametrize(
    ("loads", "error", "words"),
    [
        ([1.0, np.nan], ValueError, r"^loads\[1\] = nan: must be finite and >= 0"),
        ([-1.0], ValueError, r"^loads\[0\] = -1.0: must be finite and >= 0"),
        ([1e101], ValueError, r"^loads\[0\] = 1e\+101: must be at most 1e"),
        ([], ValueError, "^loads: must hold at least one hour"),
        (["1"], TypeError, "^loads: must be real numbers"),
    ],
)
def test_bad_loads(loads, error, words):
    with pytest.raises(error, match=words):
        System(rts79.UNITS, loads)


def test_it_keeps_its_own_numbers():
    loads = np.array(LOADS)
    system = System(rts79.UNITS, loads)
    loads[0] = 7.0
    assert system.loads.tolist() == LOADS
    with pytest.raises(ValueError, match="read-only"):
        system.loads[0] = 1.0
    again = pickle.loads(pickle.dumps(system))
    assert again.units == system.units
    assert again.capacities.sum() == pytest.approx(3405)


def test_planned_outages_are_hours():
    units = [Unit("a", 10.0, 0.1, planned=((1, 3), (4, 5))), Unit("b", 10.0, 0.1)]
    system = System(units, [1.0] * 6)
    assert system.in_service[:, 0].tolist() == [True, False, False, True, False, True]
    assert system.in_service[:, 1].all()


def test_a_profile_is_subtracted_and_no_more_than_the_load():
    system = System(rts79.UNITS, LOADS).with_profile([10.0, 60.0])
    assert system.loads.tolist() == [30.0, 0.0]
    with pytest.raises(ValueError, match="output: must have 2 hours like loads, got 3"):
        system.with_profile([1.0] * 3)
    with pytest.raises(ValueError, match=r"output\[0\] = -1.0: must be finite and >= 0"):
        system.with_profile([-1.0, 0.0])
