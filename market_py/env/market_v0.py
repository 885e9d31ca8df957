"""The market under the names that PettingZoo's environments have."""

from __future__ import annotations

from typing import Any

from pettingzoo.utils.conversions import parallel_to_aec
from pettingzoo.utils.wrappers import OrderEnforcingWrapper

from market_py.env.parallel import MarketParallelEnv
from market_py.env.system import System


def parallel_env(
    system: System | None = None, *, max_cycles: int = 24, **options: Any
) -> MarketParallelEnv:
    """Make the environment in which all agents act at once.

    Parameters
    ----------
    system : System, optional
        By default the IEEE Reliability Test System, from the Monday of its peak week on.
    max_cycles : int
        Hours of an episode of the default system.
    **options
        As for `market_py.env.MarketParallelEnv`.
    """
    chosen = System.rts79(hours=max_cycles) if system is None else system
    return MarketParallelEnv(chosen, **options)


def env(*arguments: Any, **options: Any) -> OrderEnforcingWrapper:
    """Make the environment in which agents act in turn; arguments as for `parallel_env`."""
    return OrderEnforcingWrapper(parallel_to_aec(parallel_env(*arguments, **options)))
