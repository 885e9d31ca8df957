"""The numba backend of the environment: compiled loops over chunks of markets."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from market_py.backends.numba_kernels import clear_rows
from market_py.backends.threads import parallel_for
from market_py.env.actions import check_actions
from market_py.env.backends import numba_kernels as kernels
from market_py.env.buffers import StepBuffers
from market_py.env.model import Model
from market_py.env.state import EnvState
from market_py.validation import Float64Array, check_threads

AGENTS_PER_SHARE = 1 << 12
"""About this many agents are handed to a thread at a time."""


class Stepper:
    """Steps markets; see `market_py.env.stepper.Stepper`."""

    def __init__(self, model: Model, *, autoreset: bool, threads: int | None = None) -> None:
        self._model, self._threads = model, check_threads(threads)
        system, template = model.system, model.template
        # To numba an array that may not be written to is of another type.
        self._demand = system.demand.copy(), tuple(map(float, model.noise))
        self._shown = template.features, template.demand_scale, template.time
        self._offering = system.capacities.copy(), system.costs.copy(), float(model.max_bid_delta)
        cap = math.nan if model.price_cap is None else float(model.price_cap)
        self._clearing = model.ties == "pro_rata", np.array([cap])
        self._paying = (
            float(model.markup_penalty),
            float(model.unserved_penalty),
            float(model.reward_scale),
        )
        self._autoreset = autoreset
        self._offers = np.empty((2, 0, model.agents))

    def observe(self, state: EnvState, observations: Float64Array) -> None:
        """Fill observations of the hour that each state tells."""
        kernels.observe(state.words, self._demand, self._shown, observations)

    def step(self, state: EnvState, actions: Float64Array, buffers: StepBuffers) -> None:
        """Step all markets by an hour; fill the buffers."""
        if not kernels.are_allowed(actions):
            check_actions(actions)
        markets, agents = len(actions), self._model.agents
        if self._offers.shape[1] < markets:
            self._offers = np.empty((2, markets, agents))

        def work(start: int, stop: int) -> bool:
            cleared: bool = _step(
                state.words,
                actions,
                self._offers,
                self._demand,
                self._shown,
                self._offering,
                self._clearing,
                self._paying,
                self._autoreset,
                buffers.observations,
                buffers.final_observations,
                buffers.rewards,
                buffers.ended,
                buffers.demand,
                buffers.prices,
                buffers.dispatch,
                start,
                stop,
            )
            return cleared

        cleared = parallel_for(work, markets, max(1, AGENTS_PER_SHARE // agents), self._threads)
        assert cleared, "what a model lets agents offer is a market"


# What calls the clearing is not cached: numba would not notice that it has changed.
@njit(nogil=True)
def _step(  # type: ignore[no-untyped-def]
    words, actions, offers, profile, shown, offering, clearing, paying, autoreset,
    observations, final_observations, rewards, ended, demand, prices, dispatch, start, stop,
):  # fmt: skip
    """Step some of the markets by an hour, in one compiled call; tell if they were markets."""
    words, dispatch = words[:, start:stop], dispatch[start:stop]
    demand, prices = demand[start:stop], prices[start:stop]
    bids, quantities = offers[0, start:stop], offers[1, start:stop]
    pro_rata, cap = clearing
    kernels.offer(actions[start:stop], offering, bids, quantities)
    kernels.demands(words, profile, demand)
    if not clear_rows(bids, quantities, demand, pro_rata, cap, prices, dispatch, 0, stop - start):
        return False
    kernels.pay(bids, offering, paying, demand, prices, dispatch, rewards[start:stop])
    kernels.move_on(
        words,
        profile,
        shown,
        autoreset,
        observations[start:stop],
        final_observations[start:stop],
        ended[start:stop],
    )
    return True
