"""Show code of this project in a notebook, in two languages side by side.

The text is read from the files that are compiled and raced.
"""

from __future__ import annotations

import ast
import html
import re
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name

from market_py.extension import REPOSITORY

LANGUAGES = {".py": "python", ".rs": "rust"}
STYLE = """<style>
.listing td, .listing th { vertical-align: top; text-align: left !important; padding: 2px 10px }
.listing .highlight, .listing pre { background: none !important }
.listing pre { margin: 0; line-height: 1.35; font-size: 88% !important;
  white-space: pre-wrap !important; word-break: normal !important; overflow-wrap: anywhere }
.listing .k, .listing .kd, .listing .kt, .listing .kn, .listing .kr {
  color: var(--jp-mirror-editor-keyword-color, #006b00); font-weight: bold }
.listing .c1, .listing .cm, .listing .sd { font-style: italic }
.listing .nf, .listing .fm { color: var(--jp-mirror-editor-def-color, #00f) }
.listing .marked { border-left: 4px solid var(--jp-warn-color1, #E69F00) }
</style>"""
"""Colours are those of JupyterLab's theme; weight and slant say the same.

JupyterLab breaks lines of ``pre`` in the middle of words, unless told otherwise.
"""


@dataclass(frozen=True)
class Code:
    """Lines of a file."""

    path: Path
    text: str

    @property
    def language(self) -> str:
        """``"python"`` or ``"rust"``."""
        return LANGUAGES[self.path.suffix]

    def part(self, first: str, after: str | None = None) -> Code:
        """Return the lines from the one that holds `first` up to the one that holds `after`."""
        lines = self.text.splitlines(keepends=True)
        start = _line_of(lines, first)
        stop = len(lines) if after is None else start + 1 + _line_of(lines[start + 1 :], after)
        return Code(self.path, "".join(lines[start:stop]))

    def html(self) -> str:
        """Return the text with syntax marked, without common indentation."""
        lexer = get_lexer_by_name(self.language)
        return str(highlight(textwrap.dedent(self.text), lexer, HtmlFormatter()))


def _line_of(lines: Sequence[str], words: str) -> int:
    for number, line in enumerate(lines):
        if words in line:
            return number
    raise LookupError(f"no line holds {words!r}")


def function(path: str, name: str) -> Code:
    """Return the code of a function with its attributes, without its documentation.

    `path` is relative to the repository.
    """
    file = REPOSITORY / path
    text = file.read_text(encoding="utf-8")
    lines = text.splitlines(keepends=True)
    if file.suffix == ".py":
        found = next(
            node
            for node in ast.walk(ast.parse(text))
            if isinstance(node, ast.FunctionDef) and node.name == name
        )
        start = min([found.lineno, *(it.lineno for it in found.decorator_list)]) - 1
        return Code(file, "".join(lines[start : found.end_lineno]))
    start = next(i for i, line in enumerate(lines) if re.search(rf"\bfn {name}\b", line))
    indentation = re.match(r" *", lines[start])[0]  # type: ignore[index]
    end = next(i for i in range(start, len(lines)) if lines[i].rstrip() == indentation + "}")
    while lines[start - 1].lstrip().startswith("#["):
        start -= 1
    return Code(file, "".join(lines[start : end + 1]))


@dataclass(frozen=True)
class Listing:
    """Code in columns, cut into rows; each row has a name."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Code, ...]], ...]
    marked: tuple[str, ...] = ()
    """Names of the rows that differ in more than syntax."""

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        heads = "".join(f"<th scope=col>{html.escape(name)}</th>" for name in ("", *self.columns))
        body = ""
        for name, codes in self.rows:
            cells = "".join(f"<td>{code.html()}</td>" for code in codes)
            kind = ' class="marked"' if name in self.marked else ""
            body += f"<tr{kind}><th scope=row>{html.escape(name)}</th>{cells}</tr>"
        table = f'<table class="listing"><thead><tr>{heads}</tr></thead>{body}</table>'
        return {"text/html": STYLE + table, "text/plain": self.text}

    @property
    def text(self) -> str:
        """All code, row after row."""
        return "\n".join(f"{name}\n{code.text}" for name, codes in self.rows for code in codes)


def side_by_side(
    codes: Mapping[str, Code], steps: Mapping[str, Sequence[str]], marked: Sequence[str] = ()
) -> Listing:
    """Cut functions into the same steps.

    Parameters
    ----------
    codes : dict of str to Code
        Functions by the name of the column.
    steps : dict of str to sequence of str
        For each step, what its first line holds in each column; the first step begins with the
        function.
    marked : sequence of str
        Steps that differ in more than syntax.
    """
    rows = []
    names = list(steps)
    for number, name in enumerate(names):
        parts = []
        for column, code in enumerate(codes.values()):
            later = steps[names[number + 1]][column] if number + 1 < len(names) else None
            parts.append(code.part(steps[name][column], later))
        rows.append((name, tuple(parts)))
    return Listing(tuple(codes), tuple(rows), tuple(marked))
