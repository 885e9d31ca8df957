"""Outages that last, against the exact frequency of a Markov chain."""

import itertools
from dataclasses import replace

import numpy as np
import pytest

from market_py.reliability import adequacy, rts79
from market_py.reliability.sequential import simulate_sequential
from market_py.reliability.system import System, Unit

DAY = [70.0] * 8 + [100.0] * 8 + [110.0] * 8
UNITS = [
    Unit("a", 50.0, 0.1, mttf=90.0, mttr=10.0),
    Unit("b", 70.0, 0.2, mttf=20.0, mttr=5.0),
    Unit("c", 40.0, 0.5, mttf=3.0, mttr=3.0),
]


def exact_frequency(system):
    """Probability of each pair of states in two hours, over all pairs of hours."""
    capacities = system.capacities
    states = np.array(list(itertools.product((0, 1), repeat=len(capacities))))
    share = [unit.mttf / (unit.mttf + unit.mttr) for unit in system.units]
    now = np.where(states, share, 1 - np.array(share)).prod(axis=1)
    moves = np.ones((len(states), len(states)))
    for at, unit in enumerate(system.units):
        chances = np.array([[1 - 1 / unit.mttr, 1 / unit.mttr], [1 / unit.mttf, 1 - 1 / unit.mttf]])
        moves *= chances[states[:, None, at], states[None, :, at]]
    offered = states * capacities
    short = [
        (offered * serves).sum(axis=1) < load * (1 - 1e-9)
        for load, serves in zip(system.loads, system.in_service, strict=True)
    ]
    begins = now @ short[0]
    for before, after in itertools.pairwise(short):
        begins += (now * ~before) @ (moves @ after)
    return begins


@pytest.mark.parametrize("planned", [(), ((3, 9),)])
def test_against_the_markov_chain(planned):
    system = System([replace(UNITS[0], planned=planned), *UNITS[1:]], DAY)
    found = simulate_sequential(20_000, system, seed=1)
    exact = adequacy.exact(system)
    for estimate, value in (
        (found.frequency, exact_frequency(system)),
        (found.loss_of_load, exact.loss_of_load),
        (found.unserved_energy, exact.unserved_energy),
    ):
        assert abs(estimate.mean - value) < 4 * estimate.standard_error
    assert found.duration == pytest.approx(exact.loss_of_load / exact_frequency(system), rel=0.05)


@pytest.mark.long
def test_the_rts79_has_its_exact_indices():
    found, exact = simulate_sequential(2000, seed=1), adequacy.exact()
    assert abs(found.loss_of_load.mean - exact.loss_of_load) < 4 * found.loss_of_load.standard_error
    energy = found.unserved_energy
    assert abs(energy.mean - exact.unserved_energy) < 4 * energy.standard_error
    # Outages last: years differ more than with an independent draw in each hour.
    independent = adequacy.simulate(2000, seed=1)
    assert found.loss_of_load.standard_error > 3 * independent.loss_of_load.standard_error


def test_it_depends_on_the_seed_only():
    first = simulate_sequential(5, seed=2)
    assert simulate_sequential(5, seed=2) == first
    assert simulate_sequential(5, seed=3) != first
    ticks = []
    assert simulate_sequential(2, seed=2, progress=lambda: ticks.append(1)).years == 2
    assert len(ticks) == 2


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"mttf": None}, r"units\[1\] \(oil 12 MW #2\): mttf = None: must be at least 1 h"),
        ({"mttr": 0.5}, r"mttr = 0.5: must be at least 1 h"),
        ({"mttf": np.nan}, r"mttf = nan: must be at least 1 h"),
    ],
)
def test_units_without_durations(wrong, words):
    units = [rts79.UNITS[0], replace(rts79.UNITS[1], **wrong)]
    with pytest.raises(ValueError, match=words):
        simulate_sequential(1, System(units, [1.0]))


def test_no_shortage_has_no_duration():
    found = simulate_sequential(2, System(UNITS, [0.0, 0.0]))
    assert found.frequency.mean == 0
    assert np.isnan(found.duration)
