"""Registry of backends and variants, by name, for tests, benchmarks and tables."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from functools import cache
from importlib.util import find_spec
from typing import Any

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
    """An implementation of both contracts, one-sided and two-sided."""

    name: str
    market_clearing: Callable[..., tuple[float, Float64Array]]
    """As `market_py.market_clearing`, without `backend`."""
    market_clearing_batch: Callable[..., tuple[Float64Array, Float64Array]]
    """As `market_py.market_clearing_batch`, without `backend`."""
    auction_clearing: Callable[..., tuple[float, Float64Array, Float64Array]]
    """As `market_py.auction_clearing`, without `backend`."""
    auction_clearing_batch: Callable[..., tuple[Float64Array, Float64Array, Float64Array]]
    """As `market_py.auction_clearing_batch`, without `backend`."""


@dataclass(frozen=True)
class Variant:
    """A step of the optimisation ladder: a frozen function that clears one market.

    Its arguments are plain arrays whose values it does not check. Variants that sort have the
    semantics of the published function: only backends obey the whole contract.
    """

    name: str
    summary: str
    loader: Callable[[], ClearOne] | None = None
    """Loads the function, if it is not in `market_py.variants` under the name of the variant."""

    @property
    def language(self) -> str:
        """Language, with which the name begins: "numba" or "rust"."""
        return self.name.partition("-")[0]

    def load(self, suffix: str = "") -> Callable[..., Any]:
        """Import the function, which has the name of the variant and maybe a suffix."""
        if self.loader is not None:
            return self.loader()
        with explain_missing():
            module = importlib.import_module(f"market_py.variants.{self.language}")
        function: Callable[..., Any] = getattr(module, self.name.replace("-", "_") + suffix)
        return function


BACKENDS = ("rust", "numba", "numpy", "python")
"""Names of all backends, the fastest first."""

_SUMMARIES = {
    "numba-sort": (
        "the published shape: argsort, gather, cumsum, searchsorted, scatter; ndarray out"
    ),
    "numba-scratch": "no temporaries: after the sort, one loop in merit order",
    "numba-keys": "the sort moves each price with its index",
    "numba-select": "no sorting: the backend's search, its values not checked",
    "numba-filled": "the result is made by NumPy and only filled by compiled code",
    "numba-out": "the result is written into the same array in each call",
    "rust-published": "as the published benchmark timed it: rust-naive, then np.array of its list",
    "rust-naive": "the published function: indirect stable sort, six vectors; list out",
    "rust-ndarray": "the same, an ndarray out",
    "rust-scratch": "no temporaries: after the sort, one loop in merit order",
    "rust-unstable": "an unstable sort instead of a stable one",
    "rust-keys": "the sort moves each price with its index",
    "rust-select": "no sorting: the backend's search, its values not checked",
    "rust-unchecked": "arguments borrowed unchecked, the result not set to zero first",
    "rust-filled": "NumPy makes the array, and Rust fills it",
    "rust-out": "the result is written into the same array in each call",
    "rust-naive-unchecked": "in reverse order: the published shape, arguments borrowed unchecked",
    "rust-select-list": "in reverse: no sorting, arguments borrowed unchecked, a list out",
}
VARIANTS = {name: Variant(name, summary) for name, summary in _SUMMARIES.items()}
"""All variants by name, in the order of the ladder."""

BATCH_VARIANTS = ("numba-sort",)
"""Variants that also clear batches, by the same algorithm; their functions end in ``_rows``."""


def add_variant(name: str, summary: str, loader: Callable[[], ClearOne]) -> None:
    """Add a variant to those of this process, or replace one that was added before.

    Raises
    ------
    ValueError
        The name is that of a backend or of a variant of this package, or does not begin with the
        language, as in ``"numba-mine"``.
    """
    if name in BACKENDS or name in _SUMMARIES:
        raise ValueError(f"name = {name!r}: there is one of this name already; choose another")
    if not name.startswith(("numba-", "rust-")):
        raise ValueError(f"name = {name!r}: must begin with 'numba-' or 'rust-'")
    VARIANTS[name] = Variant(name, summary, loader)


def added_variants() -> list[str]:
    """Return the names that `add_variant` has added."""
    return [name for name in VARIANTS if name not in _SUMMARIES]


def get_backend(name: str | None = None) -> Backend:
    """Return one of `available_backends`, by default the fastest: functions that clear markets.

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
    if name is None:
        return _fastest_backend()
    if name not in BACKENDS:
        raise ValueError(f"backend = {name!r}: must be one of {', '.join(map(repr, BACKENDS))}")
    return _load_backend(name)


@cache
def _load_backend(name: str) -> Backend:
    with explain_missing():
        module = importlib.import_module(f"market_py.backends.{name}")
    functions = (field.name for field in fields(Backend) if field.name != "name")
    return Backend(name, **{function: getattr(module, function) for function in functions})


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
def _fastest_backend() -> Backend:
    return get_backend(available_backends()[0])


def get_variant(name: str) -> ClearOne:
    """Return the function of a variant: ``(bids, quantities, demand) -> (price, dispatch)``.

    It takes contiguous float64 arrays and a float, whose values it does not check.

    Raises
    ------
    ValueError, ImportError
        As for `get_backend`.

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
    """Return the functions to time, of variants and backends, by name.

    By default of all the variants and the compiled backends that are installed. Errors as for
    `get_backend`; a RuntimeError says that the extension is a debug build, whose times would
    mislead.
    """
    return {
        name: VARIANTS[name].load() if name in VARIANTS else get_backend(name).market_clearing
        for name in _candidates(names)
    }


def get_batch_candidates(names: Sequence[str] | None = None) -> dict[str, ClearBatch]:
    """Do the same for batches; a variant without a function for batches is left out."""
    return {
        name: VARIANTS[name].load("_rows") if name in VARIANTS else _batch_of(get_backend(name))
        for name in _candidates(names)
        if name in (*BACKENDS, *BATCH_VARIANTS)
    }


def _candidates(names: Sequence[str] | None) -> Sequence[str]:
    """Return the names, or those of all candidates; refuse unknown names and a debug build."""
    available = available_backends()
    if "rust" in available and extension.find().BUILD_PROFILE != "release":
        raise RuntimeError(extension.find_problem(extension.find()))
    if names is None:
        return [*available_variants(), *(it for it in ("numba", "rust") if it in available)]
    for name in names:
        if name not in VARIANTS and name not in BACKENDS:
            known = ", ".join((*VARIANTS, *BACKENDS))
            raise ValueError(f"{name!r} is neither a variant nor a backend: choose among {known}")
    return names


def _batch_of(backend: Backend) -> ClearBatch:
    clear = backend.market_clearing_batch
    return lambda bids, quantities, demands, threads: clear(
        bids, quantities, demands, threads=threads
    )
