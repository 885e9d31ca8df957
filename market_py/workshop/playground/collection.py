"""Keep learners' functions, so that later notebooks race them too.

Each is a file in `folder`: numba functions as ``.py``, with the functions that they call, and cells
of Rust as ``.rs``. All are variants of `market_py.registry` in every notebook.
"""

from __future__ import annotations

import inspect
import os
import textwrap
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import ModuleType
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
    """Keep a function that was verified, and let it race; return its name."""
    language, _, python_name = write(function, folder())
    name = variant_name(language, python_name)
    registry.add_variant(name, SUMMARY, lambda: function)
    return name


def verify(function: Callable[..., Any], kind: Kind = "market") -> str:
    """Return what is wrong with a function, which runs in a new process, or nothing."""
    if function not in CELLS and not hasattr(function, "targetoptions"):
        return f"{function!r} is not compiled: write @njit above it, or a %%rust cell."
    if function in CELLS:
        cell = CELLS[function]
        return problem_in_new_process(cell.compile(), cell.python_name, kind)
    _, file, python_name = write(function, folder() / "checked")
    return problem_in_new_process(file, python_name, kind)


def variant_name(language: str, function: str) -> str:
    """Return the name of a variant, as in ``"numba-my-sort"``, for a function's name."""
    name = function.replace("_", "-")
    return name if name.startswith(f"{language}-") else f"{language}-{name}"


def write(function: Callable[..., Any], into: Path) -> tuple[str, Path, str]:
    """Write a function into a file; return its language, the path, and its name there."""
    into.mkdir(parents=True, exist_ok=True)
    name = python_name(function)
    if function in CELLS:
        path = into / f"{name}.rs"
        path.write_text(CELLS[function].text, encoding="utf-8")
        return "rust", path, name
    path = into / f"{name}.py"
    path.write_text(source(function), encoding="utf-8")
    return "numba", path, name


def load_all() -> None:
    """Add all functions that were kept to the variants of this process; each loads when used."""
    for path in sorted(folder().glob("*.*")):
        if path.suffix in LOADERS:
            language, loader = LOADERS[path.suffix]
            name = variant_name(language, path.stem)
            registry.add_variant(name, SUMMARY, cache(lambda it=path, load=loader: load(it)))


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
    for name in plain.__code__.co_names:
        if name in plain.__globals__ and name not in (plain.__name__, *written):
            _collect_value(name, plain.__globals__[name], written)
    # numba's options are written anew, since a decorator may be a call: `fast = njit(slow)`.
    lines = inspect.getsource(plain).splitlines()
    start = next(i for i, line in enumerate(lines) if line.lstrip().startswith("def "))
    text = textwrap.dedent("\n".join(lines[start:]))
    written[plain.__name__] = f"{_decorator(function, written)}{text}"


def _collect_value(name: str, value: Any, written: dict[str, str]) -> None:
    if isinstance(value, ModuleType):
        written[name] = f"import {value.__name__} as {name}"
    elif isinstance(value, bool | int | float | str | tuple):
        written[name] = f"{name} = {value!r}"
    elif getattr(python_function(value), "__module__", None) == "__main__":
        _collect(value, written)
    elif hasattr(value, "__name__"):
        plain = python_function(value)
        written[name] = f"from {plain.__module__} import {plain.__name__} as {name}"


def _decorator(function: Any, written: dict[str, str]) -> str:
    """Return the line that compiles a function with numba, with the same options."""
    if not hasattr(function, "targetoptions"):
        return ""
    written.setdefault("njit", "from numba import njit")
    options = numba_options(function).items()
    return f"@njit({', '.join(f'{name}={value!r}' for name, value in options)})\n"


def numba_options(function: Any) -> dict[str, Any]:
    """Return the options with which a function was compiled, such as ``parallel=True``."""
    return {
        name: value
        for name, value in function.targetoptions.items()
        if name != "nopython" and value is not None and value is not False
    }
