"""The numba backend of the environment: compiled loops over some markets at a time."""

from __future__ import annotations

import math

import numpy as np

from market_py.backends.numba_kernels import clear_rows
from market_py.backends.threads import in_shares
from market_py.env.actions import check_actions
from market_py.env.backends import numba_kernels as kernels
from market_py.env.clocks import Clocks
from market_py.env.model import Model
from market_py.env.outcome import Outcome
from market_py.validation import Floats, check_threads

AGENTS_PER_SHARE = 1 << 12
"""About this many agents are handed to a thread at a time."""


class Stepper:
    """Steps markets; see `market_py.env.stepper.Stepper`."""

    def __init__(self, model: Model, *, autoreset: bool, threads: int | None = None) -> None:
        self._model, self._autoreset = model, autoreset
        self._threads = check_threads(threads)
        template = model.template
        # To numba an array that may not be written to is of another type.
        self._capacities, self._costs = model.system.capacities.copy(), model.system.costs.copy()
        self._profile, self._noise = model.system.demand.copy(), tuple(map(float, model.noise))
        self._shown = template.features, template.demand_scale, template.time
        self._penalties = float(model.markup_penalty), float(model.unserved_penalty)
        self._cap = np.array([math.nan if model.price_cap is None else float(model.price_cap)])
        self._offers = np.empty((2, 0, model.agents))

    def observe(self, clocks: Clocks, observations: Floats) -> None:
        """Show the hour that each clock shows."""
        demand = np.empty(len(clocks.hours))
        kernels.demands(
            clocks.seeds, clocks.episodes, clocks.hours, self._profile, self._noise, demand
        )
        kernels.show(clocks.hours, demand, *self._shown, observations)

    def step(self, clocks: Clocks, actions: Floats, outcome: Outcome) -> None:
        """Step all markets by an hour."""
        if not kernels.are_allowed(actions):
            check_actions(actions)
        markets = len(actions)
        if self._offers.shape[1] < markets:
            self._offers = np.empty((2, markets, self._model.agents))
        each = max(1, AGENTS_PER_SHARE // self._model.agents)

        def work(start: int, stop: int) -> bool:
            rows = slice(start, stop)
            self._step_some(
                clocks.some(rows), actions[rows], outcome.rows(rows), *self._offers[:, rows]
            )
            return True

        in_shares(work, markets, each, self._threads)

    def _step_some(
        self, clocks: Clocks, actions: Floats, outcome: Outcome, bids: Floats, quantities: Floats
    ) -> None:
        model, clock = self._model, (clocks.seeds, clocks.episodes, clocks.hours)
        delta = float(model.max_bid_delta)
        kernels.offer(actions, self._capacities, self._costs, delta, bids, quantities)
        kernels.demands(*clock, self._profile, self._noise, outcome.demand)
        cleared = outcome.prices, outcome.dispatch
        pro_rata = model.ties == "pro_rata"
        clear_rows(bids, quantities, outcome.demand, pro_rata, self._cap, *cleared, 0, len(actions))
        kernels.pay(
            bids,
            self._costs,
            self._penalties,
            model.reward_scale,
            outcome.demand,
            *cleared,
            outcome.rewards,
        )
        clocks.hours[:] += np.uint64(1)
        self.observe(clocks, outcome.observations)
        if kernels.move_on(
            clocks.episodes,
            clocks.hours,
            model.system.hours,
            self._autoreset,
            outcome.ended,
            outcome.observations,
            outcome.final_observations,
        ):
            self.observe(clocks, outcome.observations)
