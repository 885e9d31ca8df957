"""Learning to bid: learners for the market of `market_py.env`, and what they are made of."""

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
