"""The panels of notebook 04: compare outputs and times with the published experiment."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

import market_py
from market_py.benchmark import inputs
from market_py.benchmark.cases.case import BenchmarkCase
from market_py.benchmark.cases.clearing import single_case
from market_py.benchmark.settings import PUBLISHED, PUBLISHED_BARE
from market_py.benchmark.timing import Race
from market_py.validation import Float64Array
from market_py.workshop.lessons.n04_published_result import plots
from market_py.workshop.widgets.controls import choice, slider, stepper
from market_py.workshop.widgets.panel import Explorer, Shown
from market_py.workshop.widgets.sweep import SweepPanel, installed

SHOWN_DISTRIBUTIONS = ("random", "few levels", "equal", "sorted")
NO_OTHER = "no other"
INPUTS = ("random", "repeated")
"""Distinct markets, and one market again and again."""
NUMBA = PUBLISHED[0]
SIZES = (5, 10, 20, 50, 100, 200, 500, 1000)
"""Offers per market."""


def outputs_panel() -> Explorer:
    """Compare what the backends, and the published variants, answer on the learner's market."""
    # Numba and Rust, or the next best where they are missing.
    one, other, *_ = installed(("numba", "rust", "numpy", "python"))

    def answer(offers: int, distribution: str, share: int, seed: int) -> Shown:
        ((bids, quantities, _),) = inputs.make_markets(distribution, offers, seed, distinct=1)
        demand = float(quantities.sum() * share / 100)
        results = {
            name: market_py.market_clearing(bids, quantities, demand, backend=name)
            for name in (one, other)
        }
        for name in market_py.available_variants():
            price, dispatch = market_py.get_variant(name)(bids, quantities, demand)
            results[name] = price, np.asarray(dispatch)
        accepted = {name: results[name][1] for name in (one, other)}
        return plots.dispatches(bids, quantities, accepted), _compare(results)

    controls = {
        "offers": slider("offers N", 30, 1, 200, 1, ""),
        "distribution": choice("prices", SHOWN_DISTRIBUTIONS),
        "share": slider("demand", 60, 0, 120, 1, "% of supply"),
        "seed": slider("random seed", 1, 1, 100, 1, ""),
    }
    return Explorer(controls, answer)


def _compare(results: dict[str, tuple[float, Float64Array]]) -> str:
    """Say how the others differ from the first: by name those at another price, and the next."""
    first, _, *variants = results
    price, dispatch = results[first]
    off = {name: float(np.abs(found - dispatch).max()) for name, (_, found) in results.items()}
    alike = [name for name in variants if results[name][0] == price]
    said = []
    for name, (found, _) in results.items():
        if name not in (first, *alike):
            same = "the same price" if found == price else f"the price {found:.2f}"
            said.append(f"{name}: {same}, dispatch differs by at most {off[name]:.2g} MW")
    if alike:
        most = max(off[name] for name in alike)
        same = f"{len(alike)} variants: the same price"
        said.append(f"{same}, dispatch differs by at most {most:.2g} MW")
    return f"{first} clears at {price:.2f} €/MWh. " + "; ".join(said) + "."


class Key(NamedTuple):
    """What one race of the panel was about."""

    inputs: str
    offers: int

    def __str__(self) -> str:
        return f"{self.inputs} inputs, N = {self.offers:,}"


def race_panel(sizes: Sequence[int] = SIZES, **options: Any) -> SweepPanel:
    """Time the published functions on distinct and on repeated markets, by button."""

    def cases(largest: int, other: str) -> dict[Key, BenchmarkCase]:
        names = installed((*PUBLISHED, PUBLISHED_BARE, other))
        chosen = itertools.product(INPUTS, (size for size in sizes if size <= largest))
        return {Key(*it): single_case(*it, names) for it in chosen}

    def answer(races: Mapping[Key, Race], other: str, **_: Any) -> Shown:
        names = [name for name in (*PUBLISHED[1:], PUBLISHED_BARE, other) if installed([name])]
        return plots.ratios(races, names), _ratios(races, names)

    taken = {NO_OTHER, *PUBLISHED, PUBLISHED_BARE}
    others = [name for name in market_py.available_variants() if name not in taken]
    controls = {
        "largest": stepper("largest market", sizes, sizes[-1]),
        "other": choice("racing too", [NO_OTHER, *others]),
    }
    first = "The published points; press the button to add your own."
    parts = controls, cases, answer, plots.ratios({}, ())
    return SweepPanel("Run the race", *parts, first=first, **options)


def _ratios(races: Mapping[Key, Race], names: Sequence[str]) -> str:
    """Say how each candidate compares with the published numba function at the largest size."""
    if not names:
        return f"{len(races)} races timed, without Rust."
    said = []
    for kind in INPUTS:
        if sizes := [key.offers for key in races if key.inputs == kind]:
            race = races[Key(kind, max(sizes))]
            for name in names:
                ratio, verdict = race.speedup(name, NUMBA), race.verdict(name, NUMBA)
                said.append(f"{kind} inputs, {max(sizes)} offers: {name} {ratio} ({verdict})")
    return f"How many times as fast as {NUMBA}. {'; '.join(said)}."
