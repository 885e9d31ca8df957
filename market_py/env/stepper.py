"""Choose a backend of the environment by its name, and make its stepper."""

from __future__ import annotations

import importlib
from typing import Protocol

from market_py.env.buffers import StepBuffers
from market_py.env.model import Model
from market_py.env.state import EnvState
from market_py.extras import explain_missing
from market_py.registry import available_backends
from market_py.validation import Float64Array

STEPPERS = ("rust", "numba", "numpy")
"""Every backend of the environment, the fastest first."""


class Stepper(Protocol):
    """Steps markets of one model; what follows depends on their state and actions only.

    A stepper can be pickled and copied.
    """

    def observe(self, state: EnvState, observations: Float64Array) -> None:
        """Fill observations, shape (B, N, F), of the hour that each market's state tells."""

    def step(self, state: EnvState, actions: Float64Array, buffers: StepBuffers) -> None:
        """Step all markets by an hour with actions of shape (B, N, 2): fill the buffers.

        Raises
        ------
        ValueError
            An action is outside its bounds; the message names it, and nothing has changed.
        """


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
) -> Stepper:
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

    Raises
    ------
    TypeError, ValueError
        There is no such backend, or ``threads`` is not a positive whole number.
    ImportError
        It is not installed here.
    """
    name = available_steppers()[0] if backend is None else backend
    if name not in STEPPERS:
        raise ValueError(f"backend = {name!r}: must be one of {', '.join(map(repr, STEPPERS))}")
    with explain_missing():
        module = importlib.import_module(f"market_py.env.backends.{name}")
    stepper: Stepper = module.Stepper(model, autoreset=autoreset, threads=threads)
    return stepper
