"""Choose a backend of the environment by its name, and make its stepper."""

from __future__ import annotations

import importlib

from market_py.env.backends.numpy import Stepper
from market_py.env.history import HistoryStepper
from market_py.env.model import Model
from market_py.extras import explain_missing
from market_py.registry import available_backends

STEPPERS = ("rust", "numba", "numpy")
"""Every backend of the environment, the fastest first."""


def available_steppers() -> list[str]:
    """Names of the backends that are usable here, the fastest first."""
    usable = available_backends()
    return [name for name in STEPPERS if name in usable]


def make_stepper(
    model: Model,
    backend: str | None = None,
    *,
    autoreset: bool,
    threads: int | None = None,
) -> Stepper | HistoryStepper:
    """Make a stepper.

    Parameters
    ----------
    model : Model
        The system and the rules.
    backend : str, optional
        One of `available_steppers`; by default the fastest.
    autoreset : bool
        Whether a market begins the next episode after its last hour.
    threads : int, optional
        Largest number of threads that work; by default the number of cores.
    """
    name = available_steppers()[0] if backend is None else backend
    if name not in STEPPERS:
        raise ValueError(f"backend = {name!r}: must be one of {', '.join(map(repr, STEPPERS))}")
    with explain_missing():
        module = importlib.import_module(f"market_py.env.backends.{name}")
    stepper: Stepper = module.Stepper(model, autoreset=autoreset, threads=threads)
    if model.remembered:
        return HistoryStepper(model, stepper, autoreset=autoreset)
    return stepper
