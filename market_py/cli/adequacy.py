"""Simulate outages of the RTS-79, year by year, and print loss of load, energy and prices.

Ctrl-C ends the simulation; the result of the years so far is printed.
"""

from __future__ import annotations

import argparse
import sys

from rich.console import Console
from rich.table import Table
from tqdm import tqdm

from market_py.cli import INTERRUPTED, REFUSED, at_least
from market_py.registry import BACKENDS
from market_py.reliability import adequacy
from market_py.reliability.adequacy import Indices, Simulation


def main(arguments: list[str]) -> int:
    """Simulate, and print the result beside the exact indices; return the exit status."""
    parser = argparse.ArgumentParser("python -m market_py adequacy", description=__doc__)
    ask = parser.add_argument
    ask("--years", type=at_least(1), default=1000, help="number of years (1000)")
    ask("--seed", type=at_least(0), default=0, help="seed of the random outages (0)")
    ask("--threads", type=at_least(1), default=1, help="years simulated at the same time (1)")
    ask("--backend", choices=BACKENDS, help="what clears the markets; by default the fastest")
    chosen = parser.parse_args(arguments)
    found, status = Simulation(), 0
    with tqdm(total=chosen.years, desc="years", unit="year") as bar:
        try:
            for simulation in adequacy.simulate_yearly(**vars(chosen)):
                found = simulation
                bar.update()
        except KeyboardInterrupt:
            status = INTERRUPTED
        except ImportError as error:
            print(error, file=sys.stderr)
            return REFUSED
    if status:
        print(f"Interrupted after {found.years:,} of {chosen.years:,} years.", file=sys.stderr)
    if found.years:
        Console().print(indices(found, adequacy.exact()))
    return status


def indices(found: Simulation, exact: Indices) -> Table:
    """Make a table of both indices, simulated and exact, and of the hours at each price."""
    title, caption = f"Adequacy, {found.years:,} years", "Mean [95 % interval]."
    table = Table("index", "simulated", "exact", title=title, caption=caption)
    table.add_row("loss of load, h/year", str(found.loss_of_load), f"{exact.loss_of_load:,.3f}")
    unserved = f"{exact.unserved_energy:,.1f}"
    table.add_row("unserved energy, MWh/year", str(found.unserved_energy), unserved)
    table.add_section()
    table.add_row("mean price, $/MWh", f"{found.mean_price:,.2f}", "")
    for price, hours in sorted(found.hours_at_price.items()):
        table.add_row(f"hours at {price:,.2f} $/MWh", f"{hours / found.years:,.1f} a year", "")
    return table
