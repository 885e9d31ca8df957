"""The panels and the exercise of notebook 06."""

import re

import numpy as np
import pytest

import market_py
from market_py.benchmark import inputs, operation_counts, timing
from market_py.workshop.lessons.n06_sort_and_allocation import panel as panel_06

NOISE = np.linspace(-2, 2, 21)
PNG = b"\x89PNG"


class TestSorting:
    @pytest.mark.parametrize("share", [0, 50, 95, 100])
    def test_so_much_is_in_order(self, share):
        bids = panel_06.partly_sorted(1000, share, np.random.default_rng(1))
        in_place = np.mean(bids == np.sort(bids))
        assert in_place == pytest.approx(share / 100, abs=0.01)
        assert in_place >= share / 100

    def test_markets_are_distinct_or_one(self):
        many = panel_06.make_markets(panel_06.Conditions(20, 50, panel_06.DISTINCT))
        assert len({bids.tobytes() for bids, _, _ in many}) == inputs.DISTINCT
        one = panel_06.make_markets(panel_06.Conditions(20, 50, panel_06.REPEATED))
        assert len(one) == inputs.DISTINCT
        assert len({id(market) for market in one}) == 1

    def race(self, factor=1.0):
        names = [*panel_06.TIMED_VARIANTS, f"numba-sort{timing.AA_SUFFIX}"]
        return timing.Race(
            200,
            {name: factor * (1000 - 100 * i + NOISE) for i, name in enumerate(names[:-1])}
            | {names[-1]: factor * (1000 + NOISE[::-1]), timing.EMPTY_CALL: 50 + NOISE},
        )

    def test_the_sentence_says_what_each_step_was_worth(self):
        now, before = (panel_06.Conditions(200, share, panel_06.DISTINCT) for share in (0, 50))
        said = panel_06.summary((before, self.race(2.0)), (now, self.race()))
        assert said.startswith(
            "200 offers, 0 % in order, 256 different markets: numba-sort 1.00 µs, "
        )
        assert re.search(
            r"numba-scratch is 1\.11 \[.*?\] times as fast as numba-sort \(faster\)", said
        )
        assert "rust-ndarray over" not in said
        assert "Time, as a multiple of the run before: numba-sort 0.50, " in said

    def test_the_panel_compares_with_the_run_before(self):
        panel = panel_06.SortingPanel(rounds=3, sample_seconds=1e-4)
        seen = [panel.picture.value]
        panel.size.value = 20
        panel.run()
        seen.append(panel.picture.value)
        panel.ordered.value = 95
        panel.markets.value = panel_06.REPEATED
        assert len(panel.runs) == 1, "moving a slider times nothing"
        panel.run()
        seen.append(panel.picture.value)
        assert len(set(seen)) == 3
        assert all(png[:4] == PNG for png in seen)
        assert panel.sentence.text.startswith("20 offers, 95 % in order, one market, repeated: ")
        assert "a multiple of the run before" in panel.sentence.text

    def test_variants_are_chosen(self):
        panel = panel_06.SortingPanel(rounds=2, sample_seconds=1e-4)
        panel.size.value = 20
        for name, toggle in panel.variants.items():
            toggle.value = name == "numba-keys"
        panel.run()
        assert panel.runs[0][1].candidates == ["numba-keys"]
        panel.variants["numba-keys"].value = False
        panel.run()
        assert "No variant is switched on" in panel.sentence.text
        assert len(panel.runs) == 1

    def test_a_stopped_panel_keeps_nothing(self):
        panel = panel_06.SortingPanel(rounds=3, sample_seconds=1e-4)
        panel.size.value = 20
        panel.advance = panel.stop_button.click
        panel.run()
        assert panel.runs == []
        assert "Stopped: " in panel.sentence.text

    def test_without_rust_its_variants_are_off(self, monkeypatch):
        monkeypatch.setattr(market_py, "available_backends", lambda: ["numba", "python"])
        monkeypatch.setattr(market_py, "available_variants", lambda: ["numba-sort", "numba-keys"])
        panel = panel_06.SortingPanel()
        assert [name for name, toggle in panel.variants.items() if toggle.value] == [
            "numba-sort",
            "numba-keys",
        ]
        assert panel.variants["rust-keys"].disabled
        assert "Without Rust:" in panel.sentence.text

    WORKS = (
        operation_counts.OperationCounts("rust-naive", 6, 1619.18, 7),
        operation_counts.OperationCounts("rust-select", 0, 0, 4.84),
        operation_counts.OperationCounts("numba-sort", 12.0, None, None),
    )

    def test_counts_are_shown(self, monkeypatch):
        asked = []
        monkeypatch.setattr(
            operation_counts, "count", lambda n: asked.append(n) or list(self.WORKS)
        )
        panel = panel_06.CountsPanel()
        before = panel.picture.value
        assert asked == [], "nothing is built before the button is pressed"
        panel.run()
        assert asked == [200]
        assert panel.picture.value[:4] == PNG
        assert panel.picture.value != before
        assert panel.sentence.text == (
            "200 offers, per market: numba-sort asks for 12 blocks of memory, the most; none: "
            "rust-select. rust-naive compares 1,619.2 pairs of offers to sort them. "
            "A dash: not counted."
        )
        assert ">1,619.2</td>" in panel.table.value
        assert ">–</td>" in panel.table.value

    def test_without_cargo_it_says_what_to_do(self, monkeypatch):
        monkeypatch.setattr(operation_counts.shutil, "which", lambda _: None)
        panel = panel_06.CountsPanel()
        panel.run()
        assert "get Rust from https://rustup.rs" in panel.sentence.text
        assert not panel.button.disabled
