"""A market in a sentence."""

import numpy as np

import market_py
from market_py.workshop.widgets import description


class TestSentences:
    def clear(self, bids, quantities, demand):
        names = [f"offer {i}" for i in range(len(bids))]
        arrays = np.array(bids, float), np.array(quantities, float)
        cleared = market_py.market_clearing(*arrays, demand)
        return description.cleared(names, *arrays, demand, *cleared)

    def test_what_they_say(self):
        assert self.clear([10, 20], [50, 50], 70) == (
            "Demand 70 MW clears at 20.00 €/MWh: offer 1 is marginal, with 30 MW to spare. "
            "2 of 2 offers run."
        )
        assert "150 MW exceeds the 100 MW offered: 50 MW are not served" in self.clear(
            [10, 20], [50, 50], 150
        )
        assert "nothing runs, and the price is the cheapest offer, 10.00" in self.clear(
            [10, 20], [50, 50], 0
        )
        names, arrays = ["a", "b", "c"], (np.full(3, 10.0), np.array([40.0, 30.0, 20.0]))
        cleared = market_py.market_clearing(*arrays, 60, ties="pro_rata")
        assert "a and b and c are marginal, with 30 MW to spare" in description.cleared(
            names, *arrays, 60, *cleared
        )
        assert "Demand 0.8 MW clears at 20.00 €/MWh: offer 1 is marginal, with 0 MW" in self.clear(
            [10, 20, 1000], [0.7, 0.1, 1], 0.8
        )
