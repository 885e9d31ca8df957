"""Verify that candidates clear the same markets with the same results, before they are timed."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import partial
from typing import Any

import numpy as np

from market_py.benchmark.timing import Call, Disagreement, Inputs, Verify


def same_clearing(may_differ: Collection[str] = ()) -> Verify:
    """Return a `verify` for `race` that compares prices and dispatch.

    Parameters
    ----------
    may_differ : collection of str
        Candidates whose result may differ where prices tie or demand is at a step of supply; such
        markets are counted.
    """
    return partial(verify_markets, may_differ=may_differ)


def verify_markets(
    candidates: Mapping[str, Call], markets: Inputs, may_differ: Collection[str] = ()
) -> dict[str, int]:
    """Count the markets that candidates clear differently from the reference.

    The reference is the first candidate that may not differ; rows of a batch count as markets.

    Raises
    ------
    Disagreement
        A candidate differs that may not.
    """
    reference = next(
        (name for name in candidates if name not in may_differ), next(iter(candidates))
    )
    counts = dict.fromkeys((name for name in candidates if name != reference), 0)
    for market in markets:
        right = candidates[reference](*market)
        for name in counts:
            differs = _differences(right, candidates[name](*market), market[2])
            if differs and name not in may_differ:
                raise Disagreement(
                    f"{reference} and {name} clear this market differently: {market}"
                )
            counts[name] += differs
    return counts


def _differences(one: Any, other: Any, demand: Any) -> int:
    """Count the rows in which prices differ, or dispatch by more than a billionth of demand."""
    prices, dispatch = np.atleast_1d(one[0]), np.atleast_2d(one[1])
    gaps = np.abs(dispatch - np.atleast_2d(other[1])).max(axis=1)
    near = gaps <= 1e-9 * np.atleast_1d(demand)
    return int(np.count_nonzero(~near | (prices != np.atleast_1d(other[0]))))
