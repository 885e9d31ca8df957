"""The one registry of backends and of the ladder's variants.

Tests, benchmarks, notebooks and tables all ask here what there is.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from typing import Any, Literal

from market_py import extension
from market_py.validation import Floats

ClearOne = Callable[[Floats, Floats, float], tuple[float, Any]]
"""``(bids, quantities, demand) -> (price, dispatch)``"""
ClearBatch = Callable[[Floats, Floats, Floats, int], tuple[Floats, Floats]]
"""``(bids, quantities, demands, threads) -> (prices, dispatch)``"""


@dataclass(frozen=True)
class Backend:
    """One implementation of the whole contract."""

    name: str
    market_clearing: Callable[..., tuple[float, Floats]]
    """Validated; the signature of `market_py.market_clearing` without `backend`."""
    market_clearing_batch: Callable[..., tuple[Floats, Floats]]
    """Validated; the signature of `market_py.market_clearing_batch` without `backend`."""


@dataclass(frozen=True)
class Variant:
    """One rung of the ladder: a frozen way to clear a market that is offered plain arrays.

    It checks no values, and where it sorts it keeps the published semantics: only backends obey
    the whole contract.
    """

    name: str
    language: Literal["numba", "rust"]
    summary: str
    module: str
    function: str
    batch_function: str | None = None
    """The same algorithm, row after row in one call; few variants have one."""

    def load(self) -> ClearOne:
        """Import the callable ``(bids, quantities, demand) -> (price, dispatch)``."""
        if self.language == "rust":
            extension.load()
        function: ClearOne = getattr(importlib.import_module(self.module), self.function)
        return function

    def load_batch(self) -> ClearBatch:
        """Import the callable ``(bids, quantities, demands, threads) -> (prices, dispatch)``.

        Raises
        ------
        ValueError
            The variant clears single markets only.
        """
        if self.batch_function is None:
            raise ValueError(f"{self.name} clears single markets only")
        function: ClearBatch = getattr(importlib.import_module(self.module), self.batch_function)
        return function


BACKENDS = ("rust", "numba", "numpy", "python")
"""Every backend, the fastest first."""


def _numba(rung: str, summary: str, batch_function: str | None = None) -> Variant:
    return Variant(
        f"numba-{rung}", "numba", summary, "market_py.ladder", f"numba_{rung}", batch_function
    )


def _rust(rung: str, summary: str) -> Variant:
    function = f"market_clearing_{rung.replace('-', '_').replace('cheap', 'unchecked')}"
    return Variant(f"rust-{rung}", "rust", summary, "rust_market", function)


VARIANTS = {
    variant.name: variant
    for variant in (
        _numba(
            "sort",
            "the published shape: argsort, gather, cumsum, searchsorted, scatter; ndarray out",
            "numba_sort_rows",
        ),
        _numba("scratch", "no temporaries: after the sort, one loop in merit order"),
        _numba("keys", "what is sorted holds the price beside the place"),
        _numba("select", "no sorting: the backend's search, its values not checked"),
        _numba("cheap", "the result is made by NumPy and only filled by compiled code"),
        _numba("out", "the result is written into the same array in each call"),
        _rust("naive", "the published shape: indirect stable sort, six vectors; list out"),
        _rust("ndarray", "the same, an ndarray out"),
        _rust("scratch", "no temporaries: after the sort, one loop in merit order"),
        _rust("unstable", "an unstable sort instead of a stable one"),
        _rust("keys", "what is sorted holds the price beside the place"),
        _rust("select", "no sorting: the backend's search, its values not checked"),
        _rust("cheap", "arguments borrowed without bookkeeping, the result not set to zero first"),
        Variant(
            "rust-filled",
            "rust",
            "NumPy makes the array, and Rust fills it",
            "market_py.rust_ladder",
            "rust_filled",
        ),
        Variant(
            "rust-out",
            "rust",
            "the result is written into the same array in each call",
            "market_py.rust_ladder",
            "rust_out",
        ),
        _rust("naive-cheap", "the fixes in reverse: the published shape behind the cheap border"),
        _rust("select-list", "the fixes in reverse: no sorting, cheap border, but a list out"),
    )
}
"""Every variant, by name."""


def get_backend(name: str) -> Backend:
    """Look up a backend by name.

    Raises
    ------
    ValueError
        There is no such backend.
    ImportError
        It is not installed here; the message says what to do.
    """
    if name not in BACKENDS:
        raise ValueError(f"backend = {name!r}: must be one of {', '.join(map(repr, BACKENDS))}")
    return _load_backend(name)


@cache
def _load_backend(name: str) -> Backend:
    try:
        module = importlib.import_module(f"market_py.backends.{name}")
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        raise ImportError(f"{name} is not installed: run `make setup`") from error
    return Backend(name, module.market_clearing, module.market_clearing_batch)


def available_backends() -> list[str]:
    """Names of the backends that are usable here, the fastest first."""
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
    """Return the fastest backend that is there."""
    return get_backend(available_backends()[0])


def get_variant(name: str) -> ClearOne:
    """Look up the callable of a variant by name.

    Raises
    ------
    ValueError
        There is no such variant.
    ImportError
        Its language is not installed here.
    """
    if name not in VARIANTS:
        raise ValueError(f"variant = {name!r}: must be one of {', '.join(map(repr, VARIANTS))}")
    return VARIANTS[name].load()


def available_variants() -> list[str]:
    """Names of the variants that are usable here."""
    languages = available_backends()
    return [name for name, variant in VARIANTS.items() if variant.language in languages]


def contestants(names: Sequence[str] | None = None) -> dict[str, ClearOne]:
    """What a race is about: variants and backends.

    Parameters
    ----------
    names : sequence of str, optional
        Of variants or backends, in the order wanted; by default all the variants and the compiled
        backends that are usable here.

    Raises
    ------
    ValueError
        There is no variant or backend of that name.
    ImportError
        It is not installed here.
    RuntimeError
        The extension is a debug build: to time it would mislead.
    """
    _refuse_debug_build()
    chosen = [*available_variants(), *_compiled_backends()] if names is None else names
    return {
        name: get_variant(name) if _is_variant(name) else get_backend(name).market_clearing
        for name in chosen
    }


def batch_contestants(names: Sequence[str] | None = None) -> dict[str, ClearBatch]:
    """What a race of batches is about; as `contestants`.

    By default the variants that clear a batch in one call, and the compiled backends; a variant
    without such a function is left out.
    """
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
        raise RuntimeError(extension.complaint(extension.find()))


def _batch_of(backend: Backend) -> ClearBatch:
    def clear(
        bids: Floats, quantities: Floats, demands: Floats, threads: int
    ) -> tuple[Floats, Floats]:
        return backend.market_clearing_batch(bids, quantities, demands, threads=threads)

    return clear
