"""Tables for the terminal."""

from __future__ import annotations

from rich.table import Table

from market_py import timing
from market_py.adequacy import Indices, Simulation


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
                ratio = f"{race.resolution()} (A/A)"
            elif name != timing.FLOOR:
                ratio, said = str(race.speedup(name, first)), race.verdict(name, first)
            offers = str(race.offers)
            table.add_row(offers, name, f"{median:.2f} [{low:.2f}, {high:.2f}]", ratio, said)
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
