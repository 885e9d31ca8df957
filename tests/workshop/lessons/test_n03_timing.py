"""The panels and exercises of notebook 03."""

import io
import re
import threading
import time

import numpy as np
import pytest
from matplotlib.image import imread

from market_py.workshop.lessons.n03_timing import checks as checks_03
from market_py.workshop.lessons.n03_timing import code
from market_py.workshop.lessons.n03_timing import panel as panel_03
from market_py.workshop.lessons.n03_timing.flawed_report import FLAWS, REPORT, WHY, Report

pytestmark = pytest.mark.filterwarnings("ignore:.*:DeprecationWarning")


def pixels(png):
    return imread(io.BytesIO(png))


class TestStopwatch:
    def test_rounds_are_taken_by_button_as_the_sliders_say(self):
        panel = panel_03.RoundsPanel()
        before = panel.picture.value
        for calls, rounds in ((1, 3), (256, 5), (1024, 3)):
            panel.controls["calls"].value = calls
            panel.controls["rounds"].value = rounds
            panel.run()
            assert panel.bar.value == panel.bar.max == panel.race.finished == rounds
            assert panel.race.distinct == min(calls, 256)
            assert panel.sentence.text.startswith(f"{rounds} rounds of {calls:,} call")
            assert str(panel.race.resolution()) in panel.sentence.text
            assert panel.sentence.text.endswith(f"{panel.race.verdict('wrapped', 'numba-sort')}.")
            assert panel.picture.value != before
            before = panel.picture.value
        assert pixels(before).shape[1] == 900

    def test_rounds_can_be_stopped(self):
        panel = panel_03.RoundsPanel()
        panel.controls["rounds"].value = 101
        panel.bar.observe(lambda _: panel.stop_button.click(), names="value")
        before = panel.picture.value
        panel.run()
        assert panel.sentence.text == (
            "Stopped: this run is not kept. As before: Choose, then press the button."
        )
        assert panel.picture.value == before
        assert panel.race is None

    def test_the_first_call_compiles(self, monkeypatch):
        def compile_it(_function):
            called = []

            def clear(*market):
                called.append(market)
                threading.Event().wait(0.05 if len(called) == 1 else 0.0001)

            return clear

        monkeypatch.setattr(panel_03, "njit", compile_it)
        panel = panel_03.FirstCallPanel(calls=300)
        before = panel.picture.value
        panel.run()
        assert panel.bar.value == len(panel.nanoseconds) == 300
        assert panel.nanoseconds[0] > 5e7
        found = re.search("as long as ([0-9,]+) later ones", panel.sentence.text)
        expected = panel.nanoseconds[0] / np.median(panel.nanoseconds[1:])
        assert float(found[1].replace(",", "")) == pytest.approx(expected, abs=1)
        assert panel.picture.value != before

    @pytest.mark.long
    def test_the_first_call_is_that_of_a_function_compiled_anew(self):
        panel = panel_03.FirstCallPanel(calls=3)
        panel.run()
        assert panel.nanoseconds[0] > 100 * panel.nanoseconds[2]

    def test_repeated_and_distinct_inputs(self):
        panel = panel_03.repeated_panel(sizes=(5, 20), rounds=3, sample_seconds=1e-4)
        before = panel.picture.value
        panel.run()
        assert [*panel.races] == [5, 20]
        assert panel.bar.value == panel.bar.max == 6
        for race in panel.races.values():
            learnt = [panel_03.REPEATED, panel_03.REPRICED]
            assert race.candidates == [panel_03.DISTINCT, *learnt]
            for name in learnt:
                ratio = race.speedup(name, over=panel_03.DISTINCT)
                assert f"N = {race.size}: {ratio} (" in panel.sentence.text
        assert panel.picture.value != before

    def test_a_stopped_run_keeps_its_sizes(self):
        panel = panel_03.repeated_panel(sizes=(5, 20), rounds=3, sample_seconds=1e-4)
        panel.bar.observe(lambda c: c.new == 4 and panel.stop_button.click(), names="value")
        panel.run()
        assert [*panel.races] == [5]
        assert "N = 20" not in panel.sentence.text


def stopwatch(call, inputs, warm_up=1, passes=3, per=1.0):
    for _ in range(warm_up):
        for arguments in inputs:
            call(*arguments)
    start = time.perf_counter_ns()
    for _ in range(passes):
        for arguments in inputs:
            call(*arguments)
    return (time.perf_counter_ns() - start) / (passes * len(inputs)) / per


def one_input(call, inputs):
    return stopwatch(call, inputs[:1])


def each_call(call, inputs):
    """Time each call on its own, the first one of each input apart."""
    taken = []
    for arguments in inputs:
        call(*arguments)
        for _ in range(5):
            start = time.perf_counter()
            call(*arguments)
            taken.append(time.perf_counter() - start)
    return 1e9 * np.mean(taken)


def quickest(call, inputs):
    return min(stopwatch(call, [inputs[0]], passes=1) for _ in range(3)) + 0 * stopwatch(
        call, inputs
    )


class TestOwnStopwatch:
    @pytest.mark.parametrize(
        ("answer", "state", "words"),
        [
            (lambda c, i: None, "not done yet", ""),
            (lambda c, i: 1 / 0, "not right yet", "fails: ZeroDivisionError"),
            (lambda c, i: "fast", "not right yet", "one number is wanted"),
            (one_input, "not right yet", "of 4 inputs, 3 were never used"),
            (lambda c, i: stopwatch(c, i, 0, 1), "not right yet", "each input was used once"),
            (lambda c, i: stopwatch(c, i, 0), "not right yet", "The first call is in it"),
            (lambda c, i: stopwatch(c, i, per=1e3), "not right yet", "Are these microseconds"),
            (lambda c, i: stopwatch(c, i, per=1e9), "not right yet", "Are these seconds"),
            (lambda c, i: stopwatch(c, i, per=1 / 12), "not right yet", "Divide by the number"),
            (lambda c, i: stopwatch(c, i, per=1 / 3), "not right yet", "Divide by the number"),
            (quickest, "not right yet", "the quickest or the typical one"),
            (lambda c, i: 7 * stopwatch(c, i), "not right yet", "yours says"),
            (stopwatch, "right", "over 4 inputs"),
            (lambda c, i: stopwatch(c, i, 5, 1000), "right", "over 4 inputs"),
            (each_call, "right", "over 4 inputs"),
        ],
    )
    def test_stopwatch(self, answer, state, words):
        # If the machine stands still during a call, that call is all that counts, and sums look
        # like means: try again.
        for _ in range(3):
            found = checks_03.check_stopwatch(answer)
            if found.state == state and words in found.message:
                break
        assert found.state == state, found.message
        assert words in found.message

    def test_ours_is_shown_as_it_is(self):
        shown = code.our_stopwatch().text
        assert "rng.shuffle(order)" in shown
        assert "timeit" in shown
        assert shown.count("\n") - shown.count("\n\n") <= 18


class TestExercises:
    @pytest.mark.parametrize(
        ("answer", "state", "words"),
        [
            (None, "not done yet", ""),
            (7, "not right yet", "give the letters"),
            ({"A", "Z"}, "not right yet", "no line is called Z; the lines are A to L"),
            ({"A", "B"}, "not right yet", "1 of 8 flaws found.\nB is sound: same arguments"),
            (
                set("ACEFGIK"),
                "not right yet",
                "7 of 8 flaws found.\none you have not named: ",
            ),
            (set("ABCEFGIKL"), "not right yet", "8 of 8 flaws found.\nB is sound"),
            (["a", "c", "e", "f", "g", "i", "k", "l"], "right", "all 8"),
        ],
    )
    def test_flaws(self, answer, state, words):
        verdict = checks_03.check_flaws(answer)
        assert verdict.state == state
        assert words in verdict.message

    def test_the_report_shows_its_lines_and_not_the_answers(self):
        bundle = Report()._repr_mimebundle_()
        for letter, text in REPORT.items():
            assert f"{letter}  {text}" in bundle["text/plain"]
        for answer in (*WHY.values(), *FLAWS.values()):
            assert answer not in "".join(bundle.values())

    @pytest.mark.parametrize(
        ("function", "state", "words"),
        [
            (lambda a, b: None, "not done yet", ""),
            (lambda a, b: 1 / 0, "not right yet", "fails: ZeroDivisionError"),
            (lambda a, b: np.median(b / a), "not right yet", "upside down"),
            (lambda a, b: np.median(a) / np.median(b), "not right yet", "ratio of the medians"),
            (lambda a, b: np.mean(a / b), "not right yet", "mean of the ratios"),
            (lambda a, b: a.mean() / b.mean(), "not right yet", "ratio of the means"),
            (lambda a, b: a.min() / b.min(), "not right yet", "ratio of the minima"),
            (lambda a, b: sorted(a / b)[len(a) // 2], "not right yet", "an even number"),
            (lambda a, b: str(np.median(a / b)), "not right yet", "one number is wanted"),
            (lambda a, b: a / b, "not right yet", "one number is wanted"),
            (lambda a, b: 2 if len(a) == 3 and a[0] > 1 else None, "not right yet", "returns None"),
            (lambda a, b: print(a), "not done yet", "to print a result does not return it"),
            (lambda a, b: np.median(a / b), "right", "5 hidden cases"),
        ],
    )
    def test_paired_ratio(self, function, state, words):
        verdict = checks_03.check_paired_ratio(function)
        assert verdict.state == state
        assert words in verdict.message
