"""Compare stored runs of several machines: on which of them is Rust faster, and where.

A single run is compared with the stored run of the documents.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from rich.console import Console

from market_py.benchmark.reference import REFERENCE_FILE
from market_py.benchmark.report import machines
from market_py.benchmark.report.picture import save_svg, source_note
from market_py.cli import REFUSED, WIDTH


def main(arguments: list[str]) -> int:
    """Print tables of the runs, and draw them if asked; return the exit status."""
    parser = argparse.ArgumentParser("python -m market_py compare", description=__doc__)
    ask = parser.add_argument
    ask("runs", nargs="+", type=Path, metavar="FILE.json", help="results of bench")
    ask("--output", type=Path, metavar="PICTURE.svg", help="draw the ratios, as .svg or .png")
    chosen = parser.parse_args(arguments)
    paths, output = chosen.runs, chosen.output
    if len(paths) == 1:
        # Not twice, if that is the one.
        paths = [path for path in paths if path.resolve() != REFERENCE_FILE] + [REFERENCE_FILE]
    try:
        if output and output.suffix not in (".png", ".svg"):
            raise ValueError(f"--output {output}: must end in .png or .svg")
        runs = machines.load_runs(paths)
        if output and output.suffix == ".png":
            output.write_bytes(machines.ratios_by_machine(runs))
        elif output:
            save_svg(output, source_note(*paths), machines.ratios_by_machine, runs)
    except (OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return REFUSED
    console = Console()
    if not console.is_terminal:
        console.width = WIDTH
    console.print(machines.facts(runs))
    for part, nothing in (
        (machines.ratios, "No number of offers was timed in two of these runs."),
        (machines.crossovers, "None of these runs timed both languages."),
    ):
        table = part(runs)
        console.print(table if table.row_count else nothing)
    if output:
        console.print(f"Drawn in {output}.", soft_wrap=True, highlight=False, markup=False)
    return 0
