"""The ``%%rust`` cell magic: it compiles and verifies a function in Rust and gives it to Python."""

from __future__ import annotations

import argparse
import html
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from IPython.core.getipython import get_ipython
from IPython.display import display

from market_py.workshop.grading.check import Failed
from market_py.workshop.playground.cell import FOLDER, NO_RUST, Cell, CellError, has_cargo
from market_py.workshop.playground.collection import CELLS
from market_py.workshop.playground.verify import Kind, load, problem_in_new_process


@dataclass(frozen=True)
class Message:
    """What a cell answers, for a screen reader too."""

    text: str
    is_alarm: bool = False

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        role = "alert" if self.is_alarm else "status"
        text = html.escape(self.text)
        style = "white-space:pre-wrap;overflow-wrap:anywhere"
        return {
            "text/plain": self.text,
            "text/html": f'<pre role="{role}" style="{style}">{text}</pre>',
        }


def compiled_function(cell: Cell) -> Callable[..., Any]:
    """Compile a cell, verify its function in a new process, and load it.

    A function with a binding of its own is not verified.

    Raises
    ------
    CellError
        The cell does not compile, or the function clears a market wrongly.
    """
    path = cell.compile()
    verified = path.with_suffix(".verified")
    if not cell.has_own_binding and not verified.exists():
        kind: Kind = "batch" if cell.function == "market_clearing_batch" else "market"
        if problem := problem_in_new_process(path, cell.python_name, kind):
            raise CellError(problem)
        verified.touch()
    function = load(path, cell.python_name)
    CELLS[function] = cell
    return function


PARSER = argparse.ArgumentParser("%%rust", exit_on_error=False)
PARSER.add_argument("name", nargs="?", default="", help="of the function in Python")
PARSER.add_argument("--show", action="store_true", help="print the whole file that is compiled")
PARSER.add_argument("--asm", action="store_true", help="print the machine code that rustc makes")


def rust(line: str, text: str) -> None:
    """Compile a cell of Rust, verify it, and define its function in the notebook."""
    options = PARSER.parse_args(line.split())
    shell: Any = get_ipython()
    namespace = shell.user_ns
    cell, began = Cell(text, options.name), time.perf_counter()
    name = options.name or "market_clearing"
    try:
        name = options.name or cell.python_name
        if not name.isidentifier():
            raise CellError(f"{name} is not a name in Python: use letters, digits and _.")
        if options.show:
            print(cell.source)
        if not has_cargo():
            raise CellError(NO_RUST)
        if not (FOLDER / "target").exists():
            print("The first cell also compiles what all cells need, which takes about a minute.")
        namespace[name] = compiled_function(cell)
        if options.asm:
            print(cell.assembly())
    except CellError as error:
        # The notebook goes on: races leave the function out, and checks say why.
        namespace[name] = Failed(str(error)) if has_cargo() else None
        display(Message(str(error), is_alarm=True))  # type: ignore[no-untyped-call]
        return
    done = "compiled" if cell.has_own_binding else "compiled and verified"
    seconds = time.perf_counter() - began
    display(Message(f"{name}: {done} in {seconds:.1f} s."))  # type: ignore[no-untyped-call]
