"""The machinery of the notebooks: pictures, panels, exercises, the build cell."""

import base64
import io
import re
import shutil
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
from matplotlib.image import imread

import market_py
from market_py import available_backends, extension
from market_py.benchmark import timing
from market_py.plots import merit_order
from market_py.plots import style as style_
from market_py.reliability import adequacy, rts79
from market_py.workshop import build
from market_py.workshop.grading import check, solution
from market_py.workshop.lessons.n00_start_here import panel as panel_00
from market_py.workshop.lessons.n01_merit_order import checks as checks_01
from market_py.workshop.lessons.n01_merit_order.panel import merit_order_panel, price_duration_panel
from market_py.workshop.lessons.n02_contract import checks as checks_02
from market_py.workshop.lessons.n02_contract.panel import CASES, ContractPanel
from market_py.workshop.lessons.n03_timing import checks as checks_03
from market_py.workshop.lessons.n03_timing import panel as panel_03
from market_py.workshop.lessons.n03_timing.flawed_report import REPORT, Report
from market_py.workshop.lessons.n04_published_result import checks as checks_04
from market_py.workshop.lessons.n04_published_result import plots as plots_04
from market_py.workshop.lessons.n04_published_result.panel import RacePanel, outputs_panel
from market_py.workshop.lessons.n08_batch import checks as checks_08
from market_py.workshop.lessons.n08_batch import outages as years_08
from market_py.workshop.lessons.n08_batch import panel as panel_08
from market_py.workshop.lessons.n08_batch import plots as plots_08
from market_py.workshop.widgets import description
from market_py.workshop.widgets import prediction as prediction_
from market_py.workshop.widgets.controls import slider, stepper
from market_py.workshop.widgets.panel import TIMING_LOCK, Explorer, Job

pytestmark = pytest.mark.filterwarnings("ignore:.*:DeprecationWarning")


def pixels(png):
    return imread(io.BytesIO(png))


class TestPictures:
    def show(self, picture, demand, **offers):
        bids, quantities = rts79.offers(**offers)
        price, dispatch = market_py.market_clearing(bids, quantities, demand, price_cap=1000.0)
        return picture.show(bids, quantities, demand, price, dispatch)

    def test_the_merit_order_moves_and_comes_back(self):
        fuels = [unit.fuel for unit in rts79.UNITS]
        picture = merit_order.MeritOrderPicture(fuels, highest_price=70, highest_quantity=3500)
        first = self.show(picture, 2200.0)
        others = [
            self.show(picture, 2400.0),
            self.show(picture, 2200.0, fuel_prices={"oil": 0.2}),
            self.show(picture, 3400.0, out=("nuclear 400 MW #1",)),
            self.show(picture, 0.0),
        ]
        assert len({first, *others}) == 5
        assert self.show(picture, 2200.0) == first
        assert {pixels(png).shape for png in others} == {pixels(first).shape}
        assert len(picture.figure.axes[0].get_children()) < 40

    def test_the_race_starts_with_the_published_points(self):
        picture = plots_04.RacePicture()
        empty = picture.show([])
        rounds = {
            name: np.linspace(1000, 1100, 9) * factor
            for name, factor in {
                "numba-sort": 1.0,
                "numba-sort (again)": 1.01,
                "rust-naive": 2.0,
                timing.EMPTY_CALL: 0.04,
            }.items()
        }
        race = timing.Race(5, rounds)
        assert picture.show([race]) != empty
        assert picture.show([]) == empty
        without_rust = timing.Race(5, {k: v for k, v in rounds.items() if "rust" not in k})
        assert picture.show([without_rust]) != empty

    def test_colours_differ_for_every_kind_of_eye_by_shape_too(self):
        for styles in (style_.FUEL_STYLES, style_.CANDIDATE_STYLES):
            shapes = [style[1:] for style in styles.values()]
            assert len(set(shapes)) == len(shapes)


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

    def test_a_saved_panel_is_never_blank(self):
        panel = merit_order_panel()
        bundle = panel._repr_mimebundle_()
        assert base64.b64decode(bundle["image/png"]) == panel.picture.value
        assert bundle["text/plain"] == panel.sentence.text
        assert "application/vnd.jupyter.widget-view+json" in bundle
        assert "<table>" in ContractPanel()._repr_mimebundle_()["text/html"]

    def test_the_picture_is_named_by_its_sentence(self):
        panel = merit_order_panel()
        assert panel.picture.alt == panel.sentence.text
        before = panel.sentence.text
        panel.sentence.say("Running …")
        assert panel.picture.alt == before
        panel.show((b"", "a < b"))
        assert (panel.picture.alt, panel.sentence.text) == ("a < b", "a < b")

    def test_an_error_is_said_where_the_reader_looks(self):
        def answer(x):
            if x > 1:
                raise ZeroDivisionError("boom")
            return b"", "fine"

        panel = Explorer({"x": slider("x", 1, 0, 5, 1, "")}, answer, 100)
        panel.controls["x"].value = 2
        panel.wait()
        assert panel.sentence.alarm
        assert "boom" in panel.sentence.text
        panel.controls["x"].value = 0
        panel.wait()
        assert panel.sentence.text == "fine"
        assert not panel.sentence.alarm

    def test_a_fast_slider_ends_at_its_last_value(self):
        drawn = []

        def answer(x):
            drawn.append(x)
            threading.Event().wait(0.02)
            return b"", f"{x}"

        panel = Explorer({"x": slider("x", 0, 0, 100, 1, "")}, answer, 100)
        for x in range(1, 51):
            panel.controls["x"].value = x
        panel.wait()
        assert panel.sentence.text == "50"
        assert len(drawn) < 50

    def test_a_job_reports_and_can_be_stopped_and_run_again(self):
        class Count(Job):
            def work(self):
                for i in range(5):
                    if self.is_stopped():
                        return
                    self.advance()
                    self.show((b"", str(i)))
                    if i == self.stop_at:
                        self.stop_button.click()

        job = Count("Go", 5, (b"", "ready"), 100)
        job.stop_at = 2
        job.run()
        assert (job.bar.value, job.sentence.text) == (3, "2")
        assert job.stop_button.disabled
        assert not job.button.disabled
        job.stop_at = None
        job.run()
        assert (job.bar.value, job.sentence.text) == (5, "4")

    def test_a_hidden_slider_hides_no_other(self):
        one, other = (stepper("N", [1, 2], 1) for _ in range(2))
        one.layout.display = "none"
        assert other.layout.display is None

    def test_a_second_click_starts_nothing(self):
        class Count(Job):
            runs = 0

            def work(self):
                self.runs += 1
                go_on.wait(10)

        go_on, job = threading.Event(), Count("Go", 1, (b"", "ready"), 100)
        before = threading.active_count()
        job.button.click()
        job.button.click()
        assert threading.active_count() == before + 1
        go_on.set()
        while job.button.disabled:
            time.sleep(0.01)
        assert job.runs == 1

    def test_one_job_at_a_time(self):
        class Say(Job):
            def work(self):
                self.show((b"", "done"))

        job = Say("Go", 1, (b"", "ready"), 100)
        with TIMING_LOCK:
            waiting = threading.Thread(target=job.run)
            waiting.start()
            waiting.join(0.3)
            assert job.sentence.text == "Waiting for the panel that runs …"
            assert not job.stop_button.disabled
            job.stop_button.click()
            waiting.join(10)
            assert job.sentence.text == "Stopped before it began. As before: ready"
            assert not job.button.disabled
        job.run()
        assert job.sentence.text == "done"

    def test_a_job_that_fails_says_so(self):
        job = Job("Go", 1, (b"", "ready"), 100)
        with pytest.raises(TypeError, match="does not say what to do"):
            job.run()
        assert job.sentence.alarm
        assert not job.button.disabled

    def test_outputs_are_compared(self):
        panel = outputs_panel()
        one, other, *_ = [n for n in ("numba", "rust", "numpy") if n in available_backends()]
        assert f"{one} clears at" in panel.sentence.text
        found = re.search(
            f"{other}: the same price, dispatch differs by at most (\\S+) MW", panel.sentence.text
        )
        assert float(found[1]) < 1e-9
        before = panel.picture.value
        panel.controls["distribution"].value = "few price levels (ties)"
        panel.wait()
        assert panel.picture.value != before

    def test_the_race_runs_by_button(self):
        panel = RacePanel(sizes=(5, 10), rounds=3)
        before = panel.picture.value
        panel.run()
        assert [race.size for race in panel.races] == [5, 10]
        assert panel.bar.value == panel.bar.max == 6
        assert panel.picture.value != before
        assert panel.sentence.text
        if "rust" in available_backends():
            answer = checks_04.crossover(panel.races)
            assert checks_04.check_crossover(answer, panel.races).state == "right"

    def test_sizes_inputs_and_variants_of_the_race_are_chosen(self):
        panel = RacePanel(sizes=(5, 10), rounds=3)
        panel.controls["largest"].value = 5
        panel.controls["distribution"].value = "equal"
        panel.controls["other"].value = "numba-keys"
        panel.run()
        (race,) = panel.races
        assert race.size == 5
        assert "numba-keys" in race.rounds
        assert panel.bar.value == panel.bar.max == 3
        if "rust" in available_backends():
            assert panel.sentence.text.startswith("Inputs: equal. ")
            assert f"N = 5: {race.speedup('rust-naive', 'numba-sort')}" in panel.sentence.text


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
            "Stopped before the end: nothing is kept of this run. "
            "As before: Choose, then press the button."
        )
        assert panel.picture.value == before
        assert panel.race is None

    def test_the_first_call_compiles(self):
        def compile_it():
            called = []

            def clear(*market):
                called.append(market)
                threading.Event().wait(0.05 if len(called) == 1 else 0.0001)

            return clear

        panel = panel_03.FirstCallPanel(calls=300, compile_it=compile_it)
        before = panel.picture.value
        panel.run()
        assert panel.bar.value == len(panel.nanoseconds) == 300
        assert panel.nanoseconds[0] > 5e7
        found = re.search("as long as ([0-9,]+) later ones", panel.sentence.text)
        expected = panel.nanoseconds[0] / np.median(panel.nanoseconds[1:])
        assert float(found[1].replace(",", "")) == pytest.approx(expected, abs=1)
        assert panel.picture.value != before

    def test_the_first_call_is_that_of_a_function_compiled_anew(self):
        panel = panel_03.FirstCallPanel(calls=3)
        panel.run()
        assert panel.nanoseconds[0] > 100 * panel.nanoseconds[2]

    def test_repeated_and_distinct_inputs(self):
        panel = panel_03.RepeatedPanel(sizes=(5, 20), rounds=3, sample_seconds=1e-4)
        before = panel.picture.value
        panel.run()
        assert [race.size for race in panel.races] == [5, 20]
        assert panel.bar.value == panel.bar.max == 6
        for race in panel.races:
            learnt = [panel_03.REPEATED, panel_03.REPRICED]
            assert race.candidates == [panel_03.DISTINCT, *learnt]
            for name in learnt:
                ratio = race.speedup(name, over=panel_03.DISTINCT)
                assert f"N = {race.size}: {ratio} (" in panel.sentence.text
        assert panel.picture.value != before

    def test_a_stopped_run_keeps_its_sizes(self):
        panel = panel_03.RepeatedPanel(sizes=(5, 20), rounds=3, sample_seconds=1e-4)
        panel.bar.observe(lambda c: c.new == 4 and panel.stop_button.click(), names="value")
        panel.run()
        assert [race.size for race in panel.races] == [5]
        assert "N = 20" not in panel.sentence.text


def search_up_to(most, single, fixed, each):
    fitting = (b for b in range(1, most) if fixed + each * b <= single * b)
    return next(fitting, np.inf)


class TestBatches:
    def panel(self):
        panel = panel_08.BatchPanel(rounds=3, sample_seconds=1e-4)
        panel.controls["largest"].value = 8
        return panel

    @pytest.mark.parametrize("bids", ["own bids", "shared bids"])
    def test_all_ways_are_timed_by_button(self, bids):
        panel = self.panel()
        panel.controls["bids"].value = bids
        before = panel.picture.value
        panel.run()
        assert list(panel.races) == [1, 2, 4, 8]
        assert panel.bar.value == panel.bar.max == 12
        ways = {
            f"{name} {way}"
            for name in panel_08.present()
            for way in ("one by one", "batch", "batch, 2 threads")
        }
        for race in panel.races.values():
            assert set(race.candidates) == ways
        for name in panel_08.present():
            assert f"{panel_08.ratio(panel.races[8], name)} times as fast" in panel.sentence.text
        assert panel.picture.value != before
        answer = panel_08.break_even(panel.races, "numba")
        assert checks_08.check_break_even(answer, panel.races).state == "right"

    def test_a_stopped_run_keeps_its_sizes(self):
        panel = self.panel()
        panel.bar.observe(lambda c: c.new == 4 and panel.stop_button.click(), names="value")
        panel.run()
        assert list(panel.races) == [1]
        panel.bar.unobserve_all()
        panel.bar.observe(lambda _: panel.stop_button.click(), names="value")
        panel.run()
        assert panel.sentence.text == "Stopped before the first size was done."

    def test_ways_that_disagree_are_not_timed(self):
        batch = panel_08.inputs.make_batches("own bids", 4, distinct=1)[0]
        ways = panel_08.ways_to_clear(["numba"], 2)
        panel_08.verify(ways, batch)
        clear, one_by_one = ways["numba batch"]

        def wrong(*arguments):
            prices, dispatch = clear(*arguments)
            return prices + 1, dispatch

        with pytest.raises(timing.Disagreement):
            panel_08.verify(ways | {"wrong": (wrong, one_by_one)}, batch)

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
            ((4, 8), "not right yet", "between 2 and 4"),
            ((1, 8), "not right yet", "between 2 and 4"),
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
        panel.controls["years"].value = 20
        panel.controls["threads"].value = 2
        panel.controls["seed"].value = 3
        panel.run()
        found = adequacy.simulate(20, seed=3)
        assert panel.simulation == found
        assert panel.bar.value == panel.bar.max == 20
        assert panel.sentence.text.startswith(f"20 years: {found.loss_of_load} hours of lost load")
        assert "174,720 markets" in panel.sentence.text
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
        assert len(parts) == 3
        assert all(0 < low <= median <= high for low, median, high in parts.values())


class TestContract:
    @pytest.mark.parametrize("case", CASES)
    def test_all_backends_agree(self, case):
        panel = ContractPanel()
        panel.cases.value = case
        assert panel.sentence.text.endswith("All backends agree.")
        for name in market_py.available_backends():
            assert f">{name}</th>" in panel.table.value

    def test_disagreement_would_be_said(self, monkeypatch):
        answers = iter([(1.0, [1.0]), (2.0, [1.0]), (1.0, [1.0]), (1.0, [1.0])])
        monkeypatch.setattr(
            "market_py.workshop.lessons.n02_contract.panel.ask", lambda *_: next(answers)
        )
        case = {"bids": [1.0], "quantities": [1.0], "demand": 1.0}
        monkeypatch.setattr("market_py.workshop.lessons.n02_contract.panel.CASES", {"plain": case})
        assert "do NOT agree" in ContractPanel().sentence.text


def test_a_solution_says_that_it_is_not_run(capsys):
    solution._leave_alone("the marginal offer", "raise ValueError")
    assert "copy it into the exercise" in capsys.readouterr().out


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


def wrong_sort(bids, quantities, demand):
    """Cumulate in the order of arrival."""
    dispatch = np.diff(np.minimum(np.cumsum([0, *quantities]), demand))
    return bids[np.flatnonzero(dispatch)[-1]], dispatch


def published(bids, quantities, demand):
    return market_py.get_variant("numba-sort")(bids, quantities, demand)


def only_several(bids, quantities, demand):
    """Fail where there is one offer only, which no hidden case has."""
    bids[1]
    return market_py.market_clearing(bids, quantities, demand)


def in_place(bids, quantities, demand):
    bids.sort()
    return wrong_sort(bids, quantities, demand)


def specified(bids, quantities, demand):
    return market_py.market_clearing(bids, quantities, demand, backend="python")


def nothing_at_a_shortage(bids, quantities, demand):
    return specified(bids, quantities, demand) if demand <= quantities.sum() + 1e-9 else None


def too_tolerant(bids, quantities, demand):
    price, _ = specified(bids, quantities, demand * (1 - 1e-6))
    return price, specified(bids, quantities, demand)[1]


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

    @pytest.mark.parametrize(
        ("answer", "state", "words"),
        [
            (lambda b, q, d: None, "not done yet", ""),
            (lambda b, q, d: 1 / 0, "not right yet", "fails: ZeroDivisionError"),
            (lambda b, q, d: (20, [1, 2]), "not right yet", "dispatch of shape (2,)"),
            (lambda b, q, d: 20, "not right yet", "return price, dispatch"),
            (lambda b, q, d: (q, b), "not right yet", "wanted are a number first"),
            (lambda b, q, d: (None, q), "not right yet", "returns the price None"),
            (lambda b, q, d: print(d), "not done yet", "to print a result does not return it"),
            (nothing_at_a_shortage, "not right yet", "a shortage: all runs"),
            (too_tolerant, "not right yet", "more than a billionth"),
            (
                only_several,
                "not right yet",
                "a random market: clear([0.0], [15.0], 6) fails: IndexError",
            ),
            (wrong_sort, "not right yet", "expected price 20"),
            (in_place, "not right yet", "changes its inputs"),
            (published, "not right yet", "an offer of nothing sets no price"),
            (market_py.get_backend("numpy").market_clearing, "right", "200 random markets"),
        ],
    )
    def test_clear(self, answer, state, words):
        verdict = checks_02.check_clear(answer)
        assert verdict.state == state
        assert words in verdict.message

    def races(self, *ratios):
        noise = np.linspace(0.99, 1.01, 21)
        return [
            timing.Race(
                n,
                {
                    "numba-sort": 100 * ratio * noise,
                    "numba-sort (again)": 100 * ratio * noise,
                    "rust-naive": 100 * noise[::-1],
                },
            )
            for n, ratio in zip((5, 10, 20, 50), ratios, strict=False)
        ]

    @pytest.mark.parametrize(
        ("answer", "ratios", "state", "words"),
        [
            (None, (2, 1.5), "not done yet", ""),
            ((5, 10), (), "not right yet", "run the race first"),
            ((10, 20), (2, 1.5, 0.7, 0.5), "right", "between 10 and 20"),
            ((1, 5), (2, 1.5, 0.7, 0.5), "not right yet", "between 10 and 20"),
            ((12, 15), (2, 1.5, 0.7, 0.5), "right", "between 10 and 20"),
            ((5, 50), (2, 1.5, 0.7, 0.5), "not right yet", "between 10 and 20"),
            ((0, float("inf")), (2, 1.5, 0.7, 0.5), "not right yet", "between 10 and 20"),
            ((0, float("inf")), (2, 1.5, 1.2, 1.1), "not right yet", "between 50 and inf"),
            ((20, 10), (2, 1.5, 0.7, 0.5), "not right yet", "must not exceed"),
            ("ten", (2, 1.5), "not right yet", "two numbers"),
            ("59", (2, 0.5), "not right yet", "two numbers"),
            ({5, 10}, (2, 0.5), "not right yet", "two numbers"),
            ((float("inf"), float("inf")), (2, 1.5, 1.2, 1.1), "not right yet", "50 and inf"),
            ((50, float("inf")), (2, 1.5, 1.2, 1.1), "right", "between 50 and inf"),
            ((0, 5), (0.9, 0.8), "right", "between 0 and 5"),
        ],
    )
    def test_crossover(self, answer, ratios, state, words):
        verdict = checks_04.check_crossover(answer, self.races(*ratios))
        assert verdict.state == state
        assert words in verdict.message

    @pytest.mark.parametrize(
        ("answer", "state", "words"),
        [
            (None, "not done yet", ""),
            (7, "not right yet", "give the letters"),
            ({"A", "Z"}, "not right yet", "no line is called Z; the lines are A to L"),
            ({"A", "B"}, "not right yet", "1 of 8 lies found.\nB is innocent: same arguments"),
            (
                set("ACEFGIK"),
                "not right yet",
                "7 of 8 lies found.\none you have not named: ",
            ),
            (set("ABCEFGIKL"), "not right yet", "8 of 8 lies found.\nB is innocent"),
            (["a", "c", "e", "f", "g", "i", "k", "l"], "right", "all 8"),
        ],
    )
    def test_lies(self, answer, state, words):
        verdict = checks_03.check_lies(answer)
        assert verdict.state == state
        assert words in verdict.message

    def test_the_report_shows_its_lines_and_not_the_answers(self):
        bundle = Report()._repr_mimebundle_()
        for letter, line in REPORT.items():
            assert f"{letter}  {line.text}" in bundle["text/plain"]
            assert line.why not in "".join(bundle.values())
            assert line.lie is None or line.lie not in "".join(bundle.values())

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

    def test_verdicts_are_words_and_signs(self):
        verdict = check.hint("2 < 3")
        assert str(verdict) == "✗ not right yet: 2 < 3"
        assert "2 &lt; 3" in verdict._repr_mimebundle_()["text/html"]

    def test_a_prediction_is_remembered(self):
        prediction = prediction_.Prediction("Which?", ["this", "that"])
        recalled = prediction.recall()
        assert prediction.answer is None
        assert "nothing yet" in recalled.text
        prediction.choice.value = "that"
        assert prediction.answer == "that"
        assert recalled.text == "You predicted: that."


class TestBuildCell:
    def test_it_streams_and_reports(self, capfd):
        if shutil.which("cargo") is None:
            pytest.skip("no cargo")
        build.make("build-rust")
        printed = capfd.readouterr().out
        assert "In a fresh process:\n  the Rust extension is current" in printed

    def test_it_fails_loudly(self):
        with pytest.raises(build.BuildError, match="make no-such-verb failed with status 2"):
            build.make("no-such-verb")

    def test_without_cargo_it_says_what_to_do(self, monkeypatch, capsys):
        monkeypatch.setattr(build, "_environment", lambda: {"PATH": ""})
        build.make("build-rust")
        assert "https://rustup.rs" in capsys.readouterr().out

    def test_a_kernel_with_an_older_build_is_told(self, monkeypatch, capsys):
        done = subprocess.CompletedProcess([], 0, stdout="current\n")
        monkeypatch.setattr(subprocess, "run", lambda *_, **__: done)
        monkeypatch.setitem(sys.modules, "rust_market", object())
        monkeypatch.setattr(build, "status", lambda: (False, "older than its sources"))
        build._report()
        assert "Restart the kernel" in capsys.readouterr().out


def test_the_echo_answers():
    echo = panel_00.Echo()
    echo.slider.value = 30
    assert "received 30 and answers 60" in echo.sentence.text


def test_the_build_list_is_that_of_build_rs():
    source = (extension.CRATE / "build.rs").read_text()
    for path in extension.SOURCES:
        assert f'"{path}"' in source
    assert f"[&str; {len(extension.SOURCES)}]" in source
