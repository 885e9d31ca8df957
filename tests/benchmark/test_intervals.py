"""Intervals of what was measured."""

import numpy as np

from market_py.benchmark import intervals, timing


class TestIntervals:
    def test_the_interval_holds_what_the_samples_say(self):
        rng = np.random.default_rng(1)
        one, other = rng.normal(10, 1, 400), rng.normal(30, 1, 400)
        found = intervals.resampled([one, other], lambda m: m[1] - m[0])
        assert found.low < 20 < found.high
        assert found.high - found.low < 1
        assert intervals.resampled([one, other], lambda m: m[1] - m[0]) == found

    def test_how_it_is_shown(self):
        assert intervals.text(timing.Ratio(1234.5, -0.2, 2345.6)) == "1,234 [0, 2,346]"
        assert intervals.text(timing.Ratio(1.234, 1.0, 2.0), 2) == "1.23 [1.00, 2.00]"
