"""Pairs of variants that differ in one part of the call overhead."""

from __future__ import annotations

from typing import NamedTuple

from market_py.benchmark.timing import Race, Ratio, bootstrapped


class Overhead(NamedTuple):
    """One part of the call overhead: two candidates that differ in that part only."""

    kind: str
    slower: str
    faster: str


LIST, WRAPPER, BOOKKEEPING, ARRAY, BOXING = (
    "a list, not an array",
    "an array made of the list",
    "bookkeeping of arguments",
    "a new array, not the caller's",
    "an array made by numba, not by NumPy",
)
REST = "the algorithm, and all the rest"

_WRAPPER = Overhead(WRAPPER, "rust-published", "rust-naive")
_SORTING_LIST = Overhead(LIST, "rust-naive", "rust-ndarray")
_SORTING_BOOKKEEPING = Overhead(BOOKKEEPING, "rust-naive", "rust-naive-unchecked")
_LIST = Overhead(LIST, "rust-select-list", "rust-unchecked")
_BOOKKEEPING = Overhead(BOOKKEEPING, "rust-select", "rust-unchecked")
_ARRAY = Overhead(ARRAY, "rust-filled", "rust-out")
_NUMBA_ARRAY = Overhead(ARRAY, "numba-filled", "numba-out")
_BOXING = Overhead(BOXING, "numba-select", "numba-filled")

SORTING = {
    "rust-published": (_SORTING_BOOKKEEPING, _SORTING_LIST, _WRAPPER),
    "rust-naive": (_SORTING_BOOKKEEPING, _SORTING_LIST),
    "rust-ndarray": (_SORTING_BOOKKEEPING,),
    "rust-naive-unchecked": (_SORTING_LIST,),
}
"""The published kernel in four wrappers, and the overheads of each."""
SELECTING = {
    "rust-select-list": (_LIST,),
    "rust-select": (_BOOKKEEPING,),
    "rust-unchecked": (),
    "rust-filled": (_ARRAY,),
    "rust-out": (),
    "numba-select": (_NUMBA_ARRAY, _BOXING),
    "numba-filled": (_NUMBA_ARRAY,),
    "numba-out": (),
}
"""The kernels that do not sort, and the overheads of each."""
TIMED_VARIANTS = (*SORTING, *SELECTING)
"""Everything that is timed."""
_PAID = (*SORTING.values(), *SELECTING.values())
OVERHEADS = tuple(dict.fromkeys(overhead for paid in _PAID for overhead in paid))
"""Every overhead that two variants tell apart."""
SIZES = (5, 20, 50, 200, 1000)


def overheads(race: Race) -> dict[Overhead, Ratio]:
    """The overheads that a race can tell, in nanoseconds a call."""
    return {
        overhead: race.difference(overhead.slower, overhead.faster)
        for overhead in OVERHEADS
        if {overhead.slower, overhead.faster} <= set(race.rounds)
    }


def per_element(few: Race, many: Race) -> Ratio | None:
    """Nanoseconds for each further element of the list, from two sizes; None without Rust."""
    if not all({_LIST.slower, _LIST.faster} <= set(race.rounds) for race in (few, many)):
        return None
    samples = [race.rounds[_LIST.slower] - race.rounds[_LIST.faster] for race in (few, many)]
    return bootstrapped(samples, lambda low, high: (high - low) / (many.size - few.size))
