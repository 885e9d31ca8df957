"""The command ``adequacy``: simulate outages of the RTS-79, year by year."""

from __future__ import annotations

import argparse
import sys

from rich.console import Console
from rich.table import Table
from tqdm import tqdm

from market_py.reliability import adequacy
from market_py.reliability.adequacy import Indices, Simulation


def main(arguments: list[str]) -> int:
    """Simulate, and set the result beside the exact indices; return the exit status."""
    parser = argparse.ArgumentParser("python -m market_py adequacy", description=__doc__)
    parser.add_argument("--years", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--backend", help="default: the fastest")
    chosen = parser.parse_args(arguments)
    with tqdm(total=chosen.years, desc="years", unit="year") as bar:
        try:
            found = adequacy.simulate(**vars(chosen), progress=bar.update)
        except (ImportError, ValueError) as error:
            print(error, file=sys.stderr)
            return 2
    Console().print(indices(found, adequacy.exact()))
    return 0


def indices(found: Simulation, exact: Indices) -> Table:
    """Table of the simulated indices beside the exact ones, and of the hours at each price."""
    table = Table(title=f"Adequacy, {found.years:,} years", caption="Mean [95 % interval].")
    for heading in ("index", "simulated", "exact"):
        table.add_column(heading)
    table.add_row("loss of load, h/year", str(found.loss_of_load), f"{exact.loss_of_load:,.3f}")
    unserved = f"{exact.unserved_energy:,.1f}"
    table.add_row("unserved energy, MWh/year", str(found.unserved_energy), unserved)
    table.add_section()
    table.add_row("mean price, $/MWh", f"{found.mean_price:,.2f}", "")
    for price, hours in sorted(found.hours_at_price.items()):
        table.add_row(f"hours at {price:,.2f} $/MWh", f"{hours / found.years:,.1f} a year", "")
    return table
