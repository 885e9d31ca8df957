"""Tables for the terminal."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
from rich.console import Console
from rich.table import Table

from market_py import timing
from market_py.adequacy import Indices, Simulation
from market_py.validation import Floats


def timed(
    races: Sequence[timing.Race],
    title: str = "Time per call, distinct inputs",
    families: Sequence[str] | None = None,
    markets: int = 1,
) -> Table:
    """Table of medians with quartiles, and of ratios to the first candidate.

    Parameters
    ----------
    races : sequence of Race
        A section of the table each.
    title : str
        Above the table.
    families : sequence of str, optional
        What each race cleared, if that is not the same for all.
    markets : int
        Cleared by one call; times are shown for one of them.
    """
    first = races[0].candidates[0]
    table = Table(
        title=title,
        caption="Median and quartiles; median ratio within rounds and its 95 % interval. "
        "The A/A row is the first candidate against itself: it shows what can be told apart.",
    )
    unit = "µs per call" if markets == 1 else "µs per market"
    headings = ["offers", "candidate", unit, f"times faster than {first}", "verdict"]
    for heading in headings if families is None else ["family", *headings]:
        table.add_column(heading)
    for number, race in enumerate(races):
        label = [] if families is None else [families[number]]
        for name in (*race.candidates, *race.floors):
            low, median, high = (value / 1000 / markets for value in race.quartiles(name))
            ratio, said = "", ""
            if name == first:
                ratio = f"{race.resolution()} (A/A)"
            elif name not in timing.FLOORS and first in race.candidates:
                ratio, said = str(race.speedup(name, first)), race.verdict(name, first)
            time = f"{median:.2f} [{low:.2f}, {high:.2f}]"
            table.add_row(*label, f"{race.offers:,}", name, time, ratio, said)
        table.add_section()
    return table


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


def merit_order(
    names: Sequence[str],
    bids: Floats,
    quantities: Floats,
    dispatch: Floats,
    demand: float,
    price: float,
) -> str:
    """Table of a market cleared, cheapest offer first, as text."""
    table = Table(
        title=f"Demand {demand:,.1f} MW, price {price:,.2f} €/MWh",
        caption=f"Served {dispatch.sum():,.1f} MW.",
    )
    for heading in ("generator", "bid, €/MWh", "offered, MW", "dispatched, MW"):
        table.add_column(heading, justify="left" if heading == "generator" else "right")
    for i in np.argsort(bids, kind="stable"):
        table.add_row(names[i], f"{bids[i]:,.2f}", f"{quantities[i]:,.1f}", f"{dispatch[i]:,.1f}")
    console = Console(width=100, file=io.StringIO())
    with console.capture() as text:
        console.print(table)
    return text.get()
