"""Two systems for which theory predicts what learners will find.

In ``COMPETITION`` no generator is pivotal: the others can always meet demand. A generator that asks
for more than the marginal cost is not dispatched, and the price falls to the cost. In ``PIVOTAL``
the first generator is: the others cannot meet demand without it, so that it can ask for the largest
markup that the rules allow. (D. S. Kirschen, G. Strbac, *Fundamentals of Power System Economics*,
2nd ed., Wiley 2018, chapter 4: market power.)
"""

import numpy as np

from market_py.env import System

_DAY = 1 + 0.2 * np.sin(2 * np.pi * (np.arange(24) - 9) / 24)

COMPETITION = System([40.0] * 12, [20.0] * 12, 240 * _DAY)
"""480 MW in twelve equal parts, for a demand of 192 to 288 MW."""

PIVOTAL = System([200.0, *[20.0] * 6], [20.0] * 7, 200 * _DAY)
"""320 MW for a demand of 160 to 240 MW; the first generator has 200 MW, the others 120 MW."""
