"""The Rust backend of the environment: the whole step in one call of the extension."""

from __future__ import annotations

from functools import partial
from typing import Any

from market_py import extension
from market_py.env.buffers import StepBuffers
from market_py.env.model import Model
from market_py.env.state import EnvState
from market_py.validation import Float64Array, check_threads


class Stepper:
    """Steps markets; see `market_py.env.backends.numpy.Stepper`."""

    def __init__(self, model: Model, *, autoreset: bool, threads: int | None = None) -> None:
        self._threads = check_threads(threads)
        # A copy builds its environment in Rust again, which holds nothing but these.
        self._made_from = partial(Stepper, autoreset=autoreset, threads=threads), (model,)
        template = model.template
        self._environment = extension.load().Environment(
            capacities=model.system.capacities,
            costs=model.system.costs,
            demand=model.system.demand,
            noise=model.noise,
            max_bid_delta=model.max_bid_delta,
            markup_penalty=model.markup_penalty,
            unserved_penalty=model.unserved_penalty,
            reward_scale=model.reward_scale,
            pro_rata=model.ties == "pro_rata",
            price_cap=model.price_cap,
            template=template.features.ravel(),
            demand_scale=template.demand_scale,
            time=template.time.ravel(),
            autoreset=autoreset,
        )

    def __reduce__(self) -> tuple[Any, ...]:
        return self._made_from

    def observe(self, state: EnvState, observations: Float64Array) -> None:
        """Fill observations of the hour that each state tells."""
        self._environment.observe(state.words, observations)

    def step(self, state: EnvState, actions: Float64Array, buffers: StepBuffers) -> None:
        """Step all markets by an hour; fill the buffers."""
        self._environment.step(state.words, actions, *buffers, self._threads)
