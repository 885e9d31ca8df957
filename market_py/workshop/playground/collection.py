"""Keep learners' functions, so that later notebooks race them too.

Each is a file in `folder`: numba functions as ``.py``, with the functions that they call, and cells
of Rust as ``.rs``. All are variants of `market_py.registry` in every notebook.
"""

from __future__ import annotations

import inspect
import os
import re
import textwrap
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from market_py import registry
from market_py.extension import REPOSITORY
from market_py.workshop.playground.cell import Cell, CellError
from market_py.workshop.playground.verify import Kind, load, problem_in_new_process

SUMMARY = "yours"
CELLS: dict[Callable[..., Any], Cell] = {}
"""The cell of each Rust function that this kernel has compiled."""


def folder() -> Path:
    """Where functions are kept: ``MARKET_PY_VARIANTS``, or ``notebooks/my_variants``."""
    return Path(os.environ.get("MARKET_PY_VARIANTS", REPOSITORY / "notebooks" / "my_variants"))


def add(function: Callable[..., Any]) -> str:
    """Verify a function that clears one market, keep it, and let it race; return its name.

    Parameters
    ----------
    function : callable
        A numba function, or one that ``%%rust`` has made: it takes bids and quantities of shape
        (N,) and the demand, and returns the price and the dispatch.

    Raises
    ------
    CellError
        It clears a market wrongly, fails, or does not end.
    """
    if problem := verify(function):
        raise CellError(problem)
    return keep(function)


def keep(function: Callable[..., Any]) -> str:
    """Keep a function that was verified, and let it race; return its name.

    Raises
    ------
    ValueError
        There is a variant of this name that is not the learner's.
    """
    name = variant_name("rust" if function in CELLS else "numba", python_name(function))
    loader = cache(lambda: _ready(function))
    # First, since it refuses names: a file under such a name could not be loaded.
    registry.add_variant(name, SUMMARY, loader)
    write(function, folder())
    loader()  # Now, before another function of this name is verified.
    return name


def _ready(function: Any) -> Any:
    """Return a function, or, where it has not been called here, what its verification compiled."""
    if function in CELLS or function.signatures:
        return function
    return load(write(function, folder() / "checked"), python_name(function))


def is_compiled(function: Any) -> bool:
    """Whether something is a function that numba or a cell of Rust has compiled."""
    return callable(function) and (function in CELLS or hasattr(function, "targetoptions"))


def not_compiled(function: Any) -> str:
    """Say what to do about something that is not compiled."""
    return f"{function!r} is not compiled: write @njit above it, or a %%rust cell."


def verify(function: Callable[..., Any], kind: Kind = "market") -> str:
    """Return what is wrong with a function, which runs in a new process, or nothing."""
    if not is_compiled(function):
        return not_compiled(function)
    if function in CELLS:
        cell = CELLS[function]
        return problem_in_new_process(cell.compile(), cell.python_name, kind)
    file = write(function, folder() / "checked")
    return problem_in_new_process(file, python_name(function), kind)


def variant_name(language: str, function: str) -> str:
    """Return the name of a variant, as in ``"numba-my-sort"``, for a function's name."""
    name = function.replace("_", "-")
    return name if name.startswith(f"{language}-") else f"{language}-{name}"


def write(function: Callable[..., Any], into: Path) -> Path:
    """Write a function into a file of its name; return the path."""
    is_rust = function in CELLS
    text = CELLS[function].text if is_rust else source(function)
    into.mkdir(parents=True, exist_ok=True)
    path = into / f"{python_name(function)}{'.rs' if is_rust else '.py'}"
    # A file that is not touched keeps what numba has cached of it.
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")
    return path


def load_all() -> None:
    """Add all functions that were kept to the variants of this process; each loads when used."""
    for path in sorted(folder().glob("*.*")):
        if path.suffix in LOADERS:
            language, loader = LOADERS[path.suffix]
            name = variant_name(language, path.stem)
            try:
                registry.add_variant(name, SUMMARY, cache(lambda it=path, load=loader: load(it)))
            except ValueError as error:
                # Not fatal: one such file would end every notebook at its import.
                print(f"{path} is left out: {error}")


def _load_numba(path: Path) -> Callable[..., Any]:
    return load(path, path.stem)


def _load_rust(path: Path) -> Callable[..., Any]:
    cell = Cell(path.read_text(encoding="utf-8"), path.stem)
    function = load(cell.compile(), cell.python_name)
    CELLS[function] = cell
    return function


LOADERS = {".py": ("numba", _load_numba), ".rs": ("rust", _load_rust)}
"""The language and what loads a file, by the ending of its name."""


def python_function(function: Callable[..., Any]) -> Any:
    """Return the Python function of a numba function, or the function itself."""
    return getattr(function, "py_func", function)


def python_name(function: Callable[..., Any]) -> str:
    """Return the name that the learner gave a function."""
    if function in CELLS:
        return CELLS[function].python_name
    return str(python_function(function).__name__)


def source(function: Callable[..., Any]) -> str:
    """Return a module that holds a function and all that it uses from the notebook."""
    written: dict[str, str] = {}
    _collect(function, written)
    return "\n\n\n".join(written.values()) + "\n"


def _collect(function: Callable[..., Any], written: dict[str, str]) -> None:
    """Add the source of a function after what it uses: imports, constants, other functions."""
    plain = python_function(function)
    for name in _names(plain.__code__):
        if name in plain.__globals__ and name not in (plain.__name__, *written):
            _collect_value(name, plain.__globals__[name], written)
    # numba's options are written anew, since a decorator may be a call: `fast = njit(slow)`.
    lines = inspect.getsource(plain).splitlines()
    start = next(i for i, line in enumerate(lines) if line.lstrip().startswith("def "))
    text = textwrap.dedent("\n".join(lines[start:]))
    written[plain.__name__] = f"{_decorator(function, written)}{text}"


def _names(code: CodeType) -> Iterator[str]:
    """Yield the names of what code and the comprehensions and functions in it may use."""
    yield from code.co_names
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from _names(inner)


def _collect_value(name: str, value: Any, written: dict[str, str]) -> None:
    if isinstance(value, ModuleType):
        written[name] = f"import {value.__name__} as {name}"
    elif isinstance(value, float):
        # As text: infinity has no literal, and one of NumPy's has another.
        written[name] = f"{name} = float({str(value)!r})"
    elif isinstance(value, bool | int | str | tuple):
        written[name] = f"{name} = {value!r}"
    elif getattr(python_function(value), "__module__", None) == "__main__":
        _collect(value, written)
        if (own := python_name(value)) != name:
            written[name] = f"{name} = {own}"
    elif hasattr(value, "__name__"):
        plain = python_function(value)
        written[name] = f"from {plain.__module__} import {plain.__name__} as {name}"


def _decorator(function: Any, written: dict[str, str]) -> str:
    """Return the line that compiles a function with numba, with its options."""
    if not hasattr(function, "targetoptions"):
        return ""
    written.setdefault("njit", "from numba import njit")
    options = [f"{name}={value!r}" for name, value in numba_options(function).items()]
    # numba does not see when a function of ours that it has compiled into this one changes.
    if not any(re.match("(from|import) market_py", line) for line in written.values()):
        options.append("cache=True")
    return f"@njit({', '.join(options)})\n"


def numba_options(function: Any) -> dict[str, Any]:
    """Return the options with which a function was compiled, such as ``parallel=True``."""
    return {
        name: value
        for name, value in function.targetoptions.items()
        if name != "nopython" and value is not None and value is not False
    }
