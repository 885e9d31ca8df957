"""The Rust backend of the environment: the whole step in one call of the extension."""

from __future__ import annotations

from market_py import extension
from market_py.env.clocks import Clocks
from market_py.env.model import Model
from market_py.env.outcome import Outcome
from market_py.validation import Floats, check_threads


class Stepper:
    """Steps markets; see `market_py.env.stepper.Stepper`."""

    def __init__(self, model: Model, *, autoreset: bool, threads: int | None = None) -> None:
        self._threads = check_threads(threads)
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

    def observe(self, clocks: Clocks, observations: Floats) -> None:
        """Show the hour that each clock shows."""
        self._environment.observe(clocks.words, observations)

    def step(self, clocks: Clocks, actions: Floats, outcome: Outcome) -> None:
        """Step all markets by an hour."""
        self._environment.step(
            clocks.words,
            actions,
            outcome.observations,
            outcome.final_observations,
            outcome.rewards,
            outcome.ended,
            outcome.demand,
            outcome.prices,
            outcome.dispatch,
            self._threads,
        )
