"""Learners that bid in the markets of `market_py.env`, replay buffers and policies.

All modules except `market_py.learning.ppo` need only NumPy.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from market_py.learning.evolution import Evaluation, EvolutionStrategy, Generation
    from market_py.learning.policy import MLPPolicy
    from market_py.learning.replay import Batch, ReplayBuffer

__all__ = [
    "Batch",
    "Evaluation",
    "EvolutionStrategy",
    "Generation",
    "MLPPolicy",
    "ReplayBuffer",
]

_HOMES = {"Batch": "replay", "MLPPolicy": "policy", "ReplayBuffer": "replay"}


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def __getattr__(name: str) -> Any:
    # Imported when first asked for: a replay buffer needs no environment.
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = importlib.import_module(f"{__name__}.{_HOMES.get(name, 'evolution')}")
    globals()[name] = getattr(module, name)
    return globals()[name]
