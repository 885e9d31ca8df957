"""Many markets for Stable-Baselines3: a vector environment in which one generator learns."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from gymnasium.vector import VectorEnv
from numpy.typing import NDArray

from market_py.env.agent_vector import AgentVectorEnv
from market_py.extras import explain_missing
from market_py.validation import Float64Array

with explain_missing():
    from stable_baselines3.common.vec_env import VecEnv

Indices = int | Iterable[int] | None
TOLD = "price", "demand", "dispatch"
"""What ``infos`` holds of each market."""


class SB3VecEnv(VecEnv):
    """Markets that step together, with the interface of Stable-Baselines3.

    It does what a ``DummyVecEnv`` of as many `market_py.env.MarketEnv` does, but one call steps all
    markets. ``VecNormalize``, ``VecMonitor`` and the other wrappers take it.

    Parameters
    ----------
    markets : gymnasium.vector.VectorEnv
        A `market_py.env.AgentVectorEnv`, or Gymnasium's wrappers around one, such as
        ``RescaleAction``, which gives the actions between -1 and 1 that Stable-Baselines3
        recommends.

    Examples
    --------
    >>> from market_py.env import AgentVectorEnv, System
    >>> system = System([100, 50], [10, 30], [60, 120])
    >>> markets = SB3VecEnv(AgentVectorEnv(system, 3, demand_noise=0.0))
    >>> markets.reset().shape
    (3, 4)
    >>> observations, rewards, dones, infos = markets.step(np.zeros((3, 2)))
    >>> infos[0]
    {'price': 10.0, 'demand': 60.0, 'dispatch': 60.0, 'TimeLimit.truncated': False}
    """

    def __init__(self, markets: VectorEnv[Any, Any, Any]) -> None:
        inner = getattr(markets, "unwrapped", None)
        if not isinstance(inner, AgentVectorEnv):
            got = type(markets).__name__
            raise TypeError(f"markets: must be an AgentVectorEnv, wrapped or not, got {got}")
        if not inner.copies:
            # Learners keep the observations of a step until after the next one.
            raise ValueError("markets: must be made with copy=True")
        self.markets = markets
        super().__init__(
            markets.num_envs, markets.single_observation_space, markets.single_action_space
        )

    def reset(self) -> Float64Array:
        """Begin an episode in every market, and return observations, shape (B, F).

        It is the first of the seeds that ``seed`` has set before, or else the next one.
        """
        observations: Float64Array
        observations, _ = self.markets.reset(seed=None if None in self._seeds else self._seeds)
        self._reset_seeds()
        self._reset_options()
        return observations

    def step_async(self, actions: NDArray[Any]) -> None:
        """Keep the actions, shape (B, 2), for ``step_wait``."""
        self._actions = actions

    def step_wait(
        self,
    ) -> tuple[Float64Array, Float64Array, NDArray[np.bool_], list[dict[str, Any]]]:
        """Step all markets by an hour: observations, rewards, ends of episodes, and infos."""
        observations, rewards, terminated, truncated, told = self.markets.step(self._actions)
        rows = zip(*(told[name].tolist() for name in TOLD), truncated.tolist(), strict=True)
        infos = [dict(zip((*TOLD, "TimeLimit.truncated"), row, strict=True)) for row in rows]
        ended = terminated | truncated
        for market in np.flatnonzero(ended).tolist():
            infos[market]["terminal_observation"] = told["final_obs"][market]
        return observations, rewards, ended, infos

    def close(self) -> None:
        """Do nothing: markets hold no resources."""

    def get_attr(self, attr_name: str, indices: Indices = None) -> list[Any]:
        """Return an attribute of the markets, once for each of the indices."""
        value = getattr(self.markets, attr_name)
        return [value for _ in self._get_indices(indices)]

    def set_attr(self, attr_name: str, value: Any, indices: Indices = None) -> None:
        """Refuse: the markets step together, and none has attributes of its own."""
        raise NotImplementedError("set_attr: set attributes of `markets`, all markets share them")

    def env_method(
        self, method_name: str, *method_args: Any, indices: Indices = None, **method_kwargs: Any
    ) -> list[Any]:
        """Refuse: the markets step together, and none has methods of its own."""
        raise NotImplementedError("env_method: call methods of `markets`, all markets share them")

    def env_is_wrapped(self, wrapper_class: type, indices: Indices = None) -> list[bool]:
        """Tell for each of the indices that its market alone is not wrapped."""
        return [False for _ in self._get_indices(indices)]
