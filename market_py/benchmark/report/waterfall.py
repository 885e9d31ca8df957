"""Compute how much time each fix of the ladder saves, in two orders.

The order matters: the saving of a fix depends on the fixes before it.
"""

from __future__ import annotations

from typing import NamedTuple

from market_py.benchmark.timing import Race, Ratio


class Fix(NamedTuple):
    """A step from one variant of the ladder to the next."""

    removed: str
    """What the variant before still has."""
    before: str
    after: str


class Order(NamedTuple):
    """Fixes in one order, from the published algorithm to the end of the ladder."""

    name: str
    language: str
    fixes: tuple[Fix, ...]


ORDERS = (
    Order(
        "Rust, forward",
        "rust",
        (
            Fix("the wrapper's array of the list", "rust-published", "rust-naive"),
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
            Fix("the wrapper's array of the list", "rust-published", "rust-naive"),
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
    """Median of the differences within rounds, ns per call; negative where the fix costs time."""
    share: float
    """Share of what the whole order saves."""


def savings(race: Race | None, order: Order) -> list[Saving]:
    """Measure the fixes of an order, or none of them where a variant was not timed.

    Their sum is close to, not exactly, the whole difference.
    """
    variants = {name for fix in order.fixes for name in (fix.before, fix.after)}
    if race is None or not variants <= set(race.rounds):
        return []
    whole = race.difference(order.fixes[0].before, order.fixes[-1].after).value
    saved = [race.difference(fix.before, fix.after) for fix in order.fixes]
    return [
        Saving(fix, difference, difference.value / whole)
        for fix, difference in zip(order.fixes, saved, strict=True)
    ]
