"""Two systems for which theory says what learners will find.

In ``COMPETITION`` nobody is needed: demand can always be met without any one generator, so that who
asks for more than the marginal cost is replaced, and the price is driven to the cost. In
``PIVOTAL`` the first generator is: without it demand cannot be met, whatever the others bid, so
that it may ask for all that its range allows. (D. S. Kirschen, G. Strbac, *Fundamentals of Power
System Economics*, 2nd ed., Wiley 2018, chapter 4: market power.)
"""

import numpy as np

from market_py.env import System

_DAY = 1 + 0.2 * np.sin(2 * np.pi * (np.arange(24) - 9) / 24)

COMPETITION = System([40.0] * 12, [20.0] * 12, 240 * _DAY)
"""480 MW in twelve equal parts, for a demand of 192 to 288 MW."""

PIVOTAL = System([200.0, *[20.0] * 6], [20.0] * 7, 200 * _DAY)
"""320 MW for a demand of 160 to 240 MW, 120 MW of them not the first generator's."""
