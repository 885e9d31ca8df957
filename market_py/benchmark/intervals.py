"""Numbers with a 95 % interval, resampled from the rounds of races."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from market_py.benchmark.timing import Ratio
from market_py.validation import Float64Array

RESAMPLES = 2000


def text(found: Ratio, decimals: int = 0) -> str:
    """Show a number and, in brackets, its interval."""
    value, low, high = (
        f"{round(number, decimals) + 0.0:,.{decimals}f}"
        for number in (found.value, found.low, found.high)
    )
    return f"{value} [{low}, {high}]"


def resampled(
    samples: Sequence[Float64Array],
    statistic: Callable[[list[Float64Array]], Float64Array],
    seed: int = 0,
) -> Ratio:
    """Percentile bootstrap of a statistic of the medians of independent samples.

    Parameters
    ----------
    samples : sequence of ndarray, shape (rounds,)
        Of separate measurements, each resampled on its own.
    statistic : callable
        Takes one array of medians a sample, shape (draws,); returns an array of that shape.
    """
    rng = np.random.default_rng(seed)
    found = statistic([np.array([np.median(sample)]) for sample in samples])[0]
    draws = statistic(
        [
            np.median(sample[rng.integers(len(sample), size=(RESAMPLES, len(sample)))], axis=1)
            for sample in samples
        ]
    )
    low, high = np.percentile(draws, [2.5, 97.5])
    return Ratio(float(found), float(low), float(high))
