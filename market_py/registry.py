"""Registry of backends and variants, by name, for tests, benchmarks and tables."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from typing import Any, Literal

from market_py import extension
from market_py.extras import explain_missing
from market_py.validation import Float64Array

ClearOne = Callable[[Float64Array, Float64Array, float], tuple[float, Any]]
"""``(bids, quantities, demand) -> (price, dispatch)``"""
ClearBatch = Callable[
    [Float64Array, Float64Array, Float64Array, int], tuple[Float64Array, Float64Array]
]
"""``(bids, quantities, demands, threads) -> (prices, dispatch)``"""


@dataclass(frozen=True)
class Backend:
    """An implementation of the whole contract."""

    name: str
    market_clearing: Callable[..., tuple[float, Float64Array]]
    """As `market_py.market_clearing`, without `backend`."""
    market_clearing_batch: Callable[..., tuple[Float64Array, Float64Array]]
    """As `market_py.market_clearing_batch`, without `backend`."""


@dataclass(frozen=True)
class Variant:
    """A step of the optimisation ladder: a frozen function that clears one market.

    Its arguments are plain arrays whose values it does not check. Variants that sort have the
    semantics of the published function: only backends obey the whole contract.
    """

    name: str
    language: Literal["numba", "rust"]
    summary: str
    module: str
    function: str
    batch_function: str | None = None
    """Name of a function that clears a batch by the same algorithm; most variants have none."""

    def load(self) -> ClearOne:
        """Import the function ``(bids, quantities, demand) -> (price, dispatch)``."""
        if self.language == "rust":
            extension.load()
        with explain_missing():
            function: ClearOne = getattr(importlib.import_module(self.module), self.function)
        return function

    def load_batch(self) -> ClearBatch:
        """Import the function ``(bids, quantities, demands, threads) -> (prices, dispatch)``.

        Raises
        ------
        ValueError
            The variant clears single markets only.
        """
        if self.batch_function is None:
            raise ValueError(f"{self.name} clears single markets only")
        with explain_missing():
            module = importlib.import_module(self.module)
        function: ClearBatch = getattr(module, self.batch_function)
        return function


BACKENDS = ("rust", "numba", "numpy", "python")
"""Names of all backends, the fastest first."""


def _numba(variant: str, summary: str, batch_function: str | None = None) -> Variant:
    return Variant(
        f"numba-{variant}",
        "numba",
        summary,
        "market_py.variants.numba",
        f"numba_{variant}",
        batch_function,
    )


def _rust(variant: str, summary: str) -> Variant:
    function = f"market_clearing_{variant.replace('-', '_')}"
    return Variant(f"rust-{variant}", "rust", summary, "rust_market", function)


VARIANTS = {
    variant.name: variant
    for variant in (
        _numba(
            "sort",
            "the published shape: argsort, gather, cumsum, searchsorted, scatter; ndarray out",
            "numba_sort_rows",
        ),
        _numba("scratch", "no temporaries: after the sort, one loop in merit order"),
        _numba("keys", "the sort moves each price with its index"),
        _numba("select", "no sorting: the backend's search, its values not checked"),
        _numba("filled", "the result is made by NumPy and only filled by compiled code"),
        _numba("out", "the result is written into the same array in each call"),
        _rust("naive", "the published shape: indirect stable sort, six vectors; list out"),
        _rust("ndarray", "the same, an ndarray out"),
        _rust("scratch", "no temporaries: after the sort, one loop in merit order"),
        _rust("unstable", "an unstable sort instead of a stable one"),
        _rust("keys", "the sort moves each price with its index"),
        _rust("select", "no sorting: the backend's search, its values not checked"),
        _rust("unchecked", "arguments borrowed unchecked, the result not set to zero first"),
        Variant(
            "rust-filled",
            "rust",
            "NumPy makes the array, and Rust fills it",
            "market_py.variants.rust",
            "rust_filled",
        ),
        Variant(
            "rust-out",
            "rust",
            "the result is written into the same array in each call",
            "market_py.variants.rust",
            "rust_out",
        ),
        _rust(
            "naive-unchecked", "in reverse order: the published shape, arguments borrowed unchecked"
        ),
        _rust("select-list", "in reverse: no sorting, arguments borrowed unchecked, a list out"),
    )
}
"""All variants by name, in the order of the ladder."""


def get_backend(name: str) -> Backend:
    """Return a backend.

    Parameters
    ----------
    name : {"rust", "numba", "numpy", "python"}
        Name of the backend.

    Returns
    -------
    Backend
        With the functions ``market_clearing`` and ``market_clearing_batch``.

    Raises
    ------
    ValueError
        There is no backend of that name.
    ImportError
        The backend is not installed; the message says what to install.

    Examples
    --------
    >>> backend = get_backend("numpy")
    >>> backend.market_clearing([10.0, 20.0], [50.0, 50.0], 70.0)
    (20.0, array([50., 20.]))
    """
    if name not in BACKENDS:
        raise ValueError(f"backend = {name!r}: must be one of {', '.join(map(repr, BACKENDS))}")
    return _load_backend(name)


@cache
def _load_backend(name: str) -> Backend:
    with explain_missing():
        module = importlib.import_module(f"market_py.backends.{name}")
    return Backend(name, module.market_clearing, module.market_clearing_batch)


def available_backends() -> list[str]:
    """Return the names of the backends that are installed, the fastest first.

    Examples
    --------
    >>> available_backends()[-2:]
    ['numpy', 'python']
    """
    return [name for name in BACKENDS if _is_available(name)]


def _is_available(name: str) -> bool:
    if name == "rust":
        try:
            extension.find()
        except ImportError:
            return False
    return name != "numba" or find_spec("numba") is not None


@cache
def default_backend() -> Backend:
    """Return the fastest backend that is installed."""
    return get_backend(available_backends()[0])


def get_variant(name: str) -> ClearOne:
    """Return the function of a variant.

    Parameters
    ----------
    name : str
        One of `available_variants`.

    Returns
    -------
    callable
        ``(bids, quantities, demand) -> (price, dispatch)``, for contiguous float64 arrays and a
        float, whose values it does not check.

    Raises
    ------
    ValueError
        There is no variant of that name.
    ImportError
        Its language is not installed; the message says what to install.

    Examples
    --------
    >>> import numpy as np
    >>> clear = get_variant("numba-sort")
    >>> price, dispatch = clear(np.array([10.0, 20.0]), np.array([50.0, 50.0]), 70.0)
    >>> float(price), dispatch
    (20.0, array([50., 20.]))
    """
    if name not in VARIANTS:
        raise ValueError(f"variant = {name!r}: must be one of {', '.join(map(repr, VARIANTS))}")
    return VARIANTS[name].load()


def available_variants() -> list[str]:
    """Return the names of the variants whose language is installed, in the order of the ladder.

    Examples
    --------
    >>> "numba-sort" in available_variants()
    True
    """
    languages = available_backends()
    return [name for name, variant in VARIANTS.items() if variant.language in languages]


def get_candidates(names: Sequence[str] | None = None) -> dict[str, ClearOne]:
    """Return the functions to time: variants and backends, by name.

    Parameters
    ----------
    names : sequence of str, optional
        Names of variants and backends; by default all the variants and the compiled backends that
        are installed.

    Raises
    ------
    ValueError
        There is no variant or backend of that name.
    ImportError
        It is not installed.
    RuntimeError
        The extension is a debug build, whose times would mislead.
    """
    _refuse_debug_build()
    chosen = [*available_variants(), *_compiled_backends()] if names is None else names
    return {
        name: get_variant(name) if _is_variant(name) else get_backend(name).market_clearing
        for name in chosen
    }


def get_batch_candidates(names: Sequence[str] | None = None) -> dict[str, ClearBatch]:
    """Do the same for batches; a variant without a function for batches is left out."""
    _refuse_debug_build()
    chosen = [*available_variants(), *_compiled_backends()] if names is None else names
    return {
        name: VARIANTS[name].load_batch() if _is_variant(name) else _batch_of(get_backend(name))
        for name in chosen
        if not _is_variant(name) or VARIANTS[name].batch_function
    }


def _compiled_backends() -> list[str]:
    return [name for name in ("numba", "rust") if name in available_backends()]


def _is_variant(name: str) -> bool:
    if name not in VARIANTS and name not in BACKENDS:
        known = ", ".join((*VARIANTS, *BACKENDS))
        raise ValueError(f"{name!r} is neither a variant nor a backend: choose among {known}")
    return name in VARIANTS


def _refuse_debug_build() -> None:
    if "rust" in available_backends() and extension.find().BUILD_PROFILE != "release":
        raise RuntimeError(extension.find_problem(extension.find()))


def _batch_of(backend: Backend) -> ClearBatch:
    def clear(
        bids: Float64Array, quantities: Float64Array, demands: Float64Array, threads: int
    ) -> tuple[Float64Array, Float64Array]:
        return backend.market_clearing_batch(bids, quantities, demands, threads=threads)

    return clear
