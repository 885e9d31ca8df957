"""Tables for the terminal."""

from __future__ import annotations

from rich.table import Table

from market_py import timing


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
