"""What to install where an optional package is missing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

EXTRAS = {
    "numba": "numba",
    "gymnasium": "env",
    "pettingzoo": "env",
    "stable_baselines3": "rl",
    "torch": "rl",
    "matplotlib": "bench",
    "pyperf": "bench",
    "rich": "bench",
    "scipy": "bench",
    "tqdm": "bench",
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
"""The extra of ``market-py`` that installs a package."""


@contextmanager
def explain_missing() -> Iterator[None]:
    """Name the extra to install when an optional package is missing.

    Raises
    ------
    ImportError
        A package of `EXTRAS` is missing. Other errors pass unchanged.
    """
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
