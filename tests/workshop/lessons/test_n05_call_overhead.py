"""The panel and the exercise of notebook 05."""

import re
from zlib import crc32

import numpy as np
import pytest

import market_py
from market_py.benchmark import timing
from market_py.registry import VARIANTS
from market_py.workshop.lessons.n05_call_overhead import checks as checks_05
from market_py.workshop.lessons.n05_call_overhead import overheads
from market_py.workshop.lessons.n05_call_overhead import panel as panel_05
from market_py.workshop.lessons.n05_call_overhead import plots as plots_05

NOISE = np.linspace(-2, 2, 21)
PNG = b"\x89PNG"


def made_up_race(offers, **nanoseconds):
    """A race in which every candidate takes so long, give or take."""
    rounds = {timing.EMPTY_CALL: 50 + NOISE}
    for name, ns in nanoseconds.items():
        rng = np.random.default_rng([offers, crc32(name.encode())])
        rounds[name.replace("_", "-")] = ns + rng.normal(0, 4, NOISE.size)
    return timing.Race(offers, rounds)


def known_race(offers, list_ns=8.0):
    """A race whose overheads are known."""
    kernel = 10.0 * offers
    return made_up_race(
        offers,
        rust_naive=kernel + 900 + list_ns * offers,
        rust_ndarray=kernel + 900,
        rust_naive_unchecked=kernel + 800 + list_ns * offers,
        rust_select_list=600 + list_ns * offers,
        rust_select=700,
        rust_unchecked=600,
        rust_filled=640,
        rust_out=640,
        numba_select=1000,
        numba_filled=750,
        numba_out=650,
    )


class TestCallOverhead:
    def test_overheads_are_the_differences_of_pairs(self):
        found = {
            (overhead.kind, overhead.slower): ratio.value
            for overhead, ratio in overheads.overheads(known_race(200)).items()
        }
        assert found == pytest.approx(
            {
                (overheads.LIST, "rust-naive"): 1600,
                (overheads.BOOKKEEPING, "rust-naive"): 100,
                (overheads.LIST, "rust-select-list"): 1600,
                (overheads.BOOKKEEPING, "rust-select"): 100,
                (overheads.ARRAY, "rust-filled"): 0,
                (overheads.ARRAY, "numba-filled"): 100,
                (overheads.BOXING, "numba-select"): 250,
            },
            abs=6,
        )

    def test_every_overhead_is_between_two_variants_of_one_language(self):
        for overhead in overheads.OVERHEADS:
            assert VARIANTS[overhead.slower].language == VARIANTS[overhead.faster].language
        for name, parts in (overheads.SORTING | overheads.SELECTING).items():
            assert name in VARIANTS
            assert len({part.kind for part in parts}) == len(parts)
            assert set(parts) <= set(overheads.OVERHEADS)

    def test_the_sentence_says_what_is_lost_in_the_noise(self):
        said = panel_05.summary(known_race(200))
        assert said.startswith("N = 200, ns per call: an empty call takes 50; ")
        assert re.search(r"a list, not an array \(rust-naive − rust-ndarray\) 1,\d{3} \[", said)
        lost = said.partition("Indistinguishable from 0: ")[2]
        assert lost == "a new array, not the caller's (rust-filled − rust-out)."

    def test_the_picture_has_a_bar_for_each_candidate(self):
        empty = plots_05.call_overhead(None)
        full = plots_05.call_overhead(known_race(200))
        assert full.startswith(PNG)
        assert full != empty
        only_numba = timing.Race(
            200, {k: v for k, v in known_race(200).rounds.items() if "rust" not in k}
        )
        assert plots_05.call_overhead(only_numba) not in (empty, full)
        assert plots_05.call_overhead(None) == empty

    def test_parts_come_with_hatches_of_their_own(self):
        looks = list(plots_05.STYLES.values())
        assert len(set(looks)) == len(looks)
        hatches = [hatch for _, hatch in looks if hatch]
        assert len(set(hatches)) == len(hatches)

    def test_an_element_costs_what_it_costs(self):
        found = overheads.per_element(known_race(20), known_race(200))
        assert found.low < 8 < found.high
        assert found.high - found.low < 0.1
        assert overheads.per_element(made_up_race(5, numba_out=1), known_race(9)) is None

    def test_the_panel_times_by_button(self):
        panel = panel_05.CallOverheadPanel(rounds=3, sample_seconds=1e-4)
        before = panel.picture.value
        panel.controls["size"].value = 5
        assert panel.races == {}, "moving a slider times nothing"
        race = panel.measure(20)
        assert panel.races == {20: race}
        assert race.finished == 3
        assert panel.bar.value == panel.bar.max
        assert panel.picture.value != before
        assert panel.sentence.text.startswith("N = 20, ns per call: ")
        assert set(race.candidates) <= set(overheads.SORTING | overheads.SELECTING)

    @pytest.mark.long
    def test_sizes_of_other_inputs_are_not_compared(self):
        panel = panel_05.CallOverheadPanel(rounds=3, sample_seconds=1e-4)
        panel.measure(5)
        panel.controls["distribution"].value = "equal"
        race = panel.measure(20)
        assert panel.races == {20: race}

    def test_what_is_returned_is_shown_as_it_is(self):
        found = panel_05.dispatches(20)
        assert {len(dispatch) for dispatch in found.values()} == {20}
        assert isinstance(found["numba-select"], np.ndarray)
        if "rust-naive" in found:
            assert isinstance(found["rust-naive"], list)

    def test_a_stopped_panel_keeps_nothing(self):
        panel = panel_05.CallOverheadPanel(rounds=3, sample_seconds=1e-4)
        panel.advance = panel.stop_button.click
        panel.run()
        assert panel.races == {}
        assert "Stopped: " in panel.sentence.text

    def test_without_rust_it_says_so(self, monkeypatch):
        monkeypatch.setattr(market_py, "available_backends", lambda: ["numba", "python"])
        assert "Without Rust:" in panel_05.CallOverheadPanel().sentence.text

    @pytest.mark.parametrize(
        ("answer", "sizes", "state", "words"),
        [
            (None, (20, 200), "not done yet", ""),
            ((7.95, 8.05), (20, 200), "right", "you say 8.0 to 8.1; your rounds say 8.0"),
            ((8, 8), (20, 200), "right", "ns for each element"),
            ((7.9, 8.1), (200,), "not right yet", "two sizes at least"),
            ((7.9, 8.1), (), "not right yet", "two sizes at least"),
            ((1, 20), (20, 200), "not right yet", "true and says little"),
            ((1430, 1450), (20, 200), "not right yet", "divide by the 180 elements"),
            ((0.00799, 0.00801), (20, 200), "not right yet", "microseconds"),
            ((30, 40), (20, 200), "not right yet", "your rounds say 8.0 ["),
            ((9, 7), (20, 200), "not right yet", "must not exceed"),
            (8, (20, 200), "not right yet", "two ends of an interval"),
            ("79", (20, 200), "not right yet", "two ends of an interval"),
            ((float("nan"), 3), (20, 200), "not right yet", "not a number"),
        ],
    )
    def test_exercise(self, answer, sizes, state, words):
        races = {size: known_race(size) for size in sizes}
        verdict = checks_05.check_list(answer, races)
        assert verdict.state == state
        assert words in verdict.message

    def test_exercise_without_rust(self):
        races = {size: made_up_race(size, numba_out=100) for size in (20, 200)}
        verdict = checks_05.check_list((1, 2), races)
        assert "there is no Rust in your rounds" in verdict.message
