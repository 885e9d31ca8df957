"""Checks of the exercises of notebook 04."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np

from market_py.benchmark.settings import PUBLISHED, PUBLISHED_BARE
from market_py.benchmark.timing import Race, Ratio
from market_py.workshop.grading.check import CheckResult, between_sizes, graded, hint, right
from market_py.workshop.lessons.n04_published_result.panel import INPUTS, Key
from market_py.workshop.playground import race
from market_py.workshop.widgets.sweep import installed

NUMBA, RUST = PUBLISHED
CONDITIONS = tuple(itertools.product(INPUTS, (RUST, PUBLISHED_BARE)))
"""Inputs, and what is timed of Rust."""
OFFERS = 200
MARGIN = 0.1
"""Two races on a busy machine may differ by so much: nearer to 1, both answers are right."""


@cache
def measured() -> dict[tuple[str, str], Ratio]:
    """Race Rust against numba under each condition at the largest published size, once.

    Return how many times as fast Rust is.
    """
    found: dict[tuple[str, str], Ratio] = {}
    for inputs in INPUTS:
        finished = race(
            NUMBA, RUST, PUBLISHED_BARE, offers=OFFERS, inputs=inputs, show_progress=False
        )
        for name in (RUST, PUBLISHED_BARE):
            found[inputs, name] = finished.speedup(name, NUMBA)
    return found


@graded
def check_conditions(answer: Any) -> CheckResult:
    """Check under which conditions Rust is claimed to be slower, by `measured`."""
    if not installed([RUST]):
        return hint("there is no Rust here: build the extension first.")
    try:
        claimed = {(str(inputs), str(name)) for inputs, name in answer}
    except (TypeError, ValueError):
        return hint('give a set of pairs, as in {("random", "rust-naive")}.')
    if strangers := sorted(claimed - {*CONDITIONS}):
        return hint(f"{strangers[0]} is no condition; there are {', '.join(map(str, CONDITIONS))}.")
    found = measured()
    for condition, ratio in found.items():
        if ratio.high < 1 - MARGIN and condition not in claimed:
            return hint(f"there is one more condition with {condition[0]} inputs.")
        if ratio.low > 1 + MARGIN and condition in claimed:
            return hint(
                f"Rust is not slower with {condition[0]} inputs and {condition[1]}: it is {ratio} "
                "times as fast. Race it."
            )
    said = "; ".join(f"{' and '.join(condition)}: {it}" for condition, it in found.items())
    return right(
        f"Rust over numba: {said}. Neither language changed: the inputs and the wrapper did."
    )


@graded
def check_crossover(answer: Any, races: Mapping[Key, Race]) -> CheckResult:
    """Check a claimed crossover ``(low, high)``, in offers, against the learner's own races."""
    if not races:
        return hint("run the race first: its raw data judges your answer.")
    if not installed([RUST]):
        return hint("there is no Rust in your race: build the extension and run it again.")
    return between_sizes(answer, crossover(races), "offers", ", in offers,")


def crossover(races: Mapping[Key, Race]) -> tuple[float, float]:
    """Largest size up to which Rust, as published, is never slower on one repeated market.

    With it the next size that was timed; infinity if Rust is never slower.
    """
    below = 0
    for (inputs, size), finished in sorted(races.items()):
        if inputs == "repeated" and RUST in finished.candidates:
            if finished.verdict(RUST, over=NUMBA) == "slower":
                return below, size
            below = size
    return below, np.inf
