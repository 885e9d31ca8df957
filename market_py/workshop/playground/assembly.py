"""Show the loops of machine code that LLVM makes of a function, in numba or in Rust."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from market_py.workshop.playground.collection import CELLS, python_function

_LABEL = re.compile(r"^(\.?L?[\w.$]+):")
_JUMP = re.compile(r"^\s*(?:j\w+|b(?:\.\w+)?|cbn?z|tbn?z)\s+.*?(\.?L[\w.$]+)\s*$")
_FLOAT = re.compile(r"%[xyz]mm\d|\b[dvq]\d+\b")
_PACKED = re.compile(r"^\s*v?(?!u?comi)\w+pd\b|\bv\d+\.2d\b")
"""Instructions for several doubles at a time: SSE and AVX (``pd``), Neon (``.2d``)."""


@dataclass(frozen=True)
class Loop:
    """An innermost loop: its instructions, without directives and comments."""

    lines: tuple[str, ...]

    @property
    def packed(self) -> list[str]:
        """The instructions for several doubles at a time."""
        return [line for line in self.lines if _PACKED.search(line)]

    @property
    def jumps(self) -> int:
        """Number of conditional jumps, the one back to the start included."""
        return sum(bool(re.match(r"\s*(?:j(?!mp)\w+|b\.\w+|cbn?z|tbn?z)\s", it)) for it in self.lines)


@dataclass(frozen=True)
class Assembly:
    """The innermost loops of a function that compute with doubles."""

    name: str
    loops: tuple[Loop, ...]

    def __str__(self) -> str:
        return "\n\n".join([self.headline, *("\n".join(loop.lines) for loop in self.loops)])

    @property
    def headline(self) -> str:
        """Say how many loops there are, and how many use packed instructions."""
        packed = sum(bool(loop.packed) for loop in self.loops)
        jumps = sum(loop.jumps - 1 for loop in self.loops)
        return (
            f"{self.name}: {len(self.loops)} innermost loops with doubles; {packed} of them use "
            f"packed instructions, and there are {jumps} conditional jumps inside the loops."
        )

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        parts = [f'<p role="status"><strong>{html.escape(self.headline)}</strong></p>']
        for number, loop in enumerate(self.loops, 1):
            lines = "\n".join(_marked(line) for line in loop.lines)
            parts.append(
                f"<details><summary>Loop {number}: {len(loop.lines)} instructions, "
                f"{len(loop.packed)} packed</summary><pre>{lines}</pre></details>"
            )
        return {"text/plain": str(self), "text/html": "".join(parts)}


def _marked(line: str) -> str:
    text = html.escape(line.expandtabs(8))
    return f"<strong>{text}  ◀ packed</strong>" if _PACKED.search(line) else text


def assembly(function: Callable[..., Any]) -> Assembly:
    """Return the loops of a function that numba or ``%%rust`` has compiled.

    A numba function must have been called once, so that its types are known.

    Raises
    ------
    TypeError
        It is neither.
    ValueError
        It is a numba function that has not been called.
    """
    if function in CELLS:
        return Assembly(CELLS[function].python_name, tuple(find_loops(CELLS[function].assembly())))
    if not hasattr(function, "signatures"):
        raise TypeError(f"{function!r} is compiled neither by numba nor by %%rust")
    if not function.signatures:
        raise ValueError(f"call {function.__name__} once: numba then knows the types to compile for")
    import numba

    # Anew, since numba keeps no assembly of functions from its cache.
    again = numba.njit(**function.targetoptions)(python_function(function))
    again.compile(function.signatures[0])
    text = again.inspect_asm(again.signatures[0])
    return Assembly(python_function(function).__name__, tuple(find_loops(text)))


def find_loops(text: str) -> list[Loop]:
    """Find the innermost loops that use registers for doubles."""
    lines = [line for line in text.splitlines() if line.strip()]
    labels = {match[1]: i for i, line in enumerate(lines) if (match := _LABEL.match(line))}
    ranges = []
    for end, line in enumerate(lines):
        jump = _JUMP.match(line)
        if jump and labels.get(jump[1], end) < end:
            ranges.append((labels[jump[1]], end))
    innermost = [
        (start, end)
        for start, end in ranges
        if not any(start <= a and b <= end and (a, b) != (start, end) for a, b in ranges)
    ]
    loops = []
    for start, end in sorted(set(innermost)):
        body = [line for line in lines[start : end + 1] if re.match(r"\s+[a-z]", line)]
        if any(_FLOAT.search(line) for line in body):
            loops.append(Loop(tuple(line.strip("\n") for line in body)))
    return loops
