"""Two ways to simulate years: one kernel for everything, or the clearing function of a backend."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any, Literal

import numpy as np

from market_py.extras import explain_missing
from market_py.registry import BACKENDS, available_backends, get_backend
from market_py.reliability.simulation import Block
from market_py.reliability.study import Study, Years
from market_py.validation import Float64Array

Method = Literal["fused", "clearing"]

FUSED_BACKENDS = tuple(name for name in BACKENDS if name != "python")
"""Backends of the fused method, the fastest first."""

Kernel = Callable[[Study, int, int, Years, int], None]
"""``simulate_years(study, seed, first, found, threads)``"""


def fused_backend(backend: str | None) -> str:
    """Return the name of a backend that has a kernel, by default the fastest that is installed."""
    if backend is None:
        return next(name for name in available_backends() if name in FUSED_BACKENDS)
    if backend not in FUSED_BACKENDS:
        known = ", ".join(map(repr, FUSED_BACKENDS))
        raise ValueError(f"backend = {backend!r}: must be one of {known} with method='fused'")
    load_kernel(backend)
    return backend


def load_kernel(backend: str) -> Kernel:
    """Import the kernel of a backend; an ImportError says what is not installed."""
    with explain_missing():
        module = importlib.import_module(f"market_py.reliability.backends.{backend}")
    kernel: Kernel = module.simulate_years
    return kernel


def fused_years(
    study: Study,
    kernel: Kernel,
    seed: int,
    first: int,
    years: int,
    lost: float,
    energy: bool = False,
    threads: int = 1,
) -> Block:
    """Simulate years from ``first`` on by a kernel; a shortage has the price ``lost``."""
    found = Years.empty(years, study.units, energy)
    kernel(study, seed, first, found, threads)
    levels, starts = np.unique(study.prices, return_index=True)
    hours = np.add.reduceat(found.hours, [*starts, study.units], axis=1, dtype=np.int64)
    # As the caller gave the units.
    in_order = np.empty_like(found.energy)
    in_order[:, study.order] = found.energy
    return Block(np.append(levels, lost), hours, found.unserved, in_order)


def cleared_year(study: Study, backend: str | None, seed: int, lost: float, year: int) -> Block:
    """Make the markets of a year, and clear them."""
    # The backend knows by exact sums which hours are short. A cap that no unit asks tells them
    # apart from hours in which a unit asks the value of lost load.
    cap = np.nextafter(study.prices[-1], np.inf)
    levels = np.append(np.unique(study.prices), cap)
    offered = study.available(seed, year) * (study.capacities * study.quantum)
    clear: Callable[..., tuple[Float64Array, Any]] = get_backend(backend).market_clearing_batch
    prices, _ = clear(study.prices, offered, study.loads, price_cap=cap, threads=1)
    short = prices == cap
    hours = np.bincount(np.searchsorted(levels, prices), minlength=len(levels))
    return Block(
        np.append(levels[:-1], lost),
        hours[None].astype(np.int64),
        (study.loads[short] - offered[short].sum(axis=1)).sum(keepdims=True),
        np.empty((0, study.units)),
    )
