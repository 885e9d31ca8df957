"""Tables of units and loads: understood, or refused with file, line and column."""

import re

import numpy as np
import pytest

pd = pytest.importorskip("pandas")

from market_py.reliability import adequacy, rts79  # noqa: E402
from market_py.reliability.files import read_system  # noqa: E402

UNITS = "name,capacity,forced_outage_rate,cost\ncoal,100.5,0.05,20\ngás,50,0.1,60.5\n"
LOADS = "load,wind\n80,0\n120.5,30\n"


@pytest.fixture
def loads(tmp_path):
    return save(tmp_path, LOADS, "loads.csv")


def save(folder, content, name="units.csv"):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize(
    "content",
    [
        UNITS,
        UNITS.encode("utf-8-sig"),
        UNITS.encode("latin-1"),
        UNITS.replace("\n", "\r\n"),
        UNITS.replace(",", ";").replace(".", ","),
        UNITS.replace(",", "\t") + "\n",
        UNITS.replace("cost", "fuel_cost"),
    ],
)
def test_what_is_understood(tmp_path, loads, content):
    system = read_system(save(tmp_path, content), loads, subtract=["wind"])
    assert [unit.name for unit in system.units] == ["coal", "gás"]
    assert system.capacities.tolist() == [100.5, 50.0]
    assert system.outage_rates.tolist() == [0.05, 0.1]
    assert system.prices.tolist() == [20.0, 60.5]
    assert system.loads.tolist() == [80.0, 90.5]


def test_least_and_most_columns(tmp_path, loads):
    system = read_system(save(tmp_path, "capacity,forced_outage_rate\n10,0.1\n"), loads)
    assert (system.units[0].name, system.prices.tolist()) == ("2", [0.0])
    table = (
        "capacity,forced_outage_rate,fuel_cost,om_cost,mttf,mttr,planned_start,planned_stop\n"
        "10,0.1,5,2,90,10,0,1\n20,0.2,6,3,,,,\n"
    )
    system = read_system(save(tmp_path, table), loads)
    assert system.prices.tolist() == [7.0, 9.0]
    first, second = system.units
    assert (first.mttf, first.mttr, first.planned) == (90.0, 10.0, ((0, 1),))
    assert (second.mttf, second.mttr, second.planned) == (None, None, ())
    assert system.in_service.tolist() == [[False, True], [True, True]]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            ("0.05", "5"),
            "units.csv, line 2: forced_outage_rate = 5.0: must be a share, from 0 to 1",
        ),
        (("100.5", "-3"), "units.csv, line 2: capacity = -3.0: must be above 0"),
        (("50,", "0,"), "units.csv, line 3: capacity = 0.0: must be above 0"),
        (("0.1", "1 %"), "units.csv, line 3: forced_outage_rate = '1 %': must be a number"),
        (("100.5", "inf"), "units.csv, line 2: capacity = inf: must be finite"),
        (("100.5", ""), "units.csv, line 2: capacity is missing"),
        (("20", ""), "units.csv, line 2: cost is missing"),
        (("capacity", "MW"), "units.csv: has no column 'capacity'; it has 'name', 'MW'"),
        ((UNITS, "\n"), "units.csv: is empty"),
        ((UNITS[36:], ""), "units.csv: "),
    ],
)
def test_what_is_refused(tmp_path, loads, change, words):
    with pytest.raises(ValueError, match=re.escape(words)):
        read_system(save(tmp_path, UNITS.replace(*change)), loads)


@pytest.mark.parametrize(
    ("start", "stop", "words"),
    [
        ("1", "", "line 2: planned_start and planned_stop go together"),
        ("1", "1", "line 2: planned_start = 1, planned_stop = 1: must be whole hours"),
        ("0.5", "1", "line 2: planned_start = 0.5, planned_stop = 1: must be whole hours"),
        ("0", "3", "line 2: planned_stop = 3.0: must be at least 1 and at most 2"),
        ("-1", "2", "line 2: planned_start = -1.0: must be at least 0 and at most 1"),
    ],
)
def test_planned_outages_that_are_refused(tmp_path, loads, start, stop, words):
    table = f"capacity,forced_outage_rate,planned_start,planned_stop\n10,0.1,{start},{stop}\n"
    with pytest.raises(ValueError, match=re.escape(words)):
        read_system(save(tmp_path, table), loads)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("load,wind\n80,0\n-1,0\n", "loads.csv, line 3: load = -1.0: must be at least 0"),
        ("load,wind\n80,-2\n", "loads.csv, line 2: wind = -2.0: must be at least 0"),
        ("load\n80\n", "loads.csv: has no column 'wind'"),
        ("load,wind\n", "loads.csv: holds no hours"),
        ("load,wind\n80,x\n", "loads.csv, line 2: wind = 'x': must be a number"),
    ],
)
def test_loads_that_are_refused(tmp_path, content, words):
    path = save(tmp_path, content, "loads.csv")
    with pytest.raises(ValueError, match=re.escape(words)):
        read_system(save(tmp_path, UNITS), path, subtract=["wind"])


def test_the_rts79_as_tables():
    units = pd.DataFrame([vars(unit) for unit in rts79.UNITS]).drop(columns="planned")
    system = read_system(units, pd.DataFrame({"load": rts79.hourly_loads()}))
    assert adequacy.exact(system) == adequacy.exact()
    assert np.array_equal(system.prices, rts79.system().prices)
    assert system.units[-1].mttr == 150
