"""Verify that candidates return the same results, before they are timed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

import numpy as np

from market_py.benchmark.timing import Call, Disagreement, Inputs


def verify_markets(
    candidates: Mapping[str, Call], markets: Inputs, may_differ: Collection[str] = ()
) -> dict[str, int]:
    """Count the markets, or rows of a batch, that candidates clear differently.

    Candidates may differ where prices tie or demand is at a step of supply.
    """
    return verify_alike(candidates, markets, _differences, "clear this market", may_differ)


def verify_alike(
    candidates: Mapping[str, Call],
    inputs: Inputs,
    differences: Callable[[Any, Any, tuple[Any, ...]], int],
    what: str,
    may_differ: Collection[str] = (),
) -> dict[str, int]:
    """Count how often candidates differ from the reference, the first that may not.

    `differences` counts those of two results of the same arguments. A `Disagreement` is raised
    where a candidate differs that may not; it tells `what` they do.
    """
    reference = next((it for it in candidates if it not in may_differ), next(iter(candidates)))
    counts = dict.fromkeys((name for name in candidates if name != reference), 0)
    for arguments in inputs:
        right = candidates[reference](*arguments)
        for name in counts:
            differs = differences(right, candidates[name](*arguments), arguments)
            if differs and name not in may_differ:
                raise Disagreement(f"{reference} and {name} {what} differently: {arguments}")
            counts[name] += differs
    return counts


def _differences(one: Any, other: Any, market: tuple[Any, ...]) -> int:
    """Count the rows in which prices differ, or dispatch by more than a billionth of demand."""
    prices, dispatch = np.atleast_1d(one[0]), np.atleast_2d(one[1])
    gaps = np.abs(dispatch - np.atleast_2d(other[1])).max(axis=1)
    near = gaps <= 1e-9 * np.atleast_1d(market[2])
    return int(np.count_nonzero(~near | (prices != np.atleast_1d(other[0]))))
