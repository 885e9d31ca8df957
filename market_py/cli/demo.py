"""Clear a small market with two backends, and time them."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

import numpy as np
from rich.console import Console
from rich.table import Table
from tqdm import tqdm

import market_py
from market_py.benchmark import timing
from market_py.benchmark.cases.clearing import single_case
from market_py.benchmark.report import tables
from market_py.benchmark.results import RaceResult
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


def main(arguments: list[str]) -> int:
    """Show the demonstration; return the exit status."""
    argparse.ArgumentParser("python -m market_py demo", description=__doc__).parse_args(arguments)
    console = Console()
    available = market_py.available_backends()
    if "rust" not in available:
        console.print(status()[1], markup=False)
    shown = [name for name in ("numba", "rust", "numpy") if name in available][:2]
    console.print(_cleared(shown))
    with tqdm(total=timing.ROUNDS, desc="timing", leave=False) as bar:
        race = single_case("random", OFFERS, shown).race(progress=bar.update)
    console.print(tables.times([RaceResult("single", "random", 1, (1,), race)]))
    console.print(DROP_IN, markup=False)
    return 0


def _cleared(shown: Sequence[str]) -> Table:
    title = f"A market of {len(BIDS)} offers, demand {DEMAND:g} MW"
    table = Table("backend", "price €/MWh", "dispatch MW", title=title)
    for name in shown:
        price, dispatch = market_py.market_clearing(BIDS, QUANTITIES, DEMAND, backend=name)
        table.add_row(name, f"{price:g}", ", ".join(f"{q:g}" for q in dispatch))
    return table
