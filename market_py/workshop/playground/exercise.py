"""Parts of checks for exercises whose answer is a compiled function."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from typing import Any

from market_py.benchmark.timing import Race
from market_py.workshop.grading.check import CheckResult, Refused
from market_py.workshop.playground import collection
from market_py.workshop.playground.collection import CELLS, python_name, source, verify, write
from market_py.workshop.playground.collection import folder as kept_folder
from market_py.workshop.playground.race import race
from market_py.workshop.playground.verify import Kind

OFFERS = 200
"""Of each market in a comparison, the largest published size."""


def not_done(message: str) -> Refused:
    """End a check whose stub works, but is unchanged."""
    return Refused(CheckResult("not done yet", message))


def require_compiled(function: Any) -> None:
    """Refuse what is no function that numba or a cell of Rust has compiled.

    Raises
    ------
    Refused
        It is not compiled.
    """
    if not collection.is_compiled(function):
        raise Refused(collection.not_compiled(function))


def require_right(function: Callable[..., Any], kind: Kind = "market") -> None:
    """Verify a function that clears one market, or a batch on several threads.

    Raises
    ------
    Refused
        It clears a market wrongly, fails, does not end, or is not compiled.
    """
    if problem := verify(function, kind):
        raise Refused(problem)


def keep(function: Callable[..., Any]) -> str:
    """Keep a function that was verified, and let it race; return its name.

    Raises
    ------
    Refused
        It has the name of one of our variants.
    """
    try:
        return collection.keep(function)
    except ValueError as error:
        raise Refused(f"{python_name(function)} is right, and cannot race: {error}.") from error


def code(function: Callable[..., Any]) -> str:
    """Return what the learner wrote, with what it uses, without comments."""
    if function in CELLS:
        return re.sub(r"//.*", "", CELLS[function].text)
    return re.sub(r"#.*", "", source(function))


def allocations(
    function: Callable[..., Any], *variants: str, offers: int = OFFERS
) -> tuple[float, ...]:
    """Count the blocks of memory that a call asks for, in a new process.

    Give the count of the function first, then those of some of our numba variants.
    """
    if function in CELLS:
        path, name = CELLS[function].compile(counting=True), "allocations"
    else:
        path, name = write(function, kept_folder() / "checked"), python_name(function)
    done = subprocess.run(
        [sys.executable, "-c", COUNT, str(offers), str(path), name, *variants],
        env=os.environ | {"NUMBA_NRT_STATS": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    return tuple(map(float, done.stdout.split()))


COUNT = """
import sys
from pathlib import Path
from market_py.benchmark.inputs import random_markets
from market_py.workshop.playground.verify import load

offers, path, name, *variants = sys.argv[1:]
markets = random_markets(int(offers), 20)


def count(function):
    from numba.core.runtime.nrt import rtsys

    function(*markets[0])
    before = rtsys.get_allocation_stats().alloc
    for market in markets:
        function(*market)
    return (rtsys.get_allocation_stats().alloc - before) / len(markets)


function = load(Path(path), name)
if name == "allocations":
    print(sum(function(*market) for market in markets) / len(markets))
else:
    print(count(function))
for name in variants:
    from market_py.registry import get_variant

    print(count(get_variant(name)))
"""


def compared(name: str, *others: str, offers: int = OFFERS) -> str:
    """Race a kept function; say how many times as fast it is as each of the others."""
    found: Race = race(name, *others, offers=offers, show_progress=False)
    verdicts = {other: found.verdict(name, other) for other in found.candidates[1:]}
    said = [
        f"{found.speedup(name, other)} times as fast as {other} ({verdict})"
        for other, verdict in verdicts.items()
    ]
    sentence = f"At {offers} offers {name} is {', '.join(said)}."
    if "indistinguishable" in verdicts.values():
        sentence += f" Indistinguishable: one function timed twice gave {found.resolution()}."
    return sentence
