"""Years in a folder: a simulation goes on, and nothing of another study is taken."""

from dataclasses import replace

import pytest

from market_py.reliability import adequacy, rts79
from market_py.reliability.adequacy import YEARS_PER_FILE
from market_py.reliability.system import System

SYSTEM = System(rts79.UNITS, rts79.hourly_loads()[-168:] * 1.1)


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "kept" / "years"


def test_it_goes_on_where_it_was_interrupted(folder):
    whole = adequacy.simulate(3000, SYSTEM, seed=2)
    for found in adequacy.simulate_yearly(3000, SYSTEM, seed=2, save=folder):
        if found.years == YEARS_PER_FILE + 500:
            break
    kept = sorted(path.name for path in folder.iterdir())
    assert kept == [
        "study.json",
        "years-0000000000-0000001024.npz",
        "years-0000001024-0000002048.npz",
    ]
    before = {path: path.stat().st_mtime_ns for path in folder.iterdir()}
    assert adequacy.simulate(3000, SYSTEM, seed=2, save=folder) == whole
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert adequacy.simulate(3000, SYSTEM, seed=2, save=folder) == whole
    # Fewer years, and more.
    assert adequacy.simulate(1500, SYSTEM, seed=2, save=folder).years == 1500
    more = adequacy.simulate(3500, SYSTEM, seed=2, save=folder)
    assert more == adequacy.simulate(3500, SYSTEM, seed=2)


def test_energy_is_kept_too(folder):
    whole = adequacy.simulate(30, SYSTEM, energy=True)
    for _ in range(2):
        found = adequacy.simulate(30, SYSTEM, energy=True, save=folder)
        assert found.energy.tolist() == whole.energy.tolist()


def test_years_of_another_study_are_refused(folder):
    adequacy.simulate(5, SYSTEM, save=folder)
    units = [replace(rts79.UNITS[0], planned=((0, 5),)), *rts79.UNITS[1:]]
    for other in (
        {"seed": 1},
        {"energy": True},
        {"value_of_lost_load": 500.0},
        {"system": SYSTEM.with_loads(SYSTEM.loads + 1)},
        {"system": System(units, SYSTEM.loads)},
    ):
        options = {"system": SYSTEM, "save": folder} | other
        with pytest.raises(ValueError, match=r"save: .* holds years of another system, seed"):
            adequacy.simulate(5, **options)


def test_damaged_files_are_named(folder):
    adequacy.simulate(5, SYSTEM, save=folder)
    (kept,) = folder.glob("*.npz")
    kept.write_bytes(kept.read_bytes()[:100])
    with pytest.raises(ValueError, match=f"save: .*{kept.name} is damaged"):
        adequacy.simulate(5, SYSTEM, save=folder)


def test_a_gap_is_simulated_again(folder):
    whole = adequacy.simulate(2500, SYSTEM, save=folder)
    (folder / "years-0000001024-0000002048.npz").unlink()
    assert adequacy.simulate(2500, SYSTEM, save=folder) == whole


def test_it_is_for_the_fused_method(folder):
    with pytest.raises(ValueError, match="save: is for method='fused' only"):
        adequacy.simulate(5, SYSTEM, save=folder, method="clearing")
