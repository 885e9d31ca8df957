"""One market, stepped hour by hour; the single-market environments share it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from market_py.clearing import market_clearing
from market_py.env.buffers import StepBuffers
from market_py.env.model import Model
from market_py.env.render import draw, merit_order
from market_py.env.state import EnvState
from market_py.env.stepper import make_stepper
from market_py.validation import Float64Array, check_seed

RENDER_MODES = ("rgb_array", "ansi")


class OneMarket:
    """One market; after the last hour of an episode the caller resets it."""

    def __init__(self, model: Model, backend: str | None, render_mode: str | None) -> None:
        if render_mode not in (None, *RENDER_MODES):
            modes = ", ".join(map(repr, RENDER_MODES))
            raise ValueError(f"render_mode = {render_mode!r}: must be None or one of {modes}")
        self.model = model
        self.state = EnvState.at_start(1, model.remembered)
        self._render_mode = render_mode
        self._stepper = make_stepper(model, backend, autoreset=False, threads=1)
        self._buffers = StepBuffers.of(model, 1)
        self._demand, self._offers = 0.0, np.zeros((model.agents, 2))
        self._state = "new"

    def reset(self, seed: int | None) -> Float64Array:
        """Begin an episode and return its first observations, a new array of shape (N, F)."""
        if seed is not None:
            self.state.seeds[0], self.state.episodes[0] = check_seed(seed), 0
        elif self._state == "new":
            self.state.seeds[0] = np.random.SeedSequence().generate_state(1, np.uint32)[0]
        else:
            self.state.episodes[0] += np.uint64(1)
        self.state.hours[0] = 0
        self.state.memory[:] = 0
        self._state = "running"
        observations = self._buffers.observations[0]
        self._stepper.observe(self.state, self._buffers.observations)
        self._offers = np.zeros((self.model.agents, 2))
        self._demand = float(observations[0, 0] / self.model.template.demand_scale)
        return np.array(observations)

    def require_running(self) -> None:
        """Raise RuntimeError unless an episode has begun and is not over."""
        if self._state != "running":
            why = "call reset first" if self._state == "new" else "the episode is over, call reset"
            raise RuntimeError(f"step: {why}")

    def step(
        self, actions: Float64Array
    ) -> tuple[Float64Array, Float64Array, bool, dict[str, Any]]:
        """Step by an hour with actions of shape (N, 2).

        The market keeps ``actions`` to render them. It returns new arrays of observations and
        rewards, whether the last hour is over, and price, demand and dispatch of the hour. A
        ValueError tells that an action is outside its bounds; nothing has changed then.
        """
        buffers = self._buffers
        self._stepper.step(self.state, actions[np.newaxis], buffers)
        ended = bool(buffers.ended[0])
        self._state = "over" if ended else "running"
        self._demand, self._offers = float(buffers.demand[0]), actions
        info = {
            "price": float(buffers.prices[0]),
            "demand": self._demand,
            "dispatch": buffers.dispatch[0].copy(),
        }
        return buffers.observations[0].copy(), buffers.rewards[0].copy(), ended, info

    def render(self) -> NDArray[np.uint8] | str | None:
        """Show the last hour that was cleared, in the mode that was chosen.

        After a reset this is the first hour with all capacity offered at cost. Before the first
        reset, or without a mode, it is None.
        """
        if self._render_mode is None or self._state == "new":
            return None
        model, offers, demand = self.model, self._offers, self._demand
        quantities = (1 - offers[:, 0]) * model.system.capacities
        bids = model.system.costs + np.tanh(offers[:, 1]) * model.max_bid_delta
        price, dispatch = market_clearing(
            bids, quantities, demand, ties=model.ties, price_cap=model.price_cap
        )
        if self._render_mode == "rgb_array":
            return draw(bids, quantities, demand, price)
        return merit_order(model.system.names, bids, quantities, dispatch, demand, price)
