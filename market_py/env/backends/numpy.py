"""The NumPy backend of the environment: vectorised over markets and agents; the specification."""

from __future__ import annotations

import numpy as np

from market_py.backends.numpy import market_clearing_batch
from market_py.env.actions import check_actions
from market_py.env.buffers import StepBuffers
from market_py.env.model import Model
from market_py.env.noise import normal
from market_py.env.state import EnvState
from market_py.validation import Float64Array, check_threads


class Stepper:
    """Steps markets of one model; what follows depends on their state and actions only.

    The steppers of all backends have these methods, and can be pickled and copied.
    """

    def __init__(self, model: Model, *, autoreset: bool, threads: int | None = None) -> None:
        check_threads(threads)  # NumPy uses one thread for this.
        self._model, self._autoreset = model, autoreset

    def observe(self, state: EnvState, observations: Float64Array) -> None:
        """Fill observations, shape (B, N, F), of the hour that each market's state tells."""
        template = self._model.template
        observations[...] = template.features
        observations[:, :, 0] = (self._demand(state) * template.demand_scale)[:, np.newaxis]
        times = template.time.shape[1]
        if times:
            observations[:, :, -times:] = template.time[state.hours][:, np.newaxis]

    def step(self, state: EnvState, actions: Float64Array, buffers: StepBuffers) -> None:
        """Step all markets by an hour with actions of shape (B, N, 2): fill the buffers.

        A ValueError names an action outside its bounds; nothing has changed then.
        """
        check_actions(actions)
        model = self._model
        costs = model.system.costs
        quantities = (1 - actions[:, :, 0]) * model.system.capacities
        bids = costs + np.tanh(actions[:, :, 1]) * model.max_bid_delta
        buffers.demand[:] = self._demand(state)
        buffers.prices[:], buffers.dispatch[:] = market_clearing_batch(
            bids, quantities, buffers.demand, ties=model.ties, price_cap=model.price_cap
        )
        unserved = np.maximum(buffers.demand - buffers.dispatch.sum(axis=1), 0)
        profits = (buffers.prices[:, np.newaxis] - costs) * buffers.dispatch
        penalties = model.markup_penalty * (bids - costs) ** 2
        shortage = model.unserved_penalty * unserved[:, np.newaxis]
        buffers.rewards[:] = (profits - penalties - shortage) * model.reward_scale

        state.hours[:] += np.uint64(1)
        buffers.ended[:] = state.hours == model.system.hours
        self.observe(state, buffers.observations)
        if buffers.ended.any():
            ended = buffers.ended
            buffers.final_observations[ended] = buffers.observations[ended]
            if self._autoreset:
                state.episodes[ended] += np.uint64(1)
                state.hours[ended] = 0
                first = np.empty_like(buffers.observations[ended])
                self.observe(EnvState(state.words[:, ended]), first)
                buffers.observations[ended] = first

    def _demand(self, state: EnvState) -> Float64Array:
        """Return the demand of the hour of each market, MW."""
        model = self._model
        # The hour after the last is observed only; it has the demand of the first.
        profile: Float64Array = model.system.demand[state.hours % np.uint64(model.system.hours)]
        deviation, low, high = model.noise
        if deviation == 0:
            return profile
        drawn = normal(state.seeds, state.episodes, state.hours)
        demand: Float64Array = profile + np.clip(deviation * drawn, low, high)
        return demand
