"""Registers the environments with Gymnasium, where it is installed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from market_py.env.system import System

if TYPE_CHECKING:
    from market_py.env.agent_vector import AgentVectorEnv
    from market_py.env.single import MarketEnv

NAME = "market_py/Market-v0"
"""One generator learns, and the others bid at their marginal cost, unless options say otherwise."""


def register() -> None:
    """Let ``gymnasium.make`` and ``gymnasium.make_vec`` know the environments, if it is there."""
    try:
        from gymnasium.envs.registration import register as add
    except ModuleNotFoundError:
        return
    here = __name__
    add(NAME, entry_point=f"{here}:make_market", vector_entry_point=f"{here}:make_markets")


def make_market(system: System | None = None, **options: Any) -> MarketEnv:
    """Make a `market_py.env.MarketEnv`; by default of the IEEE Reliability Test System."""
    from market_py.env.single import MarketEnv

    return MarketEnv(system or System.rts79(), **options)


def make_markets(num_envs: int = 1, system: System | None = None, **options: Any) -> AgentVectorEnv:
    """Make a `market_py.env.AgentVectorEnv`; by default of the IEEE Reliability Test System."""
    from market_py.env.agent_vector import AgentVectorEnv

    return AgentVectorEnv(system or System.rts79(), num_envs, **options)
