"""The waterfall: what each fix saves, one after the other, and in another order.

The order matters: what a fix saves depends on what the fixes before it have left.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from market_py.benchmark.results import Results
from market_py.benchmark.settings import LADDER_SIZE
from market_py.benchmark.timing import Race, Ratio


class Fix(NamedTuple):
    """A step from one variant of the ladder to the next."""

    removed: str
    """What the variant before still has."""
    before: str
    after: str


@dataclass(frozen=True)
class Order:
    """Fixes in one order, from the published shape to the end of the ladder."""

    name: str
    language: str
    fixes: tuple[Fix, ...]


ORDERS = (
    Order(
        "Rust, forward",
        "rust",
        (
            Fix("the list", "rust-naive", "rust-ndarray"),
            Fix("six temporaries and their passes", "rust-ndarray", "rust-scratch"),
            Fix("stability of the sort", "rust-scratch", "rust-unstable"),
            Fix("comparing through an index", "rust-unstable", "rust-keys"),
            Fix("sorting", "rust-keys", "rust-select"),
            Fix("call overhead", "rust-select", "rust-unchecked"),
        ),
    ),
    Order(
        "Rust, reversed",
        "rust",
        (
            Fix("call overhead", "rust-naive", "rust-naive-unchecked"),
            Fix("sorting, temporaries with it", "rust-naive-unchecked", "rust-select-list"),
            Fix("the list", "rust-select-list", "rust-unchecked"),
        ),
    ),
    Order(
        "numba, forward",
        "numba",
        (
            Fix("temporaries and their passes", "numba-sort", "numba-scratch"),
            Fix("comparing through an index", "numba-scratch", "numba-keys"),
            Fix("sorting", "numba-keys", "numba-select"),
            Fix("making the array in compiled code", "numba-select", "numba-filled"),
        ),
    ),
)
"""numba has no list to remove. Without sorting there is no stability and no index to remove: in
reverse order those fixes have nothing left to save."""


class Saving(NamedTuple):
    """What a fix saved."""

    fix: Fix
    nanoseconds: Ratio
    """Median of the differences within rounds, ns per call; negative: it cost."""
    share: float
    """Of all that the order saves."""


def savings(race: Race, order: Order) -> list[Saving]:
    """Measure the fixes of an order; their sum is close to, not exactly, the whole difference."""
    first, last = order.fixes[0].before, order.fixes[-1].after
    whole = race.difference(first, last).value
    found = [race.difference(fix.before, fix.after) for fix in order.fixes]
    return [
        Saving(fix, saved, saved.value / whole)
        for fix, saved in zip(order.fixes, found, strict=True)
    ]


def waterfalls(results: Results) -> Iterator[tuple[str, Order, list[Saving]]]:
    """Every order on every distribution of inputs for which all variants were timed."""
    for distribution in ("random", "repeated"):
        race = results.find("ladder", distribution, LADDER_SIZE)
        for order in ORDERS:
            variants = {name for fix in order.fixes for name in (fix.before, fix.after)}
            if race is not None and variants <= set(race.rounds):
                yield distribution, order, savings(race, order)
