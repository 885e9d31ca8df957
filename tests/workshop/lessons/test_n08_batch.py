"""The panels and exercises of notebook 08."""

import numpy as np
import pytest

from market_py.benchmark import timing
from market_py.reliability import adequacy, rts79
from market_py.workshop.lessons.n08_batch import checks as checks_08
from market_py.workshop.lessons.n08_batch import outages as years_08
from market_py.workshop.lessons.n08_batch import panel as panel_08
from market_py.workshop.lessons.n08_batch import plots as plots_08

pytestmark = pytest.mark.filterwarnings("ignore:.*:DeprecationWarning")


def search_up_to(most, single, fixed, each):
    fitting = (b for b in range(1, most) if fixed + each * b <= single * b)
    return next(fitting, np.inf)


class TestBatches:
    def panel(self):
        panel = panel_08.batch_panel(rounds=3, sample_seconds=1e-4)
        panel.controls["largest"].value = 8
        return panel

    @pytest.mark.parametrize(
        "bids", [pytest.param("own bids", marks=pytest.mark.long), "shared bids"]
    )
    def test_all_ways_are_timed_by_button(self, bids):
        panel = self.panel()
        panel.controls["bids"].value = bids
        before = panel.picture.value
        panel.run()
        assert list(panel.races) == [1, 2, 4, 8]
        assert panel.bar.value == panel.bar.max == 12
        ways = {
            f"{name} {way}"
            for name in panel_08.installed(panel_08.BACKENDS)
            for way in ("one by one", "batch", "batch, 2 threads")
        }
        for race in panel.races.values():
            assert set(race.candidates) == ways
        for name in panel_08.installed(panel_08.BACKENDS):
            ratio = panel.races[8].speedup(f"{name} batch", f"{name} one by one")
            assert f"{ratio} times as fast" in panel.sentence.text
        assert panel.picture.value != before
        answer = panel_08.break_even(panel.races, "numba")
        assert checks_08.check_break_even(answer, panel.races).state == "right"

    @pytest.mark.long
    def test_a_stopped_run_keeps_its_sizes(self):
        panel = self.panel()
        panel.bar.observe(lambda c: c.new == 4 and panel.stop_button.click(), names="value")
        panel.run()
        assert list(panel.races) == [1]
        said = panel.sentence.text
        panel.bar.unobserve_all()
        panel.bar.observe(lambda _: panel.stop_button.click(), names="value")
        panel.run()
        # What there was before is still there.
        assert panel.sentence.text == f"Stopped: this run is not kept. As before: {said}"
        assert list(panel.races) == [1]

    def test_ways_that_disagree_are_not_timed(self):
        (batch,) = panel_08.inputs.make_batches("own bids", 4, distinct=1)
        calls = [(*batch, panel_08._rows(*batch))]
        ways = panel_08.ways_to_clear(["numba"], 2)
        assert panel_08.verify(ways, calls) == {"numba batch": 0, "numba batch, 2 threads": 0}

        def wrong(*arguments):
            prices, dispatch = ways["numba batch"](*arguments)
            return prices + 1, dispatch

        with pytest.raises(timing.Disagreement):
            panel_08.verify(ways | {"wrong": wrong}, calls)

    def races(self, **single):
        """Batches that cost 1000 ns and 100 a market; single calls as given, with no noise."""
        noise = np.linspace(0.99, 1.01, 11)
        return {
            size: timing.Race(
                32,
                {
                    "numba one by one": cost * noise,
                    "numba one by one (again)": cost * noise,
                    "numba batch": (1000 / size + 100) * noise[::-1],
                },
            )
            for size, cost in ((int(name[1:]), cost) for name, cost in single.items())
        }

    def test_the_break_even_is_between_two_sizes(self):
        races = self.races(B1=400, B2=400, B4=400, B8=400)
        assert panel_08.break_even(races, "numba") == (2, 4)
        assert panel_08.break_even(self.races(B1=50, B2=50), "numba") == (2, np.inf)
        assert panel_08.break_even(self.races(B1=5000, B2=5000), "numba") == (0, 1)
        single, fixed, each = panel_08.costs(races, "numba")
        assert (single, fixed, each) == pytest.approx((400, 1000, 100))

    @pytest.mark.parametrize(
        ("answer", "state", "words"),
        [
            (None, "not done yet", ""),
            ((2, 4), "right", "between 2 and 4"),
            ((3, 4), "right", "between 2 and 4"),
            ((4, 8), "not right yet", "say otherwise"),
            ((1, 8), "not right yet", "too wide"),
            ((4, 2), "not right yet", "must not exceed"),
            ("two", "not right yet", "two numbers"),
            ("24", "not right yet", "two numbers"),
        ],
    )
    def test_check(self, answer, state, words):
        races = self.races(B1=400, B2=400, B4=400, B8=400)
        verdict = checks_08.check_break_even(answer, races)
        assert verdict.state == state
        assert words in verdict.message
        if answer:
            assert "run the batches first" in checks_08.check_break_even(answer, {}).message

    @pytest.mark.parametrize(
        ("function", "state", "words"),
        [
            (lambda s, f, m: None, "not done yet", ""),
            (lambda s, f, m: f / (s - m), "not right yet", "is 21; yours says 20.2"),
            (lambda s, f, m: max(1, -(-f // (s - m))), "not right yet", "fails: ZeroDivisionError"),
            (lambda s, f, m: -(-f // (s - m)), "not right yet", "is 1; yours says 0"),
            (lambda s, f, m: search_up_to(1000, s, f, m), "not right yet", "it pays late"),
            (
                lambda s, f, m: None if m >= s else max(1, -(-f // (s - m))),
                "not right yet",
                "returns None",
            ),
            (
                lambda s, f, m: np.inf if m >= s else max(1, -(-f // (s - m))),
                "right",
                "from 4 on; measured: between 2 and 4",
            ),
        ],
    )
    def test_the_model_meets_the_measurement(self, function, state, words):
        races = self.races(B1=400, B2=400, B4=400, B8=400)
        verdict = checks_08.check_model(function, races)
        assert verdict.state == state
        assert words in verdict.message
        assert checks_08.check_model(function, {}).state == state


class TestYears:
    def test_the_estimate_is_that_of_the_simulation(self):
        panel = years_08.YearsPanel()
        before = panel.picture.value
        panel.controls["years"].value = 100
        panel.controls["threads"].value = 2
        panel.controls["seed"].value = 3
        panel.run()
        found = adequacy.simulate(100, seed=3)
        assert panel.simulation == found
        assert panel.bar.value == panel.bar.max == 100
        assert panel.sentence.text.startswith(f"100 years: {found.loss_of_load} hours of lost load")
        assert "873,600 markets" in panel.sentence.text
        assert panel.picture.value != before
        assert panel.exact == pytest.approx(years_08.PUBLISHED, abs=5e-4)

    def test_it_can_be_stopped(self, monkeypatch):
        monkeypatch.setattr(years_08, "FRAME_SECONDS", 0)
        panel = years_08.YearsPanel()
        panel.bar.observe(lambda c: c.new == 3 and panel.stop_button.click(), names="value")
        panel.run()
        assert panel.simulation.years == 4
        assert panel.sentence.text.startswith("4 years: ")

    def test_the_price_duration_curve_is_a_mean_year(self):
        simulation = adequacy.simulate(3, seed=1)
        hours, prices = plots_08.duration(simulation)
        assert hours[0] == 0
        assert hours[-1] == pytest.approx(rts79.HOURS)
        assert list(prices[:-1]) == sorted(simulation.hours_at_price, reverse=True)
        mean = (np.diff(hours) * prices[:-1]).sum() / rts79.HOURS
        assert mean == pytest.approx(simulation.mean_price)

    def test_the_parts_of_a_year(self):
        parts = years_08.parts_of_a_year(rounds=2)
        assert len(parts) == 4
        assert all(0 < low <= median <= high for low, median, high in parts.values())


class TestKernel:
    def test_the_table_says_which_state_is_most_probable(self):
        panel = years_08.table_panel()
        assert "The most probable state is 111, with 50.4%" in panel.sentence.text
        before = panel.picture.value
        for name, percent in (("first", 100), ("second", 0), ("third", 0)):
            panel.controls[name].value = percent
            panel.wait()
        assert panel.sentence.text == (
            "The most probable state is 011, with 100.0%: it takes part of 8 of 8 columns. All "
            "three are out with 0.0%."
        )
        assert panel.picture.value != before

    def test_both_intervals_shrink_and_the_weighted_one_is_narrower(self):
        panel = years_08.IntervalsPanel()
        panel.controls["years"].value = 50
        panel.run()
        found = adequacy.simulate(50, seed=1)
        assert panel.plain[-1] == found.loss_of_load
        assert panel.weighted[-1].standard_error < panel.plain[-1].standard_error
        assert panel.sentence.text.startswith(f"50 years: plain {found.loss_of_load} h/year")

    def test_the_draw(self):
        assert checks_08.check_draw(None).state == "not done yet"
        assert "write @njit above it" in checks_08.check_draw(lambda *_: None).message
