"""The panels and exercises of notebook 01."""

import pytest

from market_py.reliability import rts79
from market_py.workshop.lessons.n01_merit_order import checks as checks_01
from market_py.workshop.lessons.n01_merit_order.panel import merit_order_panel, price_duration_panel

pytestmark = pytest.mark.filterwarnings("ignore:.*:DeprecationWarning")


class TestPanels:
    def test_every_control_changes_picture_and_sentence(self):
        panel = merit_order_panel()
        panel.controls["demand"].value = 3000
        panel.wait()
        for name, value in {
            "demand": 3300,
            "oil": 140,
            "outage": "both nuclear units (800 MW)",
            "lost_load": 2000,
        }.items():
            before = panel.picture.value, panel.sentence.text
            panel.controls[name].value = value
            panel.wait()
            assert panel.picture.value != before[0], name
            assert panel.sentence.text != before[1], name
        assert "695 MW are not served, and the price is 2,000.00 $/MWh" in panel.sentence.text

    def test_the_year_counts_its_hours_of_shortage(self):
        panel = price_duration_panel()
        assert "8,736 hours cleared in one call" in panel.sentence.text
        assert "demand is not met in 0 hours" in panel.sentence.text
        panel.controls["growth"].value = 25
        panel.wait()
        short = int((rts79.hourly_loads() * 1.25 * (1 - 1e-9) > 3405).sum())
        assert short > 0
        assert f"demand is not met in {short} hours" in panel.sentence.text


class TestExercises:
    @pytest.mark.parametrize(
        ("answer", "state", "words"),
        [
            ((None, None, None), "not done yet", ""),
            (
                ([10, 80, 90], [100, 100, 100], 150),
                "right",
                "2 of 3 offers run, all",
            ),
            (([10, 20, 80], [100, 100, 100], 150), "not right yet", "its price is 20."),
            (([10, 80.0000001, 90], [9, 9, 9], 10), "not right yet", "its price is 80.0000001."),
            (([80], [100], 50), "not right yet", "three offers at least"),
            (([80, 90, 100], [100, 100, 100], 0), "not right yet", "there is no demand"),
            (([10, 20, 80], [10, 10, 10], 50), "not right yet", "demand cannot be met"),
            (([10, "x", 80], [10, 10, 10], 50), "not right yet", "bids: must be real numbers"),
        ],
    )
    def test_price(self, answer, state, words):
        verdict = checks_01.check_price(*answer)
        assert verdict.state == state
        assert words in verdict.message

    @pytest.mark.parametrize(
        ("answer", "state", "words"),
        [
            (None, "not done yet", ""),
            (["nuclear 400 MW #1", "nuclear 400 MW #2"], "right", "245 MW cannot be served"),
            (["nuclear 400 MW #1"], "not right yet", "with 155 MW to spare"),
            (["oil 1 MW #1"], "not right yet", "did you mean 'oil 12 MW #1'?"),
            (["wind"], "not right yet", "'wind' is not the name of a unit; give a list"),
            (["coal 350 MW #1", None], "not right yet", "None is not the name of a unit"),
            ([["coal 350 MW #1"]], "not right yet", "give a list of names"),
            (2, "not right yet", "give a list of names"),
            (["nuclear 400 MW #1"] * 2, "not right yet", "named twice is out only once"),
            ("coal 350 MW #1", "not right yet", "a list of names"),
            ((name for name in ["hydro 50 MW #1"]), "not right yet", "505 MW to spare"),
            ([unit.name for unit in rts79.UNITS], "not right yet", "two are enough"),
        ],
    )
    def test_scarcity(self, answer, state, words):
        verdict = checks_01.check_scarcity(answer)
        assert verdict.state == state
        assert words in verdict.message
