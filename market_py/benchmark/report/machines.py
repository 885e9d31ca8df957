"""Compare runs of several machines: on which of them is Rust faster, with how many offers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.ticker import LogFormatterMathtext
from rich.markup import escape
from rich.table import Table

from market_py.benchmark.report.picture import random_races, speedups
from market_py.benchmark.report.tables import PAIRED
from market_py.benchmark.results import Results
from market_py.benchmark.settings import PUBLISHED, PUBLISHED_BARE
from market_py.benchmark.timing import Race, Verdict
from market_py.plots.axes import interval_line, label, legend, log_axis
from market_py.plots.picture import picture
from market_py.plots.style import BLACK, series_style

NUMBA, RUST = PUBLISHED
PAIRS = (("rust", "numba"), (RUST, NUMBA), (PUBLISHED_BARE, NUMBA))
"""A function in Rust, and the one in numba that it is compared with."""
LEGEND_COLUMNS = 2

Runs = Mapping[str, Results]
"""Runs of the benchmark by the name of their machine."""


def load_runs(paths: Sequence[Path]) -> dict[str, Results]:
    """Read runs, named as their files, or by the whole paths where file names are the same.

    Errors are those of `Results.load`. A path that is given twice is read once.
    """
    paths = list(dict.fromkeys(paths))
    stems = [path.stem for path in paths]
    return {
        path.stem if stems.count(path.stem) == 1 else str(path): Results.load(path)
        for path in paths
    }


def facts(runs: Runs) -> Table:
    """Make a table of the machines, their software, and what their measurements resolve."""
    headings = "machine | processor | cores | instruction sets | system | Python | numba | rustc"
    table = Table(
        *headings.split(" | "),
        "date",
        "A/A",
        caption="A/A: how far the interval of a function timed against itself reaches from 1, in "
        "the median race and at most. Smaller differences cannot be resolved.",
    )
    for name, results in runs.items():
        get = results.machine.get
        cells = (
            name,
            get("cpu"),
            get("cores"),
            " ".join(get("cpu_features", ())),
            f"{get('system', '')} {get('architecture', '')}",
            get("python"),
            get("packages", {}).get("numba"),
            # The number, without the word before and the commit after it.
            *(get("rustc") or "none none").split()[1:2],
            results.time[:10],
            _resolution(results),
        )
        table.add_row(*("" if it is None else escape(str(it)) for it in cells))
    return table


def ratios(runs: Runs) -> Table:
    """Make a table of how many times as fast Rust is, for the sizes that two machines timed.

    With one machine all its sizes are shown.
    """
    table = Table(
        "offers",
        "machine",
        *map(_over, PAIRS),
        caption=f"How many times as fast Rust is as numba: {PAIRED}. Below 1 it is slower. One "
        "market per call, distinct random inputs.",
    )
    races = {name: {it.size: it for it in random_races(run)} for name, run in runs.items()}
    timed = [size for found in races.values() for size in found]
    for size in sorted(set(timed)):
        if timed.count(size) < min(2, len(runs)):
            continue
        for name, found in races.items():
            if size in found:
                cells = [
                    str(found[size].speedup(*pair)) if _has(found[size], pair) else ""
                    for pair in PAIRS
                ]
                table.add_row(f"{size:,}", escape(name), *cells)
        table.add_section()
    return table


def crossovers(runs: Runs) -> Table:
    """Make a table of the sizes between which the winner changes, on each machine."""
    table = Table(
        "compared",
        "machine",
        "winner",
        "Rust is",
        caption="Numbers of offers per market. Faster and slower need a whole 95 % interval on one "
        "side of 1, and a ratio beyond that of a function to itself (A/A).",
    )
    for pair in PAIRS:
        for name, run in runs.items():
            races = [race for race in random_races(run) if _has(race, pair)]
            if verdicts := {race.size: race.verdict(*pair) for race in races}:
                spans = ", ".join(
                    f"{verdict}: {_span([size for size, _ in found])}"
                    for verdict, found in groupby(verdicts.items(), lambda it: it[1])
                )
                table.add_row(_over(pair), escape(name), winner(verdicts), spans)
        table.add_section()
    return table


def winner(verdicts: Mapping[int, Verdict]) -> str:
    """Say who is faster, and between which sizes this changes; verdicts are those on Rust.

    >>> winner({5: "faster", 10: "faster", 20: "indistinguishable", 200: "slower"})
    'Rust to 10, numba from 200'
    >>> winner({5: "faster", 20: "indistinguishable"})
    'Rust where they can be distinguished'
    """
    names = {"faster": "Rust", "slower": "numba"}
    decided = [(size, names[it]) for size, it in verdicts.items() if it in names]
    spans = [(who, [size for size, _ in it]) for who, it in groupby(decided, lambda it: it[1])]
    if not spans:
        return "indistinguishable"
    (first, sizes), *between = spans
    if not between:
        all_differ = len(decided) == len(verdicts)
        return f"{first} {'at every size' if all_differ else 'where they can be distinguished'}"
    *between, (last, from_) = between
    parts = [f"{first} to {sizes[-1]:,}"]
    parts += [f"{who} {'from' if it[1:] else 'at'} {_span(it)}" for who, it in between]
    return ", ".join([*parts, f"{last} from {from_[0]:,}"])


@picture(height=9.0)
def ratios_by_machine(figure: Any, runs: Runs) -> None:
    """Draw the ratios of each pair against the number of offers, a line for each machine."""
    height = 0.032 * -(-len(runs) // LEGEND_COLUMNS)
    figure.subplots_adjust(left=0.12, top=0.95 - height, bottom=0.08, hspace=0.25)
    parts = figure.subplots(len(PAIRS), sharex=True, sharey=True)
    for axes, pair in zip(parts, PAIRS, strict=True):
        label(axes, title=f"{_over(pair)}: times as fast")
        axes.axhline(1, color=BLACK, linewidth=1)
        for number, (name, run) in enumerate(runs.items()):
            colour, marker, dashes = series_style(number)
            style = {"color": colour, "marker": marker, "linestyle": dashes}
            if races := [race for race in random_races(run) if _has(race, pair)]:
                sizes = [race.size for race in races]
                interval_line(axes, sizes, speedups(races, *pair), name, **style)
        log_axis(axes.yaxis, subs=(1, 1.5, 2, 3, 5, 7))
    label(parts[-1], "offers N, distinct random inputs")
    log_axis(parts[-1].xaxis, subs=(1,), form=LogFormatterMathtext())
    legend(figure, LEGEND_COLUMNS)


def _has(race: Race, pair: Sequence[str]) -> bool:
    return set(pair) <= set(race.rounds)


def _over(pair: Sequence[str]) -> str:
    return " over ".join(pair)


def _span(sizes: Sequence[int]) -> str:
    """Name the smallest and the largest size of a row of them."""
    return " to ".join(f"{size:,}" for size in sorted({sizes[0], sizes[-1]}))


def _resolution(results: Results) -> str:
    """Say how far A/A intervals reach from 1."""
    if not (blurs := [race.blur - 1 for race in random_races(results)]):
        return ""
    return f"{np.median(blurs):.1%}, at most {max(blurs):.1%}"
