"""One market as a PettingZoo environment: all generators learn."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from market_py.env.actions import check_actions
from market_py.env.market import RENDER_MODES, OneMarket
from market_py.env.model import Model
from market_py.env.spaces import action_space, observation_space
from market_py.env.system import System
from market_py.extras import explain_missing
from market_py.validation import Float64Array, check_array

with explain_missing():
    from gymnasium import spaces
    from gymnasium.utils import seeding
    from pettingzoo import ParallelEnv

Steps = tuple[
    dict[str, Float64Array],
    dict[str, float],
    dict[str, bool],
    dict[str, bool],
    dict[str, dict[str, Any]],
]


class MarketParallelEnv(ParallelEnv[str, Float64Array, Float64Array]):
    """One market in which each generator is an agent.

    Parameters
    ----------
    system, backend, **rules
        As for `market_py.env.MarketVectorEnv`.
    render_mode : {"rgb_array", "ansi"}, optional
        Show the merit order of the last cleared hour as a picture or as a table.

    Notes
    -----
    Each agent has observations of shape (F,), actions of shape (2,) and rewards as
    `market_py.env.MarketEnv` describes. The agents' names are those of the system's generators.

    Examples
    --------
    >>> market = MarketParallelEnv(System([100, 50], [10, 30], [120, 60]), demand_noise=0.0)
    >>> observations, _ = market.reset(seed=0)
    >>> _, rewards, _, _, infos = market.step({"unit_0": [0.0, 0.0], "unit_1": [0.0, 0.0]})
    >>> infos["unit_1"]
    {'price': 30.0, 'demand': 120.0, 'dispatch': 20.0}
    """

    metadata: ClassVar[dict[str, Any]] = {"name": "market_v0", "render_modes": list(RENDER_MODES)}

    def __init__(
        self,
        system: System,
        *,
        backend: str | None = None,
        render_mode: str | None = None,
        **rules: Any,
    ) -> None:
        self.render_mode = render_mode
        self._market = OneMarket(Model(system, **rules), backend, render_mode)
        self.possible_agents = list(system.names)
        self.agents: list[str] = []
        # PettingZoo asks for the same objects at each call.
        self._spaces = {
            agent: (observation_space(self._market.model), action_space())
            for agent in self.possible_agents
        }

    def observation_space(self, agent: str) -> spaces.Box:
        """Return the space of an agent's observations, shape (F,)."""
        return self._spaces[agent][0]

    def action_space(self, agent: str) -> spaces.Box:
        """Return the space of an agent's actions, shape (2,)."""
        return self._spaces[agent][1]

    def reset(
        self, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, Float64Array], dict[str, dict[str, Any]]]:
        """Begin an episode: the first of a seed, or without a seed the next one."""
        observations = self._market.reset(seed)
        if seed is not None or not hasattr(self, "np_random"):
            # The market does not draw from it; wrappers do.
            self.np_random, _ = seeding.np_random(int(self._market.state.seeds[0]))
        self.agents = self.possible_agents[:]
        by_agent = dict(zip(self.agents, observations, strict=True))
        return by_agent, {agent: {} for agent in self.agents}

    def step(self, actions: Mapping[str, ArrayLike]) -> Steps:
        """Clear an hour; an episode is truncated after its last.

        Raises
        ------
        RuntimeError
            The market has not been reset, or the episode is over.
        """
        self._market.require_running()
        if actions.keys() != set(self.agents):
            wrong = sorted(actions.keys() ^ set(self.agents))
            raise ValueError(f"actions: must be one for each agent; missing or unknown: {wrong}")
        agents = self.agents
        # One by one: as rows of one array, one agent's booleans would become numbers.
        given = np.array(
            [check_array(f"actions[{agent!r}]", actions[agent], shape=(2,)) for agent in agents]
        )
        try:
            observations, rewards, ended, info = self._market.step(given)
        except ValueError:
            # With the names that the caller knows.
            for agent, action in zip(agents, given, strict=True):
                check_actions(action, f"actions[{agent!r}]")
            raise
        if ended:
            self.agents = []
        dispatch = info.pop("dispatch")
        return (
            dict(zip(agents, observations, strict=True)),
            dict(zip(agents, rewards.tolist(), strict=True)),
            dict.fromkeys(agents, False),
            dict.fromkeys(agents, ended),
            {
                agent: {**info, "dispatch": accepted}
                for agent, accepted in zip(agents, dispatch.tolist(), strict=True)
            },
        )

    def render(self) -> NDArray[np.uint8] | str | None:
        """Show the last cleared hour, or after a reset the first one, in the mode chosen."""
        return self._market.render()
