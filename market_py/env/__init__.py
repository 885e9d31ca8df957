"""The market as a learning environment: one model, three interfaces.

`MarketVectorEnv` steps many markets together as arrays and needs NumPy alone. `MarketParallelEnv`
is a PettingZoo environment in which all generators learn, `MarketEnv` a Gymnasium environment in
which one generator learns. The same seed gives the same trajectory in all, with every backend.

The rules are those of an environment published earlier. 30,000 steps side by side were equal to
rounding but for these differences, each of which is intended:

======================== =================================== ======================================
what                     published                           here, and why
======================== =================================== ======================================
price in a shortage      highest bid, also one of 0 MW       highest bid of a quantity above 0 MW,
                                                             or `price_cap`: who offers nothing
                                                             sets no price
equal bids               order of an unstable sort           by index, or pro rata: results repeat
noise on demand          drawn once per reset; the same day  drawn for each hour from seed, episode
                         follows                             and hour: results depend neither on
                                                             the backend nor on other markets
actions out of bounds    taken as they are                   refused, naming the first value
last observation         ``None``                            the hour after the last, so that
                                                             learners can bootstrap
observer ``basic``       normalised                          normalised: shares of the largest
                                                             values, as in the other observers
======================== =================================== ======================================
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from market_py.env.model import Model
from market_py.env.observers import OBSERVERS
from market_py.env.state import EnvState
from market_py.env.stepper import STEPPERS, available_steppers, make_stepper
from market_py.env.system import System

if TYPE_CHECKING:
    from market_py.env.parallel import MarketParallelEnv
    from market_py.env.single import MarketEnv, truthful
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

_HOMES = {
    "MarketEnv": "single",
    "MarketParallelEnv": "parallel",
    "MarketVectorEnv": "vector",
    "truthful": "single",
}


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def __getattr__(name: str) -> Any:
    # Imported when first asked for: what one interface needs installed, the others do not.
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = importlib.import_module(f"{__name__}.{_HOMES[name]}")
    globals()[name] = getattr(module, name)
    return globals()[name]
