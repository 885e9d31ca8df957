"""The environment under the function names of PettingZoo: ``env`` and ``parallel_env``."""

from __future__ import annotations

from typing import Any

from market_py.env.parallel import MarketParallelEnv
from market_py.env.system import System
from market_py.extras import explain_missing
from market_py.reliability.rts79 import HOURS
from market_py.validation import check_integer

with explain_missing():
    from pettingzoo.utils.conversions import parallel_to_aec
    from pettingzoo.utils.wrappers import OrderEnforcingWrapper

PEAK_WEEK = 51


def parallel_env(
    system: System | None = None, *, max_cycles: int = 24, **options: Any
) -> MarketParallelEnv:
    """Make the environment in which all agents act at once.

    Parameters
    ----------
    system : System, optional
        By default the IEEE Reliability Test System from the Monday of its peak week on.
    max_cycles : int
        Hours of an episode of the default system, 1 to 336; another system has its own.
    **options
        As for `market_py.env.MarketParallelEnv`.
    """
    if system is None:
        most = HOURS - (PEAK_WEEK - 1) * 168
        cycles = check_integer("max_cycles", max_cycles, 1, most)
        system = System.rts79(week=PEAK_WEEK, hours=cycles)
    return MarketParallelEnv(system, **options)


def env(*arguments: Any, **options: Any) -> OrderEnforcingWrapper:
    """Make the environment in which agents act in turn; arguments as for `parallel_env`."""
    return OrderEnforcingWrapper(parallel_to_aec(parallel_env(*arguments, **options)))
