"""Pictures of notebook 08."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from market_py.benchmark.report.picture import times
from market_py.benchmark.timing import Race
from market_py.plots.axes import interval_line, label, legend, log_axis
from market_py.plots.picture import picture
from market_py.plots.style import BLACK, BLUE, ORANGE, SKY, VERMILION
from market_py.reliability.adequacy import VALUE_OF_LOST_LOAD
from market_py.reliability.outages import share_columns, state_weights
from market_py.reliability.simulation import Estimate, Simulation
from market_py.validation import Float64Array

SIZES = (1, 2, 4, 8, 16, 32, 64, 256, 1024, 4096)
"""Markets per batch."""
BACKENDS = ("numba", "rust")


def ways_of(name: str, threads: int) -> tuple[str, str, str]:
    """Name the ways in which a backend clears a batch."""
    return f"{name} one by one", f"{name} batch", f"{name} batch, {threads} threads"


@picture(height=7.4)
def batches(figure: Any, races: Mapping[int, Race], threads: int) -> None:
    """Draw time per market by size of the batch; below, how well threads are used."""
    figure.subplots_adjust(left=0.16, bottom=0.1, top=0.86, hspace=0.45)
    axes, below = figure.subplots(2, height_ratios=[3.4, 1])
    label(axes, "markets per batch", "ns per market")
    log_axis(axes.xaxis, 0.8, 1.25 * SIZES[-1], ticks=SIZES)
    shares = np.full((len(BACKENDS), len(SIZES)), np.nan)
    styles = zip(BACKENDS, ((BLUE, SKY), (VERMILION, ORANGE)), ("ov^", "sPD"), strict=True)
    for row, (name, (colour, light), markers) in enumerate(styles):
        ways = _, one, some = ways_of(name, threads)
        looks = zip(ways, (colour, colour, light), markers, (":", "-", "--"), strict=True)
        for way, shade, marker, dashes in looks:
            done = {size: race for size, race in races.items() if way in race.rounds}
            style = {"color": shade, "marker": marker, "linestyle": dashes}
            interval_line(axes, [*done], times(done.values(), way), way, **style)
        for column, size in enumerate(SIZES):
            if size in races and some in races[size].rounds:
                shares[row, column] = races[size].speedup(some, over=one).value / threads
    log_axis(axes.yaxis, *(() if races else (50, 50_000)))
    legend(figure, 2, axes)
    below.imshow(shares, cmap="cividis", vmin=0, vmax=1.1, aspect="auto")
    for (row, column), share in np.ndenumerate(shares):
        if np.isfinite(share):
            colour = "white" if share < 0.6 else BLACK
            below.text(column, row, f"{share:.0%}", ha="center", va="center", color=colour)
    label(below, "markets per batch", "", f"efficiency of {threads} threads")
    below.set_xticks(range(len(SIZES)), [f"{size:,}" for size in SIZES])
    below.set_yticks(range(len(BACKENDS)), BACKENDS)
    below.tick_params(length=0)
    below.grid(visible=False)


@picture(height=7.2)
def years(
    figure: Any, found: Sequence[Estimate], simulation: Simulation | None, exact: float
) -> None:
    """Draw simulated years: estimates (h/year) with their band, and the price-duration curve."""
    figure.subplots_adjust(top=0.9, hspace=0.36)
    above, below = figure.subplots(2, height_ratios=[1.2, 1])
    label(above, "years simulated", "loss of load (h/year)")
    above.axhline(exact, color=BLACK, ls="--", label=f"exact: {exact:.3f} h/year")
    _band(above, found, BLUE, SKY, "mean so far")
    above.set(xlim=(0, max(10, len(found))), ylim=(max(0.0, exact - 3), exact + 3))
    label(below, "hours of a mean year, highest price first", "price ($/MWh)")
    if simulation is not None and simulation.years:
        hours, prices = duration(simulation)
        below.step(np.maximum(hours, 1e-3), prices, color=VERMILION, lw=2.2, where="post")
        lost = simulation.hours_at_price[VALUE_OF_LOST_LOAD] / simulation.years
        words = f"↑ {lost:.2f} hours at {VALUE_OF_LOST_LOAD:,.0f} $/MWh, off the scale"
        below.text(0.98, 0.97, words, transform=below.transAxes, ha="right", va="top", fontsize=14)
    log_axis(below.xaxis, 1, 8736, subs=(1,))
    below.set_ylim(0, 65)
    legend(figure, 3)


def _band(
    axes: Any, found: Sequence[Estimate], colour: str, light: str, name: str, **style: Any
) -> None:
    """Draw estimates with their 95 % intervals."""
    numbers = np.arange(1, len(found) + 1)
    middle, error = np.array([(it.mean, it.standard_error) for it in found]).reshape(-1, 2).T
    axes.plot(numbers, middle, color=colour, lw=2, label=name, **style)
    # The band begins where there is a spread; that of the first years leaves the picture.
    ends = (middle + sign * 1.959964 * error for sign in (-1, 1))
    known = np.isfinite(error)
    axes.fill_between(
        numbers, *ends, where=known, color=light, alpha=0.5, lw=0, label="95 % interval"
    )


@picture(height=4.6)
def intervals(figure: Any, found: Mapping[str, Sequence[Estimate]], exact: float) -> None:
    """Draw estimates of the loss of load, h/year, of plain and of weighted years."""
    axes = figure.subplots()
    label(axes, "years simulated", "loss of load (h/year)")
    axes.axhline(exact, color=BLACK, ls="--", label=f"exact: {exact:.3f} h/year")
    styles = ((BLUE, SKY, "-"), (VERMILION, ORANGE, "-."))
    for (name, years), (colour, light, dashes) in zip(found.items(), styles, strict=True):
        _band(axes, years, colour, light, name, ls=dashes)
    longest = max(map(len, found.values()))
    axes.set(xlim=(0, max(10, longest)), ylim=(max(0.0, exact - 3), exact + 3))
    legend(figure, 3)


def state_name(state: int, units: int) -> str:
    """Return a digit for each unit, the first one first."""
    return format(state, f"0{units}b")[::-1]


@picture(height=4.2)
def alias_table(figure: Any, rates: Float64Array) -> None:
    """Draw the columns of the alias table of a few units: the own state of each, and the other."""
    axes = figure.subplots()
    own, other = share_columns(state_weights(rates))
    states = [state_name(state, len(rates)) for state in range(len(own))]
    shares = own / (2**32 / len(own))
    places = np.arange(len(states))
    axes.bar(places, shares, width=0.92, color=SKY, edgecolor=BLACK, label="its own state")
    axes.bar(
        places, 1 - shares, bottom=shares, width=0.92, color=ORANGE, edgecolor=BLACK, hatch="//",
        label="another state",
    )  # fmt: skip
    for place, share in enumerate(shares):
        if share > 0.08:
            axes.text(place, share / 2, states[place], ha="center", va="center")
        if share < 0.92:
            middle = (1 + share) / 2
            box = {"facecolor": "white", "edgecolor": "none", "pad": 1.5}
            axes.text(place, middle, states[other[place]], ha="center", va="center", bbox=box)
    label(axes, "column, chosen by three bits", "share of the other bits")
    axes.set_xticks(places, states)
    axes.set(ylim=(0, 1), xlim=(-0.6, len(states) - 0.4))
    legend(figure, 2)


def duration(simulation: Simulation) -> tuple[Float64Array, Float64Array]:
    """The price-duration curve of a mean year: from which hour on, and at what price."""
    levels = sorted(simulation.hours_at_price, reverse=True)
    counts = [simulation.hours_at_price[level] / simulation.years for level in levels]
    edges = np.concatenate([[0.0], np.cumsum(counts)])
    return edges, np.array([*levels, levels[-1]])
