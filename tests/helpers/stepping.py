"""A step of the environment once more, in plain Python by the formulas, to judge the backends by.

Random words come from NumPy's own Philox, clearing from the exact backend.
"""

import math

import numpy as np

from market_py.backends.python import market_clearing

PUBLISHED_OBSERVERS = {
    "simple": lambda s, i, demand, hour, weekday: [*own(s, i, demand), hour / 24],
    "simple_v2": lambda s, i, demand, hour, weekday: [*own(s, i, demand), hour / 24, weekday / 7],
    "simple_v3": lambda s, i, demand, hour, weekday: [
        *own(s, i, demand),
        math.sin(2 * math.pi * hour / 24),
        math.cos(2 * math.pi * hour / 24),
        math.sin(2 * math.pi * weekday / 7),
        math.cos(2 * math.pi * weekday / 7),
    ],
    "basic": lambda s, i, demand, hour, weekday: [
        *own(s, i, demand)[:2],
        *(c / max(s.costs) for j, c in enumerate(s.costs) if j != i),
        *(k / max(s.capacities) for j, k in enumerate(s.capacities) if j != i),
    ],
}


def own(system, i, demand):
    shares = demand / max(system.demand), system.capacities[i] / max(system.capacities)
    return [*shares, system.costs[i] / max(system.costs)]


class PlainMarket:
    """One market; begins the next episode by itself."""

    def __init__(self, model, seed, episode=0):
        self.model, self.seed, self.episode, self.hour = model, seed, episode, 0

    def demand(self):
        system = self.model.system
        profile = system.demand[self.hour % system.hours]
        deviation = self.model.demand_noise * max(system.demand)
        if deviation == 0:
            return profile
        # NumPy's generator adds one to the counter before it draws.
        counter = (self.episode + (self.hour << 64)) - 1
        words = np.random.Philox(counter=counter % 2**256, key=self.seed).random_raw(2)
        radius, angle = (((int(word) >> 11) + 0.5) / 2**53 for word in words)
        drawn = deviation * math.sqrt(-2 * math.log(radius)) * math.cos(2 * math.pi * angle)
        spare = max(0.0, 0.5 * (sum(system.capacities) - max(system.demand)))
        return profile + min(max(drawn, -0.5 * min(system.demand)), spare)

    def observe(self):
        system, demand = self.model.system, self.demand()
        hours = system.first_hour + self.hour
        observer = PUBLISHED_OBSERVERS[self.model.observer]
        return [
            observer(system, i, demand, hours % 24, hours // 24 % 7)
            for i in range(system.generators)
        ]

    def step(self, actions):
        """Return observations, rewards, whether it was the last hour, what followed, price."""
        model, system, demand = self.model, self.model.system, self.demand()
        bids = [
            c + math.tanh(a[1]) * model.max_bid_delta
            for c, a in zip(system.costs, actions, strict=True)
        ]
        offered = [(1 - a[0]) * k for k, a in zip(system.capacities, actions, strict=True)]
        rules = {"ties": model.ties, "price_cap": model.price_cap}
        price, dispatch = market_clearing(bids, offered, demand, **rules)
        unserved = max(0.0, demand - math.fsum(dispatch))
        scale = 20 / (max(system.demand) * max(system.costs) * max(1, system.hours))
        rewards = [
            scale
            * (
                (price - c) * x
                - model.markup_penalty * (b - c) ** 2
                - model.unserved_penalty * unserved
            )
            for c, b, x in zip(system.costs, bids, dispatch, strict=True)
        ]
        self.hour += 1
        ended, final = self.hour == system.hours, None
        if ended:
            final = self.observe()
            self.episode, self.hour = self.episode + 1, 0
        return self.observe(), rewards, ended, final, price
