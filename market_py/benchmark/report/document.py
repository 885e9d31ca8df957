"""Write the generated parts of the documents: ``python -m market_py report``.

cog runs the Python between ``[[[cog`` and ``]]]`` in a comment of a document, and writes what it
prints before the next ``[[[end]]]``: ``show(tables.speedups)`` prints one table of the stored run.
A program in ``docs/examples`` may print the table of its own stored result.
"""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Callable, Iterable

from rich.table import Table
from rich.text import Text

from market_py.benchmark.reference import REFERENCE_FILE, reference
from market_py.benchmark.report.picture import save_svg, source_note
from market_py.benchmark.results import Results, Unreadable
from market_py.extension import CRATE, REPOSITORY

PICTURE = REFERENCE_FILE.with_suffix(".svg")
DOCUMENTS = (
    REPOSITORY / "README.md",
    CRATE / "RUST_PERFORMANCE_STUDY.md",
    *sorted((REPOSITORY / "docs").glob("*.md")),
)
EXAMPLES = REPOSITORY / "docs" / "examples"
"""Programs whose stored results the documents show; their modules can be imported."""
PROLOGUE = f"from {__name__} import book_link, show; from market_py.benchmark.report import tables"


def show(part: Callable[[Results], Table | str | Iterable[Table]]) -> None:
    """Print what a function says about the stored run, as Markdown."""
    found = part(reference())
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
    """Write documents and picture, or only say which are out of date; return the exit status."""
    # Needed by nobody who only takes the workshop.
    from cogapp import Cog

    try:
        results = reference()
    except Unreadable as error:
        print(error, file=sys.stderr)
        return 2
    options = ["--check" if check else "-r", "-P", "-n", "utf-8", "-p", PROLOGUE, "--verbosity=1"]
    options += ["-I", str(EXAMPLES)]
    status: int = Cog().main(["cog", *options, *map(str, DOCUMENTS)])
    source = source_note(REFERENCE_FILE)
    # Drawings differ from one version of Matplotlib to the next: the source is compared.
    if PICTURE.is_file() and source in PICTURE.read_text("utf-8"):
        return status
    if check:
        print(f"{PICTURE.relative_to(REPOSITORY)} is out of date")
        return status or 1
    save_svg(results, PICTURE, source)
    return status
