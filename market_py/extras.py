"""Optional packages: import them at first use, and name the extra that installs them."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

EXTRAS = {
    "numba": "numba",
    "gymnasium": "env",
    "pettingzoo": "env",
    "stable_baselines3": "rl",
    "torch": "rl",
    "pandas": "pandas",
    "pyarrow": "parquet",
    "matplotlib": "bench",
    "pyperf": "bench",
    "rich": "bench",
    "scipy": "bench",
    "threadpoolctl": "bench",
    "tqdm": "bench",
    "dask": "cluster",
    "distributed": "cluster",
    "IPython": "workshop",
    "anywidget": "workshop",
    "ipywidgets": "workshop",
    "jupyter_client": "workshop",
    "nbclient": "workshop",
    "nbformat": "workshop",
    "traitlets": "workshop",
    "sphinx": "book",
    "voila": "book",
    "cogapp": "test",
}
"""Extra of ``market-py`` that installs each optional package."""


@contextmanager
def explain_missing() -> Iterator[None]:
    """Raise an ImportError with the extra to install when an optional package is missing."""
    try:
        yield
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package not in EXTRAS:
            raise
        raise ImportError(
            f'{package} is not installed: pip install "market-py[{EXTRAS[package]}]", '
            "or `make setup` in a checkout"
        ) from error


def lazy_exports(
    package: str, **modules: Iterable[str]
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Make ``__getattr__`` and ``__dir__`` of a package that imports its modules at first use.

    Takes, for each module of the package, the names that the package exports from it.
    """
    homes = {name: module for module, names in modules.items() for name in names}

    def load(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        with explain_missing():
            value = getattr(importlib.import_module(f"{package}.{homes[name]}"), name)
        setattr(sys.modules[package], name, value)
        return value

    return load, lambda: sorted({*vars(sys.modules[package]), *homes})
