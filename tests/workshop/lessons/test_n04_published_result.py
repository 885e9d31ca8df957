"""The panels and the exercises of notebook 04."""

import itertools
import re
from types import SimpleNamespace

import numpy as np
import pytest

from market_py import available_backends
from market_py.benchmark import timing
from market_py.workshop.lessons.n04_published_result import checks as checks_04
from market_py.workshop.lessons.n04_published_result import plots as plots_04
from market_py.workshop.lessons.n04_published_result.panel import Key, outputs_panel, race_panel

pytestmark = pytest.mark.filterwarnings("ignore:.*:DeprecationWarning")


class TestPicture:
    def test_the_race_starts_with_the_published_points(self):
        empty = plots_04.ratios({}, ())
        rounds = {
            name: np.linspace(1000, 1100, 9) * factor
            for name, factor in {
                "numba-sort": 1.0,
                "numba-sort (again)": 1.01,
                "rust-published": 2.0,
                timing.EMPTY_CALL: 0.04,
            }.items()
        }
        race = timing.Race(5, rounds)
        assert plots_04.ratios({Key("repeated", 5): race}, ["rust-published"]) != empty
        assert plots_04.ratios({}, ()) == empty


class TestPanels:
    def test_outputs_are_compared(self):
        panel = outputs_panel()
        one, other, *_ = [n for n in ("numba", "rust", "numpy") if n in available_backends()]
        assert f"{one} clears at" in panel.sentence.text
        found = re.search(
            f"{other}: the same price, dispatch differs by at most (\\S+) MW", panel.sentence.text
        )
        assert float(found[1]) < 1e-9
        before = panel.picture.value
        panel.controls["distribution"].value = "few levels"
        panel.wait()
        assert panel.picture.value != before

    def test_the_race_runs_by_button(self):
        panel = race_panel(sizes=(5, 10), rounds=3)
        before = panel.picture.value
        panel.run()
        kinds = ("random", "repeated")
        assert [*panel.races] == [Key(kind, size) for kind in kinds for size in (5, 10)]
        assert panel.bar.value == panel.bar.max == 12
        assert panel.picture.value != before
        assert panel.sentence.text
        if "rust" in available_backends():
            answer = checks_04.crossover(panel.races)
            assert checks_04.check_crossover(answer, panel.races).state == "right"

    @pytest.mark.long
    def test_sizes_and_variants_of_the_race_are_chosen(self):
        panel = race_panel(sizes=(5, 10), rounds=3)
        panel.controls["largest"].value = 5
        panel.controls["other"].value = "numba-keys"
        panel.run()
        assert [*panel.races] == [Key("random", 5), Key("repeated", 5)]
        assert panel.bar.value == panel.bar.max == 6
        race = panel.races[Key("repeated", 5)]
        ratio = race.speedup("numba-keys", "numba-sort")
        assert f"numba-keys {ratio}" in panel.sentence.text


class TestExercise:
    def races(self, *ratios):
        noise = np.linspace(0.99, 1.01, 21)
        return {
            Key("repeated", n): timing.Race(
                n,
                {
                    "numba-sort": 100 * ratio * noise,
                    "numba-sort (again)": 100 * ratio * noise,
                    "rust-published": 100 * noise[::-1],
                },
            )
            for n, ratio in zip((5, 10, 20, 50), ratios, strict=False)
        }

    @pytest.mark.parametrize(
        ("answer", "ratios", "state", "words"),
        [
            (None, (2, 1.5), "not done yet", ""),
            ((5, 10), (), "not right yet", "run the race first"),
            ((10, 20), (2, 1.5, 0.7, 0.5), "right", "between 10 and 20"),
            ((1, 5), (2, 1.5, 0.7, 0.5), "not right yet", "say otherwise"),
            ((12, 15), (2, 1.5, 0.7, 0.5), "right", "between 10 and 20"),
            ((5, 50), (2, 1.5, 0.7, 0.5), "not right yet", "too wide"),
            ((0, float("inf")), (2, 1.5, 0.7, 0.5), "not right yet", "too wide"),
            ((0, float("inf")), (2, 1.5, 1.2, 1.1), "not right yet", "too wide"),
            ((20, 10), (2, 1.5, 0.7, 0.5), "not right yet", "must not exceed"),
            ("ten", (2, 1.5), "not right yet", "two numbers"),
            ("59", (2, 0.5), "not right yet", "two numbers"),
            ({5, 10}, (2, 0.5), "not right yet", "two numbers"),
            ((float("inf"), float("inf")), (2, 1.5, 1.2, 1.1), "not right yet", "say otherwise"),
            ((50, float("inf")), (2, 1.5, 1.2, 1.1), "right", "between 50 and inf"),
            ((0, 5), (0.9, 0.8), "right", "between 0 and 5"),
        ],
    )
    @pytest.mark.skipif("rust" not in available_backends(), reason="no Rust")
    def test_crossover(self, answer, ratios, state, words):
        verdict = checks_04.check_crossover(answer, self.races(*ratios))
        assert verdict.state == state
        assert words in verdict.message

    @pytest.mark.parametrize(
        ("answer", "state", "words"),
        [
            (None, "not done yet", ""),
            ({("repeated", "rust-published")}, "right", "Neither language changed"),
            ({("repeated", "rust-naive")}, "not right yet", "one more condition"),
            (
                {("random", "rust-naive"), ("repeated", "rust-published")},
                "not right yet",
                "not slower with random inputs and rust-naive",
            ),
            ({("random", "rust")}, "not right yet", "is no condition"),
            ("rust", "not right yet", "a set of pairs"),
        ],
    )
    @pytest.mark.skipif("rust" not in available_backends(), reason="no Rust")
    def test_conditions(self, monkeypatch, answer, state, words):
        found = dict.fromkeys(checks_04.CONDITIONS, timing.Ratio(1.3, 1.2, 1.4))
        found["repeated", "rust-published"] = timing.Ratio(0.4, 0.3, 0.5)
        found["repeated", "rust-naive"] = timing.Ratio(0.97, 0.93, 1.01)  # Either answer is right.
        monkeypatch.setattr(checks_04, "measured", lambda: found)
        verdict = checks_04.check_conditions(answer)
        assert verdict.state == state
        assert words in verdict.message

    @pytest.mark.skipif("rust" not in available_backends(), reason="no Rust")
    def test_conditions_are_judged_by_the_races_that_the_solution_sees(self, monkeypatch, request):
        """On a busy machine two races of the same functions can contradict each other."""
        ratios = itertools.chain([timing.Ratio(0.7, 0.6, 0.8)] * 4, [timing.Ratio(2, 2, 2)] * 4)
        finished = SimpleNamespace(speedup=lambda name, over: next(ratios))
        monkeypatch.setattr(checks_04, "race", lambda *names, **options: finished)
        checks_04.measured.cache_clear()
        request.addfinalizer(checks_04.measured.cache_clear)
        answer = {it for it, ratio in checks_04.measured().items() if ratio.high < 1}
        assert checks_04.check_conditions(answer).state == "right"
