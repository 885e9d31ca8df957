"""A small market in the terminal: cleared by Python's and Rust's backends, and timed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from rich.console import Console
from rich.table import Table
from tqdm import tqdm

import market_py
from market_py import timing
from market_py.extension import status

BIDS = np.array([25.0, 10.0, 40.0, 18.0, 30.0])
QUANTITIES = np.array([80.0, 120.0, 60.0, 100.0, 90.0])
DEMAND = 310.0
OFFERS = 20

DROP_IN = """\
Use it in your own code, as a drop-in for the published numba function:

    try:
        from rust_market import market_clearing
    except ImportError:
        from market_py import market_clearing

    price, dispatch = market_clearing(bids, quantities, demand)
"""


def run() -> None:
    """Show the demonstration."""
    console = Console()
    available = market_py.available_backends()
    if "rust" not in available:
        console.print(status()[1], markup=False)
    shown = [name for name in ("numba", "rust", "numpy") if name in available][:2]
    console.print(_cleared(shown))
    with tqdm(total=timing.ROUNDS, desc="timing", leave=False) as bar:
        race = timing.race(
            {name: market_py.get_backend(name).market_clearing for name in shown},
            timing.random_markets(OFFERS),
            progress=bar.update,
        )
    console.print(timed([race]))
    console.print(DROP_IN, markup=False)


def _cleared(shown: Sequence[str]) -> Table:
    table = Table(title=f"A market of {len(BIDS)} offers, demand {DEMAND:g} MW")
    for heading in ("backend", "price €/MWh", "dispatch MW"):
        table.add_column(heading)
    for name in shown:
        price, dispatch = market_py.market_clearing(BIDS, QUANTITIES, DEMAND, backend=name)
        table.add_row(name, f"{price:g}", ", ".join(f"{q:g}" for q in dispatch))
    return table


def timed(races: list[timing.Race]) -> Table:
    """Table of medians with quartiles, and of ratios to the first candidate."""
    first = races[0].candidates[0]
    table = Table(
        title="Time per call, distinct inputs",
        caption="Median and quartiles; median ratio within rounds and its 95 % interval. "
        "The A/A row is the first candidate against itself: it shows what can be told apart.",
    )
    for heading in ("offers", "candidate", "µs per call", f"times faster than {first}", "verdict"):
        table.add_column(heading)
    for race in races:
        for name in (*race.candidates, timing.FLOOR):
            low, median, high = (value / 1000 for value in race.quartiles(name))
            ratio, said = "", ""
            if name == first:
                ratio, said = f"{race.resolution()} (A/A)", race.resolution().verdict
            elif name != timing.FLOOR:
                found = race.speedup(name, over=first)
                ratio, said = str(found), found.verdict
            offers = str(race.offers)
            table.add_row(offers, name, f"{median:.2f} [{low:.2f}, {high:.2f}]", ratio, said)
        table.add_section()
    return table
