"""Show the machine code that LLVM makes of a function, in numba or in Rust."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from market_py.workshop.playground.collection import (
    CELLS,
    numba_options,
    python_function,
    python_name,
)

_SYMBOL = re.compile(r'^(?!\.?L)[\w$."]+:')
_JUMP = re.compile(r"^\s+(?:j(?!mp)\w+|b\.\w+|cbn?z|tbn?z)\s")
_SCALAR = re.compile(
    r"^\s+v?(?:add|sub|mul|min|max|u?comi|cmp\w*|fn?m\w+)sd\b|^\s+f(?!mov)\w+\s+d\d"
)
_PACKED = re.compile(
    r"^\s+v?(?:add|sub|mul|min|max|and\w*|cmp\w*|fn?m\w+|maskmov)pd\b|^\s+f\w+.*\.2d"
)
"""Instructions that compute with one double, and with several: SSE, AVX, and Neon (``.2d``)."""
AROUND = 3
"""Lines shown before the first and after the last of these instructions."""


@dataclass(frozen=True)
class Assembly:
    """The part of a compiled function that computes with doubles."""

    name: str
    lines: tuple[str, ...]

    @property
    def headline(self) -> str:
        """Count the instructions for one double, for several doubles, and the jumps."""
        packed, scalar, jumps = (
            sum(bool(kind.search(line)) for line in self.lines)
            for kind in (_PACKED, _SCALAR, _JUMP)
        )
        return (
            f"{self.name}: {packed} packed instructions (several doubles at a time), "
            f"{scalar} scalar ones (one double), {jumps} conditional jumps."
        )

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        marked = "\n".join(
            f"<strong>{html.escape(line)}   ◀ packed</strong>"
            if _PACKED.search(line)
            else html.escape(line)
            for line in self.lines
        )
        return {
            "text/plain": "\n".join([self.headline, *self.lines]),
            "text/html": (
                f'<p role="status"><strong>{html.escape(self.headline)}</strong></p>'
                f"<details><summary>the instructions</summary><pre>{marked}</pre></details>"
            ),
        }


def assembly(function: Callable[..., Any]) -> Assembly:
    """Return the machine code of a function that numba or ``%%rust`` has compiled.

    A numba function must have been called once, so that its types are known.

    Raises
    ------
    TypeError
        It is neither.
    ValueError
        It is a numba function that has not been called.
    """
    if function in CELLS:
        text = CELLS[function].assembly()
    elif not hasattr(function, "signatures"):
        raise TypeError(f"{function!r} is compiled neither by numba nor by %%rust")
    elif not function.signatures:
        raise ValueError(f"call {python_name(function)} once: its types are then known")
    else:
        import numba

        # Anew, since numba keeps no assembly of functions from its cache.
        again = numba.njit(**numba_options(function))(python_function(function))
        again.compile(function.signatures[0])
        text = again.inspect_asm(again.signatures[0])
    return Assembly(python_name(function), tuple(computing_lines(text)))


def computing_lines(text: str) -> list[str]:
    """Return, of each function in a text, the lines around what computes with doubles."""
    functions: list[list[str]] = [[]]
    for line in text.splitlines():
        if _SYMBOL.match(line):
            functions.append([])
        elif re.match(r"\s+[a-z]|\.?L\w+:", line):
            functions[-1].append(line.expandtabs(8))
    shown = []
    for lines in functions:
        computing = [i for i, it in enumerate(lines) if _SCALAR.search(it) or _PACKED.search(it)]
        if computing:
            shown += lines[max(0, computing[0] - AROUND) : computing[-1] + AROUND + 1]
    return shown
