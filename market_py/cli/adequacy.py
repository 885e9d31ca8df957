"""Simulate outages of a power system, and print loss of load, energy and prices.

By default the system is the IEEE RTS-79; --units and --loads read another one. Ctrl-C ends the
simulation; the result of the years so far is printed.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import sys
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from tqdm import tqdm

from market_py.cli import INTERRUPTED, REFUSED, at_least
from market_py.extras import explain_missing
from market_py.registry import BACKENDS
from market_py.reliability import adequacy, planning, rts79
from market_py.reliability.adequacy import Indices
from market_py.reliability.cluster import MixedBuilds, local_client
from market_py.reliability.simulation import Simulation
from market_py.reliability.system import System, Unit

CONNECTING_SECONDS = 10


def main(arguments: list[str]) -> int:
    """Simulate, and print the result beside the exact indices; return the exit status."""
    parser = argparse.ArgumentParser("python -m market_py adequacy", description=__doc__)
    ask = parser.add_argument
    ask("--units", type=Path, metavar="FILE", help="table of units (CSV or Parquet)")
    ask("--loads", type=Path, metavar="FILE", help="table of the load of each hour")
    ask("--subtract", nargs="+", default=[], metavar="COLUMN", help="columns less the loads: wind")
    ask("--years", type=at_least(1), default=1000, help="number of years (1000)")
    ask("--seed", type=at_least(0), default=0, help="seed of the random outages (0)")
    ask("--threads", type=at_least(1), default=1, help="years simulated at the same time (1)")
    ask("--method", choices=["fused", "clearing"], default="fused", help="one kernel, or clearing")
    ask("--backend", choices=BACKENDS, help="what simulates or clears; by default the fastest")
    ask("--workers", type=at_least(1), metavar="N", help="processes, by Dask, instead of threads")
    scheduler = "address of a Dask scheduler, such as tcp://host:8786"
    ask("--cluster", dest="address", metavar="ADDRESS", help=scheduler)
    ask("--save", type=Path, metavar="FOLDER", help="keep the years, and go on after those there")
    ask("--elcc", nargs=2, type=float, metavar=("MW", "RATE"), help="load that such a unit carries")
    ask("--margin", action="store_true", help="reserve margin for 0.1 days of lost load a year")
    chosen = vars(parser.parse_args(arguments))
    files = [chosen.pop(name) for name in ("units", "loads", "subtract")]
    elcc, margin = chosen.pop("elcc"), chosen.pop("margin")
    if (files[0] is None) != (files[1] is None):
        parser.error("--units and --loads go together")
    try:
        system = _read(*files)
        found, is_interrupted = _simulate(system, **chosen)
        if found.years:
            Console().print(indices(found, adequacy.exact(system)))
        if elcc and not is_interrupted:
            carried = planning.load_carrying_capability(system, Unit("added", *elcc))
            unit = f"A unit of {elcc[0]:g} MW, out {elcc[1]:.1%} of the time"
            print(f"{unit}, carries {carried:.1f} MW.")
        if margin and not is_interrupted:
            print(f"Reserve margin for 0.1 days a year: {planning.reserve_margin(system):.1%}.")
    except (ImportError, MixedBuilds, OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return REFUSED
    return INTERRUPTED if is_interrupted else 0


def _read(units: Path | None, loads: Path | None, subtract: list[str]) -> System:
    if units is None or loads is None:
        return rts79.system()
    with explain_missing():
        from market_py.reliability.files import read_system
    return read_system(units, loads, subtract=subtract)


def _simulate(
    system: System, *, years: int, workers: int | None, address: str | None, **options: Any
) -> tuple[Simulation, bool]:
    """Return the result of the years until the end or an interrupt, and whether there was one."""
    found = Simulation()
    with contextlib.ExitStack() as stack:
        if workers or address:
            connected = _connect(address) if address else local_client(workers or 1)
            options["client"] = stack.enter_context(connected)
        bar = stack.enter_context(tqdm(total=years, desc="years", unit="year"))
        try:
            for simulation in adequacy.simulate_yearly(years, system, **options):
                found = simulation
                bar.update()
        except KeyboardInterrupt:
            print(f"Interrupted after {found.years:,} of {years:,} years.", file=sys.stderr)
            return found, True
    return found, False


def _connect(address: str) -> Any:
    """Connect to a Dask scheduler."""
    with explain_missing():
        distributed: Any = importlib.import_module("distributed")
    return distributed.Client(address, timeout=CONNECTING_SECONDS)


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
