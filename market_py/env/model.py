"""The model of an environment: all that its backends share."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from market_py.env.observers import Observer, Template, template
from market_py.env.system import LARGEST, System
from market_py.validation import Float64Array, Ties, check_market, check_scalar

WITHHELD, MARKUP = (0.0, 1.0), (-10.0, 10.0)
"""Bounds of the two numbers of an action."""


class Noise(NamedTuple):
    """Noise on demand: normal, cut off."""

    deviation: float
    """Standard deviation, MW."""
    low: float
    high: float


@dataclass(frozen=True, eq=False)
class Model:
    """A system, and the rules by which its generators bid and are paid.

    In each hour agent ``i`` withholds a share ``a0`` of its capacity ``K`` and asks for a markup on
    its cost ``c``: it offers ``(1 - a0) * K`` at ``b = c + tanh(a1) * max_bid_delta``. The market
    is cleared, and its reward is ``reward_scale`` times::

        (price - c) * dispatch - markup_penalty * (b - c)**2 - unserved_penalty * unserved

    Parameters
    ----------
    system : System
        The generators and their demand.
    observer : {"simple", "simple_v2", "simple_v3", "basic"}
        What agents are shown; see `market_py.env.observers.template`.
    max_bid_delta : float
        Largest markup, €/MWh; >= 0. Neither this nor a number below is larger than 1e100.
    markup_penalty : float
        Of a squared markup; >= 0.
    unserved_penalty : float
        Of a megawatt of unserved demand, for each agent; >= 0.
    demand_noise : float
        Standard deviation of the noise as a share of the largest demand; >= 0. The noise of each
        hour is drawn by itself, and cut off at minus half of the smallest demand and at half of
        what the system offers beyond the largest (zero, should it offer less).
    ties : {"index", "pro_rata"}
        As for `market_py.market_clearing`.
    price_cap : float, optional
        As for `market_py.market_clearing`.

    Raises
    ------
    TypeError, ValueError
        A parameter is outside its domain.
    """

    system: System
    observer: Observer = "simple"
    max_bid_delta: float = 50.0
    markup_penalty: float = 0.01
    unserved_penalty: float = 1.0
    demand_noise: float = 0.05
    ties: Ties = "index"
    price_cap: float | None = None

    def __post_init__(self) -> None:
        """Check the parameters."""
        for name in ("max_bid_delta", "markup_penalty", "unserved_penalty", "demand_noise"):
            value = check_scalar(name, getattr(self, name), negative=False, most=LARGEST)
            object.__setattr__(self, name, value)
        market = check_market([0.0], [1.0], 1.0, self.ties, self.price_cap)
        if market.price_cap is not None:
            cap = check_scalar("price_cap", market.price_cap, negative=True, most=LARGEST)
            object.__setattr__(self, "price_cap", cap)
        self.template  # noqa: B018  An unknown observer is refused here.

    @cached_property
    def template(self) -> Template:
        """Observations with gaps for demand and time."""
        return template(self.system, self.observer)

    @property
    def agents(self) -> int:
        """Number of agents, ``N``."""
        return self.system.generators

    @property
    def features(self) -> int:
        """Length of an observation, ``F``."""
        return int(self.template.features.shape[1])

    @cached_property
    def noise(self) -> Noise:
        """Noise on demand."""
        demand = self.system.demand
        spare = float(self.system.capacities.sum() - demand.max())
        deviation = self.demand_noise * float(demand.max())
        return Noise(deviation, -0.5 * float(demand.min()), max(0.0, 0.5 * spare))

    @cached_property
    def reward_scale(self) -> float:
        """Brings rewards near one."""
        system = self.system
        return 20 / float(system.demand.max() * system.costs.max() * max(1, system.hours))

    @property
    def observation_bounds(self) -> tuple[Float64Array, Float64Array]:
        """Lowest and highest values of each feature, for any agent; two arrays of shape (F,)."""
        template, noise = self.template, self.noise
        low, high = template.features.min(axis=0), template.features.max(axis=0)
        # A rounding error more; and an interval even where all agents have the same.
        low, high = np.minimum(low, 0.0), np.maximum(high, 1.0)
        low[0] = 0.0
        high[0] = (self.system.demand.max() + noise.high) * template.demand_scale * (1 + 1e-12)
        told = template.time.shape[1]
        if self.observer == "simple_v3":
            low[len(low) - told :] = -1.0
        return low, high
