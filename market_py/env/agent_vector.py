"""A vector environment of many markets; in each market one generator learns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from numpy.typing import ArrayLike

from market_py.env.actions import check_actions
from market_py.env.others import Policy, check_agent, check_policy, join_actions, truthful
from market_py.env.system import System
from market_py.env.vector import Bools, MarketVectorEnv
from market_py.validation import Float64Array, check_array


class AgentVectorEnv(MarketVectorEnv):
    """``B`` markets in which one generator learns and the others follow a policy.

    Gymnasium's vector wrappers and learners take it: observations have shape (B, F), actions
    (B, 2), rewards (B,). It is otherwise as `market_py.env.MarketVectorEnv`, and market ``i`` steps
    as a `market_py.env.MarketEnv` with the same seed. `market_py.env.sb3.SB3VecEnv` gives it to
    Stable-Baselines3.

    Parameters
    ----------
    system : System
        The generators, and their demand.
    num_envs : int
        Number of markets, ``B``; >= 1.
    agent : int or str
        Index or name of the generator that learns.
    others : callable
        Policy of the others. It maps the observations of all generators, shape (B, N, F), to
        actions of all, shape (B, N, 2); the rows of the learning generator are ignored.
    **options
        As for `market_py.env.MarketVectorEnv`.

    Examples
    --------
    >>> markets = AgentVectorEnv(System([100, 50], [10, 30], [60, 120]), 3, demand_noise=0.0)
    >>> observations, _ = markets.reset(seed=0)
    >>> observations, rewards, _, _, infos = markets.step([[0.0, 0.0]] * 3)
    >>> observations.shape, rewards.shape, infos["dispatch"].tolist()
    ((3, 4), (3,), [60.0, 60.0, 60.0])
    """

    def __init__(
        self,
        system: System,
        num_envs: int = 1,
        agent: int | str = 0,
        *,
        others: Policy = truthful,
        **options: Any,
    ) -> None:
        super().__init__(system, num_envs, **options)
        self.agent, self.others = check_agent(system, agent), check_policy(others)
        self._agents = ()

    def reset(
        self,
        *,
        seed: int | Sequence[int | None] | None = None,
        options: dict[str, Any] | None = None,
    ) -> tuple[Float64Array, dict[str, Any]]:
        """Begin episodes, as `market_py.env.MarketVectorEnv.reset`; observations are (B, F)."""
        observations, infos = super().reset(seed=seed, options=options)
        return observations[:, self.agent], infos

    def step(
        self, actions: ArrayLike
    ) -> tuple[Float64Array, Float64Array, Bools, Bools, dict[str, Any]]:
        """Step all markets by an hour, as `market_py.env.MarketVectorEnv.step`.

        Actions have shape (B, 2). Observations, rewards and ``dispatch`` are those of the learning
        generator. Errors name ``actions``, or ``others(...)`` where the policy's are wrong.
        """
        own = check_array("actions", actions, shape=(self.num_envs, 2))
        joined = join_actions(self.others, self._buffers.observations, self.agent, own)
        try:
            observations, rewards, terminated, truncated, infos = super().step(joined)
        except ValueError:
            check_actions(own)
            check_actions(joined, "others(...)")
            raise
        for name in {"dispatch", "final_obs"} & infos.keys():
            infos[name] = infos[name][:, self.agent]
        return observations[:, self.agent], rewards[:, self.agent], terminated, truncated, infos

    @property
    def observations(self) -> Float64Array:
        """Observations of the learning generator, shape (B, F)."""
        return super().observations[:, self.agent]
