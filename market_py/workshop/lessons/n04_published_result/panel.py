"""The panels of notebook 04: compare outputs and times with the published experiment."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import market_py
from market_py.benchmark import inputs
from market_py.benchmark.cases.clearing import single_case
from market_py.benchmark.settings import PUBLISHED
from market_py.benchmark.timing import Race
from market_py.validation import Float64Array
from market_py.workshop.lessons.n04_published_result import plots
from market_py.workshop.widgets.controls import choice, slider, stepper
from market_py.workshop.widgets.panel import Explorer, Shown
from market_py.workshop.widgets.sweep import SweepPanel, compared

DISTRIBUTIONS: dict[str, Callable[[int, np.random.Generator], Float64Array]] = {
    "random prices": lambda n, rng: rng.uniform(0, 100, n),
    "few price levels (ties)": lambda n, rng: rng.choice([10.0, 20.0, 30.0], n),
    "all prices equal": lambda n, rng: np.full(n, 20.0),
    "already sorted": lambda n, rng: np.sort(rng.uniform(0, 100, n)),
}
"""How the prices of a market are made."""
NO_OTHER = "no other"
SIZES = (5, 10, 20, 50, 100, 200, 500, 1000)
"""Offers per market."""


def outputs_panel() -> Explorer:
    """Compare what the backends, and the published variants, answer on the learner's market."""
    one, other = _two_backends()

    def answer(offers: int, distribution: str, share: int, seed: int) -> Shown:
        rng = np.random.default_rng(seed)
        bids, quantities = DISTRIBUTIONS[distribution](offers, rng), rng.uniform(1, 100, offers)
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
        "distribution": choice("prices", list(DISTRIBUTIONS)),
        "share": slider("demand", 60, 0, 120, 1, "% of supply"),
        "seed": slider("random seed", 1, 1, 100, 1, ""),
    }
    return Explorer(controls, answer)


def _two_backends() -> tuple[str, str]:
    """Numba and Rust, or the next best where they are missing."""
    available = market_py.available_backends()
    one, other, *_ = (*(name for name in ("numba", "rust") if name in available), "numpy", "python")
    return one, other


def _compare(results: dict[str, tuple[float, Float64Array]]) -> str:
    """Say how the others differ from the first: by name those at another price, and the next."""
    (first, (price, dispatch)), *others = results.items()
    off = {name: float(np.abs(found - dispatch).max()) for name, (_, found) in others}
    next_one = others[0][0]
    alike = [name for name, (found, _) in others if found == price and name != next_one]
    said = []
    for name, (found, _) in others:
        if name not in alike:
            same = "the same price" if found == price else f"the price {found:.2f}"
            said.append(f"{name}: {same}, dispatch differs by at most {off[name]:.2g} MW")
    if alike:
        most = max(off[name] for name in alike)
        said.append(
            f"{len(alike)} variants: the same price, dispatch differs by at most {most:.2g} MW"
        )
    return f"{first} clears at {price:.2f} €/MWh. " + "; ".join(said) + "."


class RacePanel(SweepPanel):
    """Time the published variants, and the current backends, by button."""

    def __init__(self, sizes: tuple[int, ...] = SIZES, **options: Any) -> None:
        self._sizes = sizes
        others = [name for name in market_py.available_variants() if name not in PUBLISHED]
        controls = {
            "largest": stepper("largest market", sizes, sizes[-1]),
            "distribution": choice("inputs", inputs.names_of_any_size()),
            "other": choice("racing too", [NO_OTHER, *others]),
        }
        first = "The published points; press the button to add your own."
        super().__init__("Run the race", controls, first=first, **options)

    def points(self) -> list[int]:
        """Sizes up to the chosen one."""
        return [size for size in self._sizes if size <= self.settings["largest"]]

    def race_at(self, offers: int) -> Race:
        """Race the published variants, the backends and one more variant."""
        usable = {*market_py.available_variants(), *market_py.available_backends()}
        wanted = (*PUBLISHED, "numba", "rust", self.settings["other"])
        names = [name for name in wanted if name in usable]
        case = single_case(self.settings["distribution"], offers, names, **self.options)
        return case.race(**self.watched)

    def draw(self) -> bytes:
        """Draw times and ratios."""
        return plots.race(self.races)

    def summary(self) -> str:
        """Compare the published variants at each size."""
        numba, rust = PUBLISHED
        if self.race is None or rust not in self.race.candidates:
            return f"{len(self.races)} sizes timed, without Rust."
        return (
            f"Inputs: {self.settings['distribution']}. How many times as fast {rust} is as "
            f"{numba}: {compared(self.races, rust, numba)}."
        )
