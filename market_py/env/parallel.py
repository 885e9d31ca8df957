"""One market as a PettingZoo environment: all generators learn."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from gymnasium import spaces
from numpy.typing import ArrayLike, NDArray
from pettingzoo import ParallelEnv

from market_py.env.actions import as_actions, check_actions
from market_py.env.market import RENDER_MODES, OneMarket
from market_py.env.model import Model
from market_py.env.spaces import action_space, observation_space
from market_py.env.system import System
from market_py.validation import Float64Array

Steps = tuple[
    dict[str, Float64Array],
    dict[str, float],
    dict[str, bool],
    dict[str, bool],
    dict[str, dict[str, Any]],
]


class MarketParallelEnv(ParallelEnv[str, Float64Array, Float64Array]):
    """One market, an agent for each generator; see `market_py.env.Model` for what they are paid.

    Parameters
    ----------
    system : System
        The generators, and their demand.
    backend : str, optional
        One of `market_py.env.available_steppers`; by default the fastest.
    render_mode : {"rgb_array", "ansi"}, optional
        A picture of the merit order of the hour last cleared, or a table.
    **rules
        As for `market_py.env.Model`.

    Raises
    ------
    TypeError, ValueError, ImportError
        As for `market_py.env.Model` and `market_py.env.make_stepper`.
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
        # The same objects at each call, as PettingZoo asks.
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
        """Begin an episode; without a seed, the next one of the seed before.

        Raises
        ------
        ValueError
            What is not a seed; nothing has changed then.
        """
        observations = self._market.reset(seed)
        self.agents = self.possible_agents[:]
        by_agent = dict(zip(self.agents, observations, strict=True))
        return by_agent, {agent: {} for agent in self.agents}

    def step(self, actions: Mapping[str, ArrayLike]) -> Steps:
        """Clear an hour; an episode is truncated after its last.

        Raises
        ------
        TypeError, ValueError
            An action is missing, or not in its space; nothing has changed then.
        RuntimeError
            The market has not been reset, or the episode is over.
        """
        self._market.require_running()
        if actions.keys() != set(self.agents):
            wrong = sorted(actions.keys() ^ set(self.agents))
            raise ValueError(f"actions: must be one for each agent; missing or unknown: {wrong}")
        agents = self.agents
        try:
            given = as_actions([actions[agent] for agent in agents], (len(agents), 2))
            observations, rewards, ended, info = self._market.step(given)
        except (TypeError, ValueError):
            # Under the names that the caller knows.
            for agent in agents:
                name = f"actions[{agent!r}]"
                check_actions(as_actions(actions[agent], (2,), name), name)
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
        """Show the hour last cleared, or after a reset the hour to come, in the mode chosen."""
        return self._market.render()

    def close(self) -> None:
        """Nothing is open."""
