"""The NumPy backend of the environment: vectorised over markets and agents."""

from __future__ import annotations

import numpy as np

from market_py.backends.numpy import market_clearing_batch
from market_py.env.actions import check_actions
from market_py.env.clocks import Clocks
from market_py.env.model import Model
from market_py.env.noise import normal
from market_py.env.outcome import Outcome
from market_py.validation import Floats, check_threads


class Stepper:
    """Steps markets; see `market_py.env.stepper.Stepper`."""

    def __init__(self, model: Model, *, autoreset: bool, threads: int | None = None) -> None:
        check_threads(threads)  # One works, whatever is asked for.
        self._model, self._autoreset = model, autoreset

    def observe(self, clocks: Clocks, observations: Floats) -> None:
        """Show the hour that each clock shows."""
        template = self._model.template
        observations[...] = template.features
        observations[:, :, 0] = (self._demand(clocks) * template.demand_scale)[:, np.newaxis]
        told = template.time.shape[1]
        if told:
            observations[:, :, -told:] = template.time[clocks.hours][:, np.newaxis]

    def step(self, clocks: Clocks, actions: Floats, outcome: Outcome) -> None:
        """Step all markets by an hour."""
        check_actions(actions)
        model = self._model
        costs = model.system.costs
        quantities = (1 - actions[:, :, 0]) * model.system.capacities
        bids = costs + np.tanh(actions[:, :, 1]) * model.max_bid_delta
        outcome.demand[:] = self._demand(clocks)
        outcome.prices[:], outcome.dispatch[:] = market_clearing_batch(
            bids, quantities, outcome.demand, ties=model.ties, price_cap=model.price_cap
        )
        unserved = np.maximum(outcome.demand - outcome.dispatch.sum(axis=1), 0)
        profits = (outcome.prices[:, np.newaxis] - costs) * outcome.dispatch
        penalties = model.markup_penalty * (bids - costs) ** 2
        shortage = model.unserved_penalty * unserved[:, np.newaxis]
        outcome.rewards[:] = (profits - penalties - shortage) * model.reward_scale

        clocks.hours[:] += np.uint64(1)
        outcome.ended[:] = clocks.hours == model.system.hours
        self.observe(clocks, outcome.observations)
        if outcome.ended.any():
            ended = outcome.ended
            outcome.final_observations[ended] = outcome.observations[ended]
            if self._autoreset:
                clocks.episodes[ended] += np.uint64(1)
                clocks.hours[ended] = 0
                first = np.empty_like(outcome.observations[ended])
                self.observe(clocks.some(ended), first)
                outcome.observations[ended] = first

    def _demand(self, clocks: Clocks) -> Floats:
        """Return the demand of the hour that each clock shows, MW."""
        model = self._model
        # After the last hour the profile begins again.
        profile: Floats = model.system.demand[clocks.hours % np.uint64(model.system.hours)]
        deviation, low, high = model.noise
        if deviation == 0:
            return profile
        drawn = normal(clocks.seeds, clocks.episodes, clocks.hours)
        demand: Floats = profile + np.clip(deviation * drawn, low, high)
        return demand
