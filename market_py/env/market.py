"""One market, step by step: what the single-market environments share."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from market_py.clearing import market_clearing
from market_py.env.clocks import Clocks
from market_py.env.model import Model
from market_py.env.outcome import Outcome
from market_py.env.picture import draw
from market_py.env.stepper import make_stepper
from market_py.tables import merit_order
from market_py.validation import Floats, check_seed

RENDER_MODES = ("rgb_array", "ansi")


class OneMarket:
    """A market whose episode ends, and is begun anew by its caller."""

    def __init__(self, model: Model, backend: str | None, render_mode: str | None) -> None:
        if render_mode not in (None, *RENDER_MODES):
            modes = ", ".join(map(repr, RENDER_MODES))
            raise ValueError(f"render_mode = {render_mode!r}: must be None or one of {modes}")
        self.model = model
        self.clocks = Clocks.at_start(1)
        self._render_mode = render_mode
        self._stepper = make_stepper(model, backend, autoreset=False, threads=1)
        self._outcome = Outcome.of(model, 1)
        self._offers: Floats | None = None
        self._state = "new"

    def reset(self, seed: int | None) -> Floats:
        """Begin an episode; return a new array of the observations, shape (N, F)."""
        if seed is not None:
            self.clocks.seeds[0], self.clocks.episodes[0] = check_seed(seed), 0
        elif self._state == "new":
            self.clocks.seeds[0] = np.random.SeedSequence().generate_state(1, np.uint32)[0]
        else:
            self.clocks.episodes[0] += np.uint64(1)
        self.clocks.hours[0] = 0
        self._state = "running"
        self._offers = None
        self._stepper.observe(self.clocks, self._outcome.observations)
        return np.array(self._outcome.observations[0])

    def require_running(self) -> None:
        """Refuse a step that is not one of an episode."""
        if self._state != "running":
            why = "call reset first" if self._state == "new" else "the episode is over, call reset"
            raise RuntimeError(f"step: {why}")

    def step(self, actions: Floats) -> tuple[Floats, Floats, bool, dict[str, Any]]:
        """Step by actions of shape (N, 2), which is the caller's to check, and to keep.

        Returns new arrays of observations and rewards, whether the last hour is over, and facts
        about the hour cleared. An action outside its bounds is a ValueError, and nothing has
        changed; what the caller knows it by is the caller's to say.
        """
        outcome = self._outcome
        self._stepper.step(self.clocks, actions[np.newaxis], outcome)
        ended = bool(outcome.ended[0])
        self._state = "over" if ended else "running"
        self._offers = actions
        info = {
            "price": float(outcome.prices[0]),
            "demand": float(outcome.demand[0]),
            "dispatch": outcome.dispatch[0].copy(),
        }
        return outcome.observations[0].copy(), outcome.rewards[0].copy(), ended, info

    def render(self) -> NDArray[np.uint8] | str | None:
        """Show the hour last cleared, in the mode that was chosen.

        After a reset it is the hour to come, as it would be with all offered at cost. Nothing is
        shown before, or without a mode.
        """
        if self._render_mode is None or self._state == "new":
            return None
        model, outcome = self.model, self._outcome
        offers = np.zeros((model.agents, 2)) if self._offers is None else self._offers
        quantities = (1 - offers[:, 0]) * model.system.capacities
        bids = model.system.costs + np.tanh(offers[:, 1]) * model.max_bid_delta
        demand, price = float(outcome.demand[0]), float(outcome.prices[0])
        dispatch = outcome.dispatch[0]
        if self._offers is None:
            demand = float(outcome.observations[0, 0, 0] / model.template.demand_scale)
            price, dispatch = market_clearing(
                bids, quantities, demand, ties=model.ties, price_cap=model.price_cap
            )
        if self._render_mode == "rgb_array":
            return draw(bids, quantities, demand, price)
        return merit_order(model.system.names, bids, quantities, dispatch, demand, price)
