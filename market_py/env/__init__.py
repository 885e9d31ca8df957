"""The market as a learning environment: one model, four interfaces.

`MarketVectorEnv` steps many markets together as arrays, and all generators learn. In
`AgentVectorEnv` one generator of each market learns. Both need only NumPy. `MarketParallelEnv` is a
PettingZoo environment in which all generators learn. `MarketEnv` is a Gymnasium environment in
which one generator learns. The same seed gives the same trajectory in all, with every backend.
After ``import market_py.env``, ``gymnasium.make("market_py/Market-v0")`` makes a `MarketEnv`, and
``gymnasium.make_vec`` an `AgentVectorEnv`.

An argument outside its range is a TypeError or a ValueError whose message begins with its name;
nothing has changed then. A package or backend that is missing is an ImportError.

The rules are those of an environment published earlier. In a comparison of 30,000 steps, both gave
the same results up to rounding, except for these differences, which are intended:

======================== =================================== ======================================
what                     published                           here, and why
======================== =================================== ======================================
price in a shortage      highest bid, also one of 0 MW       highest bid of a quantity above 0 MW,
                                                             or `price_cap`: an offer of 0 MW
                                                             sets no price
equal bids               order of an unstable sort           by index, or pro rata: reproducible
noise on demand          drawn once per reset; the same day  drawn for each hour from seed, episode
                         follows                             and hour: results depend neither on
                                                             the backend nor on other markets
actions out of bounds    used as they are                    an error that names the first value
last observation         ``None``                            the hour after the last, so that
                                                             learners can bootstrap
observer ``basic``       normalised                          normalised: shares of the largest
                                                             values, as in the other observers
======================== =================================== ======================================
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from market_py.env.model import Model
from market_py.env.observers import OBSERVERS
from market_py.env.others import truthful
from market_py.env.registration import register
from market_py.env.state import EnvState
from market_py.env.stepper import STEPPERS, available_steppers, make_stepper
from market_py.env.system import System
from market_py.extras import lazy_exports

if TYPE_CHECKING:
    from market_py.env.agent_vector import AgentVectorEnv
    from market_py.env.parallel import MarketParallelEnv
    from market_py.env.single import MarketEnv
    from market_py.env.vector import MarketVectorEnv

__all__ = [
    "OBSERVERS",
    "STEPPERS",
    "AgentVectorEnv",
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

# Imported at first use: what one interface needs installed, the others do not.
__getattr__, __dir__ = lazy_exports(
    __name__,
    agent_vector=("AgentVectorEnv",),
    parallel=("MarketParallelEnv",),
    single=("MarketEnv",),
    vector=("MarketVectorEnv",),
)
register()
