"""One market as a Gymnasium environment: one generator learns, the others follow a policy."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from market_py.env.actions import check_actions
from market_py.env.market import RENDER_MODES, OneMarket
from market_py.env.model import Model
from market_py.env.others import Policy, check_agent, check_policy, join_actions, truthful
from market_py.env.spaces import action_space, observation_space
from market_py.env.system import System
from market_py.extras import explain_missing
from market_py.validation import Float64Array, check_array

with explain_missing():
    import gymnasium
    from gymnasium import spaces


class MarketEnv(gymnasium.Env[Float64Array, Float64Array]):
    """One market with one agent that learns.

    Parameters
    ----------
    system, backend, **rules
        As for `market_py.env.MarketVectorEnv`.
    agent : int or str
        Index or name of the generator that learns.
    others : callable
        Policy of the others. It maps the observations of all generators, shape (N, F), to actions
        of all, shape (N, 2); the row of the learning generator is ignored.
    render_mode : {"rgb_array", "ansi"}, optional
        Show the merit order of the last cleared hour as a picture or as a table.

    Notes
    -----
    An observation has shape (F,); `market_py.env.observers.template` says what is in it, in which
    units. An action has shape (2,): the share of its capacity that the agent withholds, in [0, 1],
    and its markup before ``tanh``, in [-10, 10]. Both spaces are bounded. Rewards are €/h times
    `market_py.env.Model.reward_scale`. ``info`` holds, of the hour that was cleared, ``price`` in
    €/MWh, ``demand`` in MW, and ``dispatch`` of the agent in MW.

    For learners that expect actions in [-1, 1] there is ``gymnasium.wrappers.RescaleAction``; see
    ``docs/examples/stable_baselines.py``.

    Examples
    --------
    >>> market = MarketEnv(System([100, 50], [10, 30], [120, 60]), demand_noise=0.0)
    >>> observation, _ = market.reset(seed=0)
    >>> observation.shape
    (4,)
    >>> _, reward, terminated, truncated, info = market.step([0.0, 0.0])
    >>> info["price"], info["dispatch"], truncated
    (30.0, 100.0, False)
    """

    metadata: ClassVar[dict[str, Any]] = {  # type: ignore[misc]
        "render_modes": list(RENDER_MODES),
        "render_fps": 4,
    }

    def __init__(
        self,
        system: System,
        agent: int | str = 0,
        *,
        others: Policy = truthful,
        backend: str | None = None,
        render_mode: str | None = None,
        **rules: Any,
    ) -> None:
        self.agent, self.others = check_agent(system, agent), check_policy(others)
        self.render_mode = render_mode
        self._market = OneMarket(Model(system, **rules), backend, render_mode)
        self._seen: Float64Array = np.empty((0, 0))
        self.observation_space: spaces.Box = observation_space(self._market.model)  # type: ignore[assignment]
        self.action_space: spaces.Box = action_space()  # type: ignore[assignment]

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Float64Array, dict[str, Any]]:
        """Begin an episode: the first of a seed, or without a seed the next one."""
        self._seen = self._market.reset(seed)
        drawn = int(self._market.state.seeds[0])
        # Gymnasium's generator is not used here, but tells the seed.
        super().reset(seed=None if seed is None and drawn == self._np_random_seed else drawn)
        return self._seen[self.agent].copy(), {}

    def step(self, action: ArrayLike) -> tuple[Float64Array, float, bool, bool, dict[str, Any]]:
        """Clear an hour; an episode is truncated after its last.

        Raises
        ------
        RuntimeError
            The market has not been reset, or the episode is over.
        """
        self._market.require_running()
        own = check_array("action", action, shape=(2,))
        actions = join_actions(self.others, self._seen, self.agent, own)
        try:
            self._seen, rewards, ended, info = self._market.step(actions)
        except ValueError:
            # With the names that the caller knows.
            check_actions(own, "action")
            check_actions(actions, "others(...)")
            raise
        info["dispatch"] = float(info["dispatch"][self.agent])
        return self._seen[self.agent].copy(), float(rewards[self.agent]), False, ended, info

    def render(self) -> NDArray[np.uint8] | str | None:
        """Show the last cleared hour, or after a reset the first one, in the mode chosen."""
        return self._market.render()
