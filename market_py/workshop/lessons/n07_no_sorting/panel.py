"""The panels of notebook 07: the search on the supply curve, and times by market size."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from market_py.benchmark import inputs
from market_py.benchmark.cases.case import BenchmarkCase
from market_py.benchmark.cases.clearing import single_case
from market_py.benchmark.inputs import make_markets, names_of_any_size
from market_py.benchmark.timing import Race, Ratio, bootstrapped
from market_py.validation import Float64Array
from market_py.workshop.lessons.n07_no_sorting import plots
from market_py.workshop.lessons.n07_no_sorting.plots import GROWTH_STYLES, SIZES
from market_py.workshop.lessons.n07_no_sorting.search import Pass, search
from market_py.workshop.widgets.controls import choice, slider, stepper
from market_py.workshop.widgets.panel import Explorer, Shown
from market_py.workshop.widgets.sentence import counted
from market_py.workshop.widgets.sweep import SweepPanel, installed

SHOWN_DISTRIBUTIONS = ("random", "few levels", "two levels", "equal", "one huge offer", "sorted")
"""Distributions whose supply curve fits into one picture."""


def search_panel() -> Explorer:
    """Sliders for the step of the search, the market and the guesses of a pass."""

    def answer(step: int, offers: int, guesses: int, distribution: str, seed: int) -> Shown:
        ((bids, quantities, demand),) = make_markets(distribution, offers, seed, distinct=1)
        found = search(bids.tolist(), quantities.tolist(), demand, guesses, seed)
        passes = found.passes[:step]
        price = found.price if len(passes) == len(found.passes) else None
        png = plots.search_state(bids, quantities, demand, passes, price)
        return png, step_sentence(passes, offers, demand, price)

    controls = {
        "step": slider("step of the search", 0, 0, 15, 1, ""),
        "offers": slider("offers N", 100, 5, 300, 1, ""),
        "guesses": slider("guesses a pass", 3, 1, 7, 1, ""),
        "distribution": choice("prices", list(SHOWN_DISTRIBUTIONS)),
        "seed": slider("random seed", 1, 1, 100, 1, ""),
    }
    return Explorer(controls, answer)


def step_sentence(passes: Sequence[Pass], offers: int, demand: float, price: float | None) -> str:
    """Say where the search stands after the last of some passes."""
    if not passes:
        return (
            f"Before the first pass: demand is {demand:,.0f} MW, and any of the {offers} offers "
            "may set the price."
        )
    last, visited = passes[-1], sum(step.visited for step in passes)
    sums = "; ".join(
        f"at or below {guess:.2f} € {supply:,.0f} MW are offered"
        for guess, supply in zip(last.guesses, last.supplies, strict=True)
    )
    sentence = f"Pass {len(passes)} looks at {counted(last.visited, 'offer')}: {sums}. "
    if price is not None:
        return sentence + (
            f"No candidate is left, so the price is {price:.2f} €/MWh, the cheapest guess that "
            f"covers {demand:,.0f} MW. All passes together looked at {visited} offers, "
            f"{visited / offers:.2f} times each of the {offers}."
        )
    ends = [f"above {last.low:.2f} €"] if last.low > -math.inf else []
    ends += [f"not above {last.high:.2f} €"] if last.high < math.inf else []
    return sentence + (
        f"Demand is {demand:,.0f} MW, so the price is {' and '.join(ends)}. "
        f"Candidates left: {len(last.left)}."
    )


MOST_ELEMENTS = 200_000
"""Offers in all the markets of a size: fewer markets where they are larger, but `FEWEST`."""
FEWEST = 8


def exponent(races: Mapping[int, Race], name: str) -> Ratio:
    """Fit the exponent ``p`` of ``time ~ N**p``: the slope of the line on log-log axes."""
    x = np.log([*races])
    x -= x.mean()

    def slope(*medians: Float64Array) -> Any:
        return np.tensordot(x, np.log(medians), 1) / (x @ x)

    return bootstrapped([race.rounds[name] for race in races.values()], slope)


def growth_panel(sizes: Sequence[int] = SIZES, rounds: int = 11, **options: Any) -> SweepPanel:
    """Time variants that sort and variants that select over the size of the market, by button."""

    def cases(distribution: str, largest: int) -> dict[int, BenchmarkCase]:
        made = {}
        for size in (size for size in sizes if size <= largest):
            distinct = max(FEWEST, min(inputs.DISTINCT, MOST_ELEMENTS // size))
            names = installed(GROWTH_STYLES)
            made[size] = single_case(distribution, size, names, distinct=distinct)
        return made

    def answer(races: Mapping[int, Race], distribution: str, **_: Any) -> Shown:
        return plots.growth(races), growth(distribution, races)

    controls = {
        "distribution": choice("prices", names_of_any_size()),
        "largest": stepper("largest market", sizes[1:], sizes[-1]),
    }
    parts = controls, cases, answer, plots.growth({})
    return SweepPanel("Time the growth", *parts, rounds=rounds, **options)


def growth(distribution: str, races: Mapping[int, Race]) -> str:
    """Say with what power of N each variant's time grows."""
    smallest, largest = min(races), max(races)
    sizes = f"{distribution} prices, N = {smallest:,}"
    if len(races) == 1:
        return f"{sizes}: two sizes are needed for a slope."
    said = [f"{name} {exponent(races, name)}" for name in races[smallest].candidates]
    return f"{sizes} to {largest:,}; time grows as N to the power of: {', '.join(said)}."
