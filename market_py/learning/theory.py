"""Three systems for which theory predicts what learners will find.

In ``COMPETITION`` no generator is pivotal: the others can always meet demand. A generator that asks
for more than the marginal cost is not dispatched, and the price falls to the cost. In ``PIVOTAL``
the first generator is: the others cannot meet demand without it, so that it can ask for the largest
markup that the rules allow. In ``WITHHOLDING`` markups are zero by the rules. The first generator
can still raise the price: if it withholds enough, the third one, which is expensive, is needed and
sets it. (D. S. Kirschen, G. Strbac, *Fundamentals of Power System Economics*, 2nd ed., Wiley 2018,
chapter 4: market power.)
"""

import numpy as np

from market_py.env import System
from market_py.validation import Float64Array

_DAY = np.sin(2 * np.pi * (np.arange(24) - 9) / 24)
"""Lowest at three o'clock in the night, highest at three in the afternoon."""

COMPETITION = System(
    [40.0] * 12,
    [20.0] * 12,
    240 * (1 + 0.2 * _DAY),
    [f"generator {number}" for number in range(1, 13)],
)
"""480 MW in twelve equal parts, for a demand of 192 to 288 MW."""

PIVOTAL = System(
    [200.0, *[20.0] * 6],
    [20.0] * 7,
    200 * (1 + 0.2 * _DAY),
    ["the pivotal generator", *(f"generator {number}" for number in range(1, 7))],
)
"""320 MW for a demand of 160 to 240 MW; the first generator has 200 MW, the others 120 MW."""

WITHHOLDING = System(
    [100.0, 60.0, 100.0],
    [20.0, 20.0, 60.0],
    140 * (1 + 0.03 * _DAY),
    ["generator 1", "generator 2", "the expensive generator"],
)
"""160 MW at 20 €/MWh and 100 MW at 60 €/MWh, for a demand of 136 to 144 MW."""

WITHHOLDING_RULES = {"max_bid_delta": 0.0, "demand_noise": 0.01}
"""No markups, and little noise on demand."""


def withholding_threshold(system: System, demand: Float64Array) -> Float64Array:
    """Return what must be withheld, MW, so that the most expensive generators are needed.

    If less is withheld, the cheaper ones meet demand alone.

    Examples
    --------
    >>> withholding_threshold(WITHHOLDING, np.array([136.0, 144.0])).tolist()
    [24.0, 16.0]
    """
    cheaper = system.costs < system.costs.max()
    spare: Float64Array = system.capacities[cheaper].sum() - demand
    return np.maximum(spare, 0.0)
