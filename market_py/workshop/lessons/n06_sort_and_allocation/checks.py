"""Checks of the exercises of notebook 06."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np

from market_py.validation import Float64Array
from market_py.workshop.grading.check import CheckResult, Refused, graded, hint, right
from market_py.workshop.playground import exercise
from market_py.workshop.playground.collection import CELLS

NOTHING_WRITTEN = CheckResult(
    "not done yet",
    "nothing is written into out so far. “out = …” gives its name to another array; "
    "“out[:] = …” and “out=out” write.",
)
MARKET_SIZE = 100_000
"""Offers of the market in which memory is counted: an array of it stands out."""
SPARE = 0.25
"""Memory that any call may use, in arrays of that size."""


@graded
def check_accept(accept: Callable[..., Any]) -> CheckResult:
    """Judge ``accept(quantities, demand, out)`` by what it writes and by the memory it asks for."""
    rng = np.random.default_rng(6)
    cases = [
        ("a plain market", np.array([50.0, 30.0, 20.0]), 60.0),
        ("demand that ends at a step", np.array([50.0, 30.0, 20.0]), 80.0),
        ("no demand", np.array([50.0, 30.0]), 0.0),
        ("a shortage: all runs", np.array([50.0, 30.0]), 100.0),
        ("an offer of nothing", np.array([50.0, 0.0, 30.0]), 60.0),
        ("one offer", np.array([50.0]), 20.0),
    ]
    for size in (2, 7, 100):
        quantities = rng.integers(0, 50, size).astype(float)
        cases.append((f"{size} random offers", quantities, float(quantities.sum() // 2)))
    for case, (about, quantities, demand) in enumerate(cases):
        _accepts(accept, about, quantities, demand, first=case == 0)
    arrays = _arrays_held(accept, rng.uniform(1, 100, MARKET_SIZE))
    if arrays > SPARE:
        return hint(
            f"all cases are right, but with {MARKET_SIZE:,} offers your function held "
            f"{arrays:.1f} more arrays of that length at its peak. Every expression whose result "
            "has no place makes an array; so does a list, and so does an operation whose input and "
            "output overlap without being the same. NumPy's functions take out=."
        )
    return right(
        f"all {len(cases)} cases are right, and with {MARKET_SIZE:,} offers there was never more "
        f"than {arrays:.2f} of an array beside what the caller gave."
    )


def _accepts(
    accept: Callable[..., Any], about: str, quantities: Float64Array, demand: float, *, first: bool
) -> None:
    """Refuse a function that fails in a case, or has not been written."""
    given, out = quantities.copy(), np.full(quantities.size, np.nan)
    call = f"{about}: accept({quantities[:6].tolist()}, {demand:g}, out)"
    try:
        answer = accept(given, demand, out)
    except Exception as error:
        raise Refused(f"{call} fails: {error!r}.") from error
    left = np.flatnonzero(np.isnan(out))
    if left.size == out.size:
        missing = f"{call} does not fill out: write into it, as in out[:] = …."
        raise Refused(NOTHING_WRITTEN if first and answer is None else missing)
    if left.size:
        raise Refused(
            f"{call} leaves out[{left[0]}] unwritten. What stood there before stays there, so an "
            "offer that is not needed must be given its 0."
        )
    if not np.array_equal(given, quantities):
        raise Refused(f"{call} changes the quantities. The only array to write into is out.")
    before = np.cumsum(quantities) - quantities
    wanted = np.minimum(np.maximum(demand - before, 0), quantities)
    if not np.allclose(out, wanted, rtol=0, atol=1e-9):
        raise Refused(f"{call}\nexpected {wanted[:6].tolist()}\nyours    {out[:6].tolist()}")


def _arrays_held(accept: Callable[..., Any], quantities: Float64Array) -> float:
    """Count the most memory held during a call, in arrays as long as the market."""
    out = np.empty_like(quantities)
    demand = float(quantities.sum() / 2)
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        accept(quantities, demand, out)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    return (peak - before) / quantities.nbytes


NEEDED_IN_RUST = 2.0
"""Blocks of memory: for the indices, and for the merges of a stable sort."""


@graded
def check_scratch(function: Callable[..., Any]) -> CheckResult:
    """Check that a numba or Rust function has no temporaries, and compare it with ours.

    It is then one of the learner's variants.
    """
    exercise.require_right(function)
    own = exercise.allocations(function)
    if function in CELLS:
        needed, others = NEEDED_IN_RUST, ("rust-ndarray", "rust-scratch")
    else:
        others = "numba-sort", "numba-scratch"
        needed = exercise.allocations_of_variant("numba-scratch")
    if own > needed:
        raise exercise.not_done(
            f"your function clears every market right. It asks for {own:g} blocks of memory in a "
            f"call; {needed:g} are enough. Which arrays exist only because the next line reads "
            "them?"
        )
    compared = exercise.compared(exercise.keep(function), *others)
    return right(f"{own:g} blocks of memory in a call. {compared}")
