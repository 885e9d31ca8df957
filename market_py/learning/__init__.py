"""Learning to bid: learners for the market of `market_py.env`, and what they are made of."""

from market_py.learning.evolution import Evaluation, EvolutionStrategy, Generation

__all__ = ["Evaluation", "EvolutionStrategy", "Generation"]
