"""Learners that bid in the markets of `market_py.env`, replay buffers and policies, in NumPy.

An argument outside its range is a TypeError or a ValueError whose message begins with its name;
nothing has changed then. A backend that is missing is an ImportError.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from market_py.extras import lazy_exports

if TYPE_CHECKING:
    from market_py.learning.evaluation import Evaluation
    from market_py.learning.evolution import EvolutionStrategy, Generation
    from market_py.learning.gae import compute_gae
    from market_py.learning.policy import MLPPolicy
    from market_py.learning.ppo import PPO, Rollout
    from market_py.learning.replay import Batch, ReplayBuffer

__all__ = [
    "PPO",
    "Batch",
    "Evaluation",
    "EvolutionStrategy",
    "Generation",
    "MLPPolicy",
    "ReplayBuffer",
    "Rollout",
    "compute_gae",
]

# Imported at first use: a replay buffer needs no environment.
__getattr__, __dir__ = lazy_exports(
    __name__,
    evaluation=("Evaluation",),
    evolution=("EvolutionStrategy", "Generation"),
    gae=("compute_gae",),
    policy=("MLPPolicy",),
    ppo=("PPO", "Rollout"),
    replay=("Batch", "ReplayBuffer"),
)
