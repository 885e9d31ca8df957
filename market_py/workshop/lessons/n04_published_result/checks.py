"""Check of the exercise of notebook 04."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from market_py.benchmark.timing import Race
from market_py.workshop.grading.check import CheckResult, between_sizes, graded, hint


@graded
def check_crossover(answer: Any, races: Mapping[int, Race]) -> CheckResult:
    """Check a claimed crossover ``(low, high)``, in offers, against the learner's own races."""
    if not races:
        return hint("run the race first: its raw data judges your answer.")
    if all("rust-naive" not in race.candidates for race in races.values()):
        return hint("there is no Rust in your race: build the extension and run it again.")
    return between_sizes(answer, crossover(races), "offers", ", in offers,")


def crossover(races: Mapping[int, Race]) -> tuple[float, float]:
    """Largest size up to which naive Rust is never slower than the published numba, and the next.

    Without a race in which it is slower that is infinity; without Rust, all is possible.
    """
    below = 0
    for size, race in sorted(races.items()):
        if "rust-naive" in race.candidates:
            if race.verdict("rust-naive", over="numba-sort") == "slower":
                return below, size
            below = size
    return below, np.inf
