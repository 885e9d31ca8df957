"""Write the generated parts of the documents: ``python -m market_py report``.

cog runs the Python between ``[[[cog`` and ``]]]`` in a comment of a document, and writes what it
prints before the next ``[[[end]]]``: ``show(tables.speedups)`` prints one table of the stored run,
``show_machines(machines.facts)`` one of the runs of all machines.
A program in ``docs/examples`` may print the table of its own stored result.
"""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Callable, Iterable

from rich.table import Table
from rich.text import Text

from market_py.benchmark.reference import REFERENCE_FILE, machine_files, reference
from market_py.benchmark.report.machines import Runs, load_runs, ratios_by_machine
from market_py.benchmark.report.picture import (
    random_races,
    save_svg,
    source_note,
    times_and_ratios,
)
from market_py.benchmark.results import Results, Unreadable
from market_py.extension import CRATE, REPOSITORY

PICTURE = REFERENCE_FILE.with_suffix(".svg")
MACHINES_PICTURE = REFERENCE_FILE.with_name("machines.svg")
DOCUMENTS = (
    REPOSITORY / "README.md",
    CRATE / "RUST_PERFORMANCE_STUDY.md",
    *sorted((REPOSITORY / "docs").glob("*.md")),
)
EXAMPLES = REPOSITORY / "docs" / "examples"
"""Programs whose stored results the documents show; their modules can be imported."""
PROLOGUE = (
    f"from {__name__} import book_link, show, show_machines; "
    "from market_py.benchmark.report import machines, tables"
)

Part = Table | str | Iterable[Table]


def show(part: Callable[[Results], Part]) -> None:
    """Print what a function says about the stored run, as Markdown."""
    _print(part(reference()))


def show_machines(part: Callable[[Runs], Part]) -> None:
    """Print what a function says about the stored runs of all machines, as Markdown."""
    _print(part(load_runs(machine_files())))


def _print(found: Part) -> None:
    if isinstance(found, str):
        print(f"\n{found}\n")
    elif isinstance(found, Table):
        print(f"\n{markdown(found)}\n")
    else:
        print(*(f"\n**{table.title}**\n\n{markdown(table)}" for table in found), "", sep="\n")


def book_link(_results: Results) -> str:
    """Link to the address of the book, which stands in pyproject.toml only."""
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))["project"]
    return f"The [book]({project['urls']['Book']}) has figures to drag, without an installation."


def markdown(table: Table) -> str:
    """Turn a table for the terminal into one for a document; its caption follows."""
    columns = table.columns
    cells = [[Text.from_markup(str(cell)).plain for cell in column.cells] for column in columns]
    rows = [[str(column.header) for column in columns], ["---"] * len(columns)]
    rows += map(list, zip(*cells, strict=True))
    lines = [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join([*lines, "", str(table.caption)] if table.caption else lines)


def main(*, check: bool) -> int:
    """Write documents and pictures, or only say which are out of date; return the exit status."""
    # Needed by nobody who only takes the workshop.
    from cogapp import Cog

    try:
        results, runs = reference(), load_runs(machine_files())
    except Unreadable as error:
        print(error, file=sys.stderr)
        return 2
    options = ["--check" if check else "-r", "-P", "-n", "utf-8", "-p", PROLOGUE, "--verbosity=1"]
    options += ["-I", str(EXAMPLES)]
    status: int = Cog().main(["cog", *options, *map(str, DOCUMENTS)])
    for path, source, drawn, data in (
        (PICTURE, source_note(REFERENCE_FILE), times_and_ratios, random_races(results)),
        (MACHINES_PICTURE, source_note(*machine_files()), ratios_by_machine, runs),
    ):
        # Drawings differ from one version of Matplotlib to the next: the source is compared.
        if path.is_file() and f">{source}<" in path.read_text("utf-8"):
            continue
        if check:
            print(f"{path.relative_to(REPOSITORY)} is out of date")
            status = status or 1
        else:
            save_svg(path, source, drawn, data)
    return status
