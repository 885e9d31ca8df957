"""The ``%%rust`` cell magic: a function in Rust becomes one of Python, compiled and verified."""

from __future__ import annotations

import html
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from IPython.core.getipython import get_ipython
from IPython.core.magic_arguments import argument, magic_arguments, parse_argstring
from IPython.display import display

from market_py.workshop.playground import collection
from market_py.workshop.playground.cell import FOLDER, NO_RUST, Cell, CellError, has_cargo
from market_py.workshop.playground.verify import load, problem_in_new_process


@dataclass(frozen=True)
class Said:
    """What a cell answers; a screen reader reads it at once."""

    text: str
    is_alarm: bool = False

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        role = "alert" if self.is_alarm else "status"
        shown = html.escape(self.text)
        return {
            "text/plain": self.text,
            "text/html": f'<pre role="{role}" style="white-space:pre-wrap">{shown}</pre>',
        }


def compiled_function(cell: Cell, name: str) -> Callable[..., Any]:
    """Compile a cell, verify a function of it in a process of its own, and load it.

    Raises
    ------
    CellError
        It does not compile, or clears a market wrongly.
    """
    cell.compile()
    verified = cell.library.with_suffix(f".{name}-verified")
    if not verified.exists():
        if problem := problem_in_new_process(cell.library, name):
            raise CellError(problem)
        verified.touch()
    return load(cell.library, name)


@magic_arguments()
@argument("name", nargs="?", help="of the function in Python; by default as in Rust")
@argument("--show", action="store_true", help="print the whole file that is compiled")
@argument("--asm", action="store_true", help="print the machine code that rustc makes")
def rust(line: str, text: str) -> None:
    """Compile a cell of Rust, verify it, and define its functions in the notebook."""
    options = parse_argstring(rust, line)
    namespace = get_ipython().user_ns  # type: ignore[no-untyped-call]
    cell, began = Cell(text), time.perf_counter()
    names: dict[str, str] = {}
    try:
        names = {function: function for function in cell.functions}
        if options.name:
            names = {cell.functions[0]: options.name}
        if options.show:
            print(cell.source)
        if not has_cargo():
            raise CellError(NO_RUST)
        if not (FOLDER / "target").exists():
            print("The first cell also compiles what all cells need: about half a minute.")
        for function, name in names.items():
            namespace[name] = compiled_function(cell, function)
            collection.add(namespace[name], name, cell)
        if options.asm:
            print(cell.assembly())
    except CellError as error:
        # The notebook goes on; what uses the function says that it is not there.
        namespace.update(dict.fromkeys(names.values() or [options.name or "market_clearing"]))
        display(Said(str(error), is_alarm=True))
        return
    seconds = time.perf_counter() - began
    display(Said(f"{', '.join(names.values())}: compiled and verified in {seconds:.1f} s."))


def register() -> None:
    """Make ``%%rust`` known to the running IPython, if there is one."""
    shell: Any = get_ipython()  # type: ignore[no-untyped-call]
    if shell is not None:
        shell.register_magic_function(rust, "cell")
