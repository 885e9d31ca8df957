"""The generators that do not learn: which they are, and the policy that they follow."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from market_py.env.system import System
from market_py.validation import Float64Array, check_array, check_integer

Policy = Callable[[Float64Array], ArrayLike]
"""Maps observations of shape (..., N, F) to actions of shape (..., N, 2)."""


def truthful(observations: Float64Array) -> Float64Array:
    """Return actions that offer the whole capacity at marginal cost, shape (..., N, 2)."""
    return np.zeros((*observations.shape[:-1], 2))


def check_agent(system: System, agent: int | str) -> int:
    """Return the index of a generator that is given by index or name; refuse an unknown one."""
    if isinstance(agent, str):
        if agent not in system.names:
            raise ValueError(f"agent = {agent!r}: must be an index or one of {system.names}")
        return system.names.index(agent)
    return check_integer("agent", agent, 0, system.generators - 1)


def check_policy(others: Policy) -> Policy:
    """Return a policy; refuse what cannot be called."""
    if not callable(others):
        raise TypeError(f"others: must be a policy to call, got {type(others).__name__}")
    return others


def join_actions(
    policy: Policy, observations: Float64Array, agent: int, own: Float64Array
) -> Float64Array:
    """Return the actions of a policy with those of the learning agent in their place."""
    shape = (*observations.shape[:-1], 2)
    actions = check_array("others(...)", policy(observations), shape=shape).copy()
    actions[..., agent, :] = own
    return actions
