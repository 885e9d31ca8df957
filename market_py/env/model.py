"""The model of an environment, the same for all backends: a power system and the rules."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from market_py.env.observers import HISTORY, Observer, Template, template
from market_py.env.system import LARGEST, System
from market_py.validation import Float64Array, Ties, check_market, check_scalar

WITHHELD, MARKUP = (0.0, 1.0), (-10.0, 10.0)
"""Bounds of the two numbers of an action: share withheld, and markup before ``tanh``."""


class Noise(NamedTuple):
    """Noise on demand: normally distributed, clipped to an interval."""

    deviation: float
    """Standard deviation, MW."""
    low: float
    """Lower end of the interval, MW."""
    high: float
    """Upper end of the interval, MW."""


@dataclass(frozen=True, eq=False)
class Model:
    """A system, and the rules by which its generators bid and are paid.

    In each hour agent ``i`` with capacity ``K`` and cost ``c`` takes an action ``(a0, a1)``: it
    withholds the share ``a0`` in [0, 1] and offers ``(1 - a0) * K`` at
    ``b = c + tanh(a1) * max_bid_delta``, with ``a1`` in [-10, 10]. The market is cleared, and the
    agent's reward is ``reward_scale`` times::

        (price - c) * dispatch - markup_penalty * (b - c)**2 - unserved_penalty * unserved

    Parameters
    ----------
    system : System
        The generators and their demand.
    observer : {"simple", "simple_v2", "simple_v3", "basic", "history"}
        What agents see; see `market_py.env.observers.template`.
    max_bid_delta : float
        Largest markup, €/MWh; from 0 to 1e100, as the three below.
    markup_penalty : float
        Penalty for a squared markup of 1 (€/MWh)².
    unserved_penalty : float
        Penalty for each agent for a megawatt of unserved demand.
    demand_noise : float
        Standard deviation of the noise as a share of the largest demand. The noise of each hour is
        independent. It is clipped to the interval from minus half of the smallest demand to half of
        the capacity beyond the largest demand (zero if there is none).
    ties : {"index", "pro_rata"}
        As for `market_py.market_clearing`.
    price_cap : float, optional
        As for `market_py.market_clearing`; at most 1e100 in size.

    Examples
    --------
    >>> model = Model(System([100, 50], [10, 30], [60, 120]), observer="simple_v3")
    >>> model.agents, model.features
    (2, 7)
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
        self.template  # noqa: B018  This refuses an unknown observer.

    @cached_property
    def template(self) -> Template:
        """Observations in which demand and time are left to fill in."""
        return template(self.system, self.observer)

    @property
    def agents(self) -> int:
        """Number of agents, ``N``."""
        return self.system.generators

    @property
    def features(self) -> int:
        """Length of an observation, ``F``."""
        return int(self.template.features.shape[1])

    @property
    def remembered(self) -> int:
        """How many numbers of the hour before are a part of a market's state."""
        return 1 + self.agents if self.observer == "history" else 0

    @cached_property
    def noise(self) -> Noise:
        """Noise on demand."""
        demand = self.system.demand
        spare = float(self.system.capacities.sum() - demand.max())
        deviation = self.demand_noise * float(demand.max())
        return Noise(deviation, -0.5 * float(demand.min()), max(0.0, 0.5 * spare))

    @cached_property
    def reward_scale(self) -> float:
        """Factor on rewards, h/€: 20 over largest demand, largest cost and hours of an episode."""
        system = self.system
        return 20 / float(system.demand.max() * system.costs.max() * max(1, system.hours))

    @property
    def observation_bounds(self) -> tuple[Float64Array, Float64Array]:
        """Lowest and highest value of each feature for all agents, two arrays of shape (F,)."""
        template, noise = self.template, self.noise
        low, high = template.features.min(axis=0), template.features.max(axis=0)
        # Features are shares; [0, 1] is an interval even if all agents have the same value.
        low, high = np.minimum(low, 0.0), np.maximum(high, 1.0)
        low[0] = 0.0
        # The last factor makes room for a rounding error.
        high[0] = (self.system.demand.max() + noise.high) * template.demand_scale * (1 + 1e-12)
        times = template.time.shape[1]
        if self.observer == "simple_v3":
            low[len(low) - times :] = -1.0
        if self.observer == "history":
            costs, markup = self.system.costs, self.max_bid_delta
            prices = [0.0, costs.min() - markup, costs.max() + markup, self.price_cap or 0.0]
            shares = np.array(prices) / costs.max() * (1 + 1e-12)
            low[HISTORY[0]], high[HISTORY[0]] = shares.min(), shares.max()
            high[HISTORY[1]] = 1 + 1e-12
        return low, high
