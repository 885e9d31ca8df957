"""One market as a Gymnasium environment: one generator learns among given policies."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import gymnasium
import numpy as np
from gymnasium import spaces
from numpy.typing import ArrayLike, NDArray

from market_py.env.actions import as_actions, check_actions
from market_py.env.market import RENDER_MODES, OneMarket
from market_py.env.model import Model
from market_py.env.spaces import action_space, observation_space
from market_py.env.system import System
from market_py.validation import Float64Array, check_seed

Policy = Callable[[Float64Array], ArrayLike]
"""From observations of shape (N, F) to actions of shape (N, 2)."""


def truthful(observations: Float64Array) -> Float64Array:
    """Offer the whole capacity at marginal cost."""
    return np.zeros((len(observations), 2))


class MarketEnv(gymnasium.Env[Float64Array, Float64Array]):
    """One market with one agent that learns.

    Parameters
    ----------
    system : System
        The generators, and their demand.
    agent : int or str
        The generator that learns: its place, or its name.
    others : callable
        Policy of the others: observations of all, shape (N, F), to actions of all, shape (N, 2);
        that of the learning agent is left out.
    backend : str, optional
        One of `market_py.env.available_steppers`; by default the fastest.
    render_mode : {"rgb_array", "ansi"}, optional
        A picture of the merit order of the hour last cleared, or a table.
    **rules
        As for `market_py.env.Model`.

    Raises
    ------
    TypeError, ValueError, ImportError
        As for `market_py.env.Model` and `market_py.env.make_stepper`; an agent that is not there.

    Notes
    -----
    An observation has shape (F,); `market_py.env.observers.template` says what is in it, in which
    units. An action has shape (2,): the share of its capacity that the agent withholds, in [0, 1],
    and its markup before it is squashed, in [-10, 10]. Both spaces are bounded. Rewards are
    €/h times `market_py.env.Model.reward_scale`. ``info`` holds, of the hour that was cleared,
    ``price`` in €/MWh, ``demand`` in MW, and ``dispatch`` of the agent in MW.

    For learners that expect actions in [-1, 1] there is ``gymnasium.wrappers.RescaleAction``; see
    `market_py.learning.ppo`.
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
        known = dict(zip(system.names, range(system.generators), strict=True))
        place = known.get(agent) if isinstance(agent, str) else agent
        whole = isinstance(place, int | np.integer) and not isinstance(place, bool)
        if place is None or not whole or not 0 <= place < system.generators:
            raise ValueError(
                f"agent = {agent!r}: must be in 0 to {system.generators - 1}, or a name"
            )
        if not callable(others):
            raise TypeError(f"others: must be a policy to call, got {type(others).__name__}")
        self.agent, self.others, self.render_mode = int(place), others, render_mode
        self._market = OneMarket(Model(system, **rules), backend, render_mode)
        self._seen: Float64Array = np.empty((0, 0))
        self.observation_space: spaces.Box = observation_space(self._market.model)  # type: ignore[assignment]
        self.action_space: spaces.Box = action_space()  # type: ignore[assignment]

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Float64Array, dict[str, Any]]:
        """Begin an episode; without a seed, the next one of the seed before.

        Raises
        ------
        ValueError
            What is not a seed; nothing has changed then.
        """
        # Before Gymnasium refuses it in words of its own.
        seed = None if seed is None else check_seed(seed)
        super().reset(seed=seed)
        self._seen = self._market.reset(seed)
        return self._seen[self.agent].copy(), {}

    def step(self, action: ArrayLike) -> tuple[Float64Array, float, bool, bool, dict[str, Any]]:
        """Clear an hour; an episode is truncated after its last.

        Raises
        ------
        TypeError, ValueError
            An action, of the agent or of the others, is not in its space; nothing has changed
            then.
        RuntimeError
            The market has not been reset, or the episode is over.
        """
        self._market.require_running()
        own = as_actions(action, (2,), "action")
        others = as_actions(self.others(self._seen), (len(self._seen), 2), "others(...)")
        actions = others.copy()
        actions[self.agent] = own
        try:
            self._seen, rewards, ended, info = self._market.step(actions)
        except ValueError:
            # Under the names that the caller knows.
            check_actions(own, "action")
            check_actions(actions, "others(...)")
            raise
        info["dispatch"] = float(info["dispatch"][self.agent])
        return self._seen[self.agent].copy(), float(rewards[self.agent]), False, ended, info

    def render(self) -> NDArray[np.uint8] | str | None:
        """Show the hour last cleared, or after a reset the hour to come, in the mode chosen."""
        return self._market.render()
