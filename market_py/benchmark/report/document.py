"""Documents with generated parts: figures are written by this module, never by hand.

A generated part stands between two comments that name it; `python -m market_py report` writes
all of them anew from the stored reference result, `--check` says whether that would change any.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path

from rich.table import Table
from rich.text import Text

from market_py.benchmark.reference import REFERENCE_FILE
from market_py.benchmark.report import tables
from market_py.benchmark.report.picture import ResultPicture, source_note
from market_py.benchmark.results import Results, Unreadable
from market_py.extension import CRATE, REPOSITORY

PICTURE = REFERENCE_FILE.with_suffix(".svg")
DOCUMENTS = (REPOSITORY / "README.md", CRATE / "RUST_PERFORMANCE_STUDY.md")

PARTS: dict[str, Callable[[Results], str]] = {
    "machine": lambda results: tables.machine(results),
    "comparison": lambda results: markdown(tables.comparison_as_published(results)),
    "speed-ups": lambda results: markdown(tables.speedups(results)),
    "memory of the predictor": lambda results: markdown(tables.predictor(results)),
    "kept array": lambda results: markdown(tables.kept_array(results)),
    "waterfall": lambda results: "\n\n".join(
        f"**{table.title}**\n\n{markdown(table)}" for table in tables.waterfall(results)
    ),
    "operation counts": lambda results: markdown(tables.operation_counts(results)),
    "batch": lambda results: markdown(tables.batch(results)),
    "distributions": lambda results: markdown(tables.adversarial(results)),
    "steps": lambda results: markdown(tables.stepped(results)),
    "learning": lambda results: markdown(tables.learned(results)),
    "adequacy": lambda results: markdown(tables.studied(results)),
    "confirmed": lambda results: markdown(tables.confirmed(results)),
    "resolution": lambda results: tables.resolution(results),
    "correctness": lambda results: tables.correctness(results),
}
"""Every part that a document may hold."""

_PART = re.compile(r"(<!-- generated: ([^>]+) -->\n)(.*?)(<!-- end of generated -->)", re.DOTALL)


def render(text: str, results: Results) -> str:
    """Write the generated parts of a document anew.

    Raises
    ------
    ValueError
        The document asks for a part that there is not.
    """

    def replace(match: re.Match[str]) -> str:
        start, name, _, end = match.groups()
        if name not in PARTS:
            raise ValueError(f"there is no generated part {name!r}: choose from {', '.join(PARTS)}")
        return f"{start}\n{PARTS[name](results)}\n\n{end}"

    return _PART.sub(replace, text)


def markdown(table: Table) -> str:
    """Turn a table for the terminal into one for a document; its caption follows."""

    def row(cells: list[str]) -> str:
        return f"| {' | '.join(cells)} |"

    columns = table.columns
    cells = [[Text.from_markup(str(cell)).plain for cell in column.cells] for column in columns]
    lines = [
        row([str(column.header) for column in columns]),
        row(["---"] * len(columns)),
        *(row(list(line)) for line in zip(*cells, strict=True)),
    ]
    if table.caption:
        lines += ["", str(table.caption)]
    return "\n".join(lines)


def stale() -> list[Path]:
    """Documents, and the picture, that are not what the reference result says."""
    results = Results.load(REFERENCE_FILE)
    texts = {document: document.read_text("utf-8") for document in DOCUMENTS}
    found = [document for document, text in texts.items() if render(text, results) != text]
    # Drawings differ from one version of Matplotlib to the next: the source is compared.
    if not PICTURE.is_file() or source_note(REFERENCE_FILE) not in PICTURE.read_text("utf-8"):
        found.append(PICTURE)
    return found


def write() -> list[Path]:
    """Write documents and picture anew; return what was written."""
    results = Results.load(REFERENCE_FILE)
    for document in DOCUMENTS:
        document.write_text(render(document.read_text("utf-8"), results), "utf-8")
    return [*DOCUMENTS, ResultPicture(results).save_svg(PICTURE, source_note(REFERENCE_FILE))]


def main(*, check: bool) -> int:
    """Write, or check; return the exit status."""
    try:
        found = stale() if check else write()
    except (Unreadable, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    for path in found:
        print(f"{path.relative_to(REPOSITORY)} {'is out of date' if check else 'written'}")
    return int(check and bool(found))
