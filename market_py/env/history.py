"""Observations with a memory: the price of the hour before, and what an agent sold in it."""

from __future__ import annotations

import numpy as np

from market_py.env.backends.numpy import Stepper
from market_py.env.buffers import StepBuffers
from market_py.env.model import Model
from market_py.env.observers import HISTORY
from market_py.env.state import EnvState
from market_py.validation import Float64Array


class HistoryStepper:
    """A stepper of any backend whose observations tell the hour before; zeros before the first.

    The memory is a part of the state, which thus stays all that a step needs.
    """

    def __init__(self, model: Model, stepper: Stepper, *, autoreset: bool) -> None:
        self._stepper, self._autoreset = stepper, autoreset
        capacities = model.system.capacities
        # An agent without capacity sells a share of nothing.
        self._shares = np.divide(1, capacities, out=np.zeros(model.agents), where=capacities > 0)
        self._price_scale = 1 / float(model.system.costs.max())

    def observe(self, state: EnvState, observations: Float64Array) -> None:
        """Fill observations of the hour that each state tells."""
        self._stepper.observe(state.counters, observations)
        self._show(state.memory, observations)

    def step(self, state: EnvState, actions: Float64Array, buffers: StepBuffers) -> None:
        """Step all markets by an hour; fill the buffers."""
        self._stepper.step(state.counters, actions, buffers)
        memory, ended = state.memory, buffers.ended
        memory[0], memory[1:] = buffers.prices, buffers.dispatch.T
        if ended.any():
            final = buffers.final_observations[ended]
            self._show(memory[:, ended], final)
            buffers.final_observations[ended] = final
            if self._autoreset:
                memory[:, ended] = 0
        self._show(memory, buffers.observations)

    def _show(self, memory: Float64Array, observations: Float64Array) -> None:
        price, dispatch = HISTORY
        observations[:, :, price] = (memory[0] * self._price_scale)[:, np.newaxis]
        observations[:, :, dispatch] = memory[1:].T * self._shares
