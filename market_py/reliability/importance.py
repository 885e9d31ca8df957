"""Importance sampling: draw outages more often than they occur, and count each hour for less.

Shortages are rare: in most hours that are drawn nothing happens. If units are out more often, a
shortage comes in many more hours. Each of them counts with a weight, the probability of its outages
over the probability with which they were drawn, so that the mean stays the same. Its error becomes
smaller. The new outage rates are tilted exponentially with the capacity of the unit, until the
expected available capacity is the peak load (J. A. Bucklew, *Introduction to Rare Event
Simulation*, Springer 2004, chapter 5).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from market_py.reliability import rts79
from market_py.reliability.bisection import largest
from market_py.reliability.outages import alias_tables
from market_py.reliability.simulation import Estimate
from market_py.reliability.study import Study
from market_py.reliability.system import System
from market_py.validation import Float64Array, check_integer, check_seed


class WeightedSimulation(NamedTuple):
    """The result of some simulated years."""

    loss_of_load: Estimate
    """h/year."""
    unserved_energy: Estimate
    """MWh/year."""


def tilted_rates(system: System) -> Float64Array:
    """Return outage rates with which the expected available capacity is the peak load.

    A rate q becomes q e / (1 - q + q e), where e grows exponentially with the capacity. Rates are
    as they are where even those leave less than the peak load.

    Examples
    --------
    >>> rates = tilted_rates(rts79.system())
    >>> system = rts79.system()
    >>> round(float(((1 - rates) * system.capacities).sum()))
    2850
    """
    rates, sizes = system.outage_rates, system.capacities / system.capacities.max()
    peak = system.loads.max()

    def tilt(strength: float) -> Float64Array:
        odds = np.exp(strength * sizes)
        tilted: Float64Array = rates * odds / (1 - rates + rates * odds)
        return tilted

    def available(strength: float) -> float:
        return float(((1 - tilt(strength)) * system.capacities).sum())

    if available(0) <= peak:
        return rates.copy()
    # With odds of e^512 a unit is out, unless it never fails.
    return tilt(largest(lambda strength: available(strength) > peak, 0, 512))


def simulate_weighted(
    years: int,
    system: System | None = None,
    *,
    seed: int = 0,
    outage_rates: Float64Array | None = None,
    progress: Callable[[], object] = lambda: None,
) -> WeightedSimulation:
    """Simulate years with other outage rates than those of the units, and weigh each hour.

    Parameters
    ----------
    years : int
        Number of years, at least one.
    system : System, optional
        Units and loads; by default the RTS-79.
    seed : int
        Seed of all random numbers, from 0 to 2^63 - 1.
    outage_rates : ndarray, shape (units,), optional
        Rates with which outages are drawn; by default those of `tilted_rates`.
    progress : callable
        Called after each year.

    Raises
    ------
    TypeError, ValueError
        An argument is not what it must be; or a unit that may be out, or available, never is so by
        `outage_rates`.

    Examples
    --------
    >>> from market_py.reliability import adequacy
    >>> weighted, plain = simulate_weighted(20).loss_of_load, adequacy.simulate(20).loss_of_load
    >>> weighted.standard_error < plain.standard_error / 2
    True
    """
    found = WeightedSimulation(Estimate(), Estimate())
    for found in simulate_weighted_yearly(years, system, seed=seed, outage_rates=outage_rates):  # noqa: B007
        progress()
    return found


def simulate_weighted_yearly(
    years: int,
    system: System | None = None,
    *,
    seed: int = 0,
    outage_rates: Float64Array | None = None,
) -> Iterator[WeightedSimulation]:
    """Do the same, and return an iterator over the result after each year."""
    years, seed = check_integer("years", years, 1), check_seed(seed)
    system = rts79.given_system(system)
    drawn = tilted_rates(system) if outage_rates is None else np.asarray(outage_rates, float)
    _check_rates(drawn, system)
    study = Study.of(system)
    tilted = replace(study, alias=alias_tables(drawn[study.order]))
    weights = _log_weights(system.outage_rates[study.order], drawn[study.order])

    def simulate() -> Iterator[WeightedSimulation]:
        hours, energy = Estimate(), Estimate()
        for year in range(years):
            drawn_units = tilted.drawn(seed, year)
            offered = (study.serving(drawn_units) * study.capacities).sum(axis=1)
            short = offered < study.needed
            # What was drawn for units with a planned outage has a weight too.
            weight = np.exp(np.where(drawn_units[short], *weights).sum(axis=1))
            missing = study.loads[short] - offered[short] * study.quantum
            hours = hours.add([float(weight.sum())])
            energy = energy.add([float((weight * missing).sum())])
            yield WeightedSimulation(hours, energy)

    return simulate()


def _check_rates(drawn: Float64Array, system: System) -> None:
    if drawn.shape != system.outage_rates.shape:
        raise ValueError(
            f"outage_rates: must have {len(system.units)} units, got shape {drawn.shape}"
        )
    rates = system.outage_rates
    wrong = ~((drawn >= 0) & (drawn <= 1))
    wrong |= ((drawn == 0) & (rates > 0)) | ((drawn == 1) & (rates < 1))
    if wrong.any():
        first = int(np.flatnonzero(wrong)[0])
        raise ValueError(
            f"outage_rates[{first}] = {drawn[first].item()!r}: must be a share that leaves "
            "everything possible"
        )


def _log_weights(rates: Float64Array, drawn: Float64Array) -> tuple[Float64Array, Float64Array]:
    """Return logarithms of the ratio of probabilities: of available units, and of those out."""
    with np.errstate(divide="ignore", invalid="ignore"):
        available = np.where(drawn < 1, np.log((1 - rates) / (1 - drawn)), 0.0)
        out = np.where(drawn > 0, np.log(rates / drawn), 0.0)
    return available, out
