"""The market as a learning environment: one core, three interfaces.

`MarketVectorEnv` steps many markets together as arrays, `MarketParallelEnv` is a PettingZoo
environment in which all generators learn, `MarketEnv` a Gymnasium environment in which one does.
The same seed gives the same trajectory in all of them, through any backend.
"""

from market_py.env.model import Model
from market_py.env.observers import OBSERVERS
from market_py.env.parallel import MarketParallelEnv
from market_py.env.single import MarketEnv, truthful
from market_py.env.state import EnvState
from market_py.env.stepper import STEPPERS, available_steppers, make_stepper
from market_py.env.system import System
from market_py.env.vector import MarketVectorEnv

__all__ = [
    "OBSERVERS",
    "STEPPERS",
    "EnvState",
    "MarketEnv",
    "MarketParallelEnv",
    "MarketVectorEnv",
    "Model",
    "System",
    "available_steppers",
    "make_stepper",
    "truthful",
]
