"""Notebook 10: the stored run explored, the waterfall, decisions, and verdicts that cite."""

import numpy as np
import pytest

import market_py
from market_py.benchmark import reference
from market_py.benchmark.report.waterfall import ORDERS, savings
from market_py.benchmark.results import KINDS
from market_py.benchmark.timing import AA_SUFFIX, Race
from market_py.workshop.lessons.n10_verdict import checks as checks_10
from market_py.workshop.lessons.n10_verdict import decision
from market_py.workshop.lessons.n10_verdict import panel as panel_10
from market_py.workshop.lessons.n10_verdict import plots as plots_10
from market_py.workshop.lessons.n10_verdict.card import VerdictCard
from market_py.workshop.lessons.n10_verdict.checks import Claim, Recommendation
from market_py.workshop.lessons.n10_verdict.evidence import Evidence
from market_py.workshop.widgets import stored_races

WITH_RUST = "rust" in market_py.available_backends()
needs_rust = pytest.mark.skipif(not WITH_RUST, reason="no Rust here")


def made_up_race(offers=200, spread=0.01, **nanoseconds):
    """A race in which every candidate takes what is said, a little more or less."""
    rng = np.random.default_rng(0)
    rounds = {
        name.replace("_", "-"): time * rng.normal(1, spread, 21)
        for name, time in nanoseconds.items()
    }
    first = next(iter(rounds))
    rounds[first + AA_SUFFIX] = rounds[first] * rng.normal(1, spread, 21)
    return Race(offers, rounds)


@pytest.fixture(scope="module")
def waterfall():
    """As it stands before anything is measured or chosen."""
    return panel_10.WaterfallPanel()


class TestStored:
    @pytest.mark.parametrize(
        "kind",
        ["single", *(pytest.param(it, marks=pytest.mark.long) for it in KINDS if it != "single")],
    )
    def test_every_section_can_be_explored(self, kind):
        shown = stored_races.StoredRaces(kind)
        assert reference.place(reference.reference()) in shown.sentence
        assert shown.png().startswith(b"\x89PNG")

    def test_python_may_choose_the_race_and_what_it_is_compared_with(self):
        shown = stored_races.StoredRaces("single", "repeated")
        race = reference.reference().find("single", "random", 50)
        shown.size = 50
        ratio, said = race.speedup("rust", "numba-sort"), race.verdict("rust", "numba-sort")
        assert f"rust {ratio} times as fast, {said}" in shown.sentence
        before = shown.png()
        shown.over = "rust"
        assert str(race.speedup("numba", "rust")) in shown.sentence
        assert shown.png() != before

    def test_what_does_not_exist_becomes_what_is_next_to_it(self):
        shown = stored_races.StoredRaces("single", "repeated", "distributions", over="rust")
        shown.size = 700_000
        assert shown.size == 1_000_000
        shown.kind = "repeated"
        assert tuple(shown.chosen.values()) == ("repeated", "random", 200, "numba-sort")
        shown.kind, shown.distribution = "distributions", "rts79"
        assert tuple(shown.chosen.values()) == ("distributions", "rts79", 32, "numba")
        assert "rts79, N = 32, " in shown.sentence
        with pytest.raises(ValueError, match="kind = 'ladder'"):
            shown.kind = "ladder"
        with pytest.raises(ValueError, match="size = 0"):
            shown.size = 0

    def test_a_page_without_a_kernel_knows_every_race(self):
        shown = stored_races.StoredRaces("repeated")
        assert len(shown.races) == 1
        assert '"repeated/same order/50/rust-naive"' in shown.html()

    def test_policies_are_asked_for_rows(self):
        shown = stored_races.StoredRaces("policy", over="numpy", size="rows")
        assert "64 rows a call. Over numpy: " in shown.sentence

    @pytest.mark.long
    def test_names_leave_out_the_others(self):
        shown = stored_races.StoredRaces("ladder", names=("numba-sort", "rust-naive"))
        assert "rust-naive" in shown.sentence
        assert "rust-keys" not in shown.sentence

    def test_batches_are_told_per_market(self):
        timed = next(reference.reference().of_kind("batch"))
        picture = stored_races.stored_picture(9)
        (axes,) = picture.figure(timed, timed.race.candidates, "numba-sort").axes
        assert "per market" in axes.get_xlabel()
        median = np.median(timed.race.rounds["numba-sort"]) / timed.markets
        unit = {"ns": 1, "µs": 1e3}[axes.get_xlabel()[:2]]
        assert axes.patches[0].get_width() == pytest.approx(median / unit)


class TestWaterfall:
    def test_the_stored_run_is_there_without_running(self):
        panel = panel_10.WaterfallPanel()
        for order in ORDERS:
            panel.controls["order"].value = order.name
            panel.wait()
            found = savings(reference.reference().find("ladder", "random", 200), order)
            assert panel.savings(order.name) == found
            for saving in found:
                assert saving.fix.removed in panel.sentence.text
                assert f"{saving.nanoseconds.value:,.0f}" in panel.sentence.text
        assert panel.evidence == []

    def test_inputs_change_it(self):
        panel = panel_10.WaterfallPanel()
        before = panel.picture.value, panel.sentence.text
        panel.controls["inputs"].value = "one market, repeated"
        panel.wait()
        assert panel.picture.value != before[0]
        assert panel.sentence.text != before[1]

    def test_ones_own_is_measured_by_button(self):
        panel = panel_10.WaterfallPanel(rounds=3, sample_seconds=1e-4)
        panel.controls["size"].value = 20
        panel.controls["order"].value = "numba, forward"
        panel.controls["source"].value = panel_10.OWN
        panel.wait()
        assert panel.sentence.text.startswith("Not measured yet")
        panel.run()
        panel.wait()
        assert "Measured here" in panel.sentence.text
        assert "N = 20. numba, forward" in panel.sentence.text
        (own,) = panel.evidence
        assert own.race is panel.race()
        assert own.race.finished == panel.bar.value == 3
        assert ("rust-naive" in own.race.rounds) == WITH_RUST

    @pytest.mark.parametrize("order", ORDERS, ids=lambda order: order.name)
    @pytest.mark.parametrize("times", [1, 10])
    def test_nothing_in_the_picture_is_cut_off(self, order, times):
        race = reference.reference().find("ladder", "random", 200)
        race = Race(200, {name: times * rounds for name, rounds in race.rounds.items()})
        picture = plots_10.waterfall.figure(race, savings(race, order))
        picture.canvas.draw()
        (axes,) = picture.axes
        for written in (*axes.texts, *axes.get_yticklabels(), axes.xaxis.label):
            box = written.get_window_extent()
            assert 0 <= box.x0 < box.x1 <= plots_10.waterfall.width, written.get_text()

    @pytest.mark.long
    def test_a_stopped_run_keeps_nothing(self):
        panel = panel_10.WaterfallPanel(rounds=3, sample_seconds=1e-4)
        panel.is_stopped = lambda: True
        panel.run()
        assert panel.sentence.text.startswith("Stopped")
        assert panel.measured == {}

    def test_without_rust_its_orders_say_what_is_missing(self, monkeypatch):
        panel = panel_10.WaterfallPanel()
        race = made_up_race(numba_sort=9.0, numba_scratch=8.0)
        panel.measured["distinct markets", 200] = Evidence(race, "random", 1, "here")
        monkeypatch.setattr(market_py, "available_backends", lambda: ["numba"])
        panel.controls["source"].value = panel_10.OWN
        panel.wait()
        assert "Rust, forward was not measured. Without Rust:" in panel.sentence.text


PLAN = decision.Plan(2.0, 0.5, 100, {"numba": 10.0, "rust": 40.0}, 0.2)
SINGLE = decision.Case(200, 1, 1)


class TestDecision:
    def test_a_study_is_clearing_and_the_rest(self):
        race = made_up_race(spread=0.0, numba=3600.0, rust=1800.0)
        found = decision.decide(race, SINGLE, PLAN)
        assert found.clearing == pytest.approx({"numba": 1.0, "rust": 0.5})
        assert found.rest == pytest.approx(1.0)
        assert found.saved.value == pytest.approx(0.5)
        # Half an hour saved a hundred times, a fifth of that is work; thirty hours more to write.
        assert found.gained.value == pytest.approx(0.2 * 100 * 0.5 - 30)
        assert found.verdict == "faster"
        assert found.cheaper == "numba"

    def test_many_studies_pay_it_back(self):
        race = made_up_race(spread=0.0, numba=3600.0, rust=1800.0)
        plan = decision.Plan(2.0, 0.5, 1000, PLAN.hours, 0.2)
        found = decision.decide(race, SINGLE, plan)
        assert found.cheaper == "rust"
        said = decision.sentence(found, plan)
        assert "rust costs less, by 70.0 [70.0, 70.0] hours" in said
        assert "comes back after 300 studies" in said

    def test_numba_may_be_the_faster_one(self):
        race = made_up_race(spread=0.001, numba=1000.0, rust=3000.0)
        found = decision.decide(race, SINGLE, PLAN)
        said = decision.sentence(found, PLAN)
        assert found.verdict == "slower"
        assert "as fast as numba: slower" in said
        assert "numba saves" in said
        assert "numba costs less" in said

    def test_what_cannot_be_told_apart_is_said(self):
        race = made_up_race(spread=0.2, numba=1000.0, rust=1001.0)
        found = decision.decide(race, SINGLE, PLAN)
        said = decision.sentence(found, PLAN)
        assert found.verdict == "indistinguishable"
        assert "indistinguishable" in said
        assert "saves" not in said.replace("of what rust saves", "")

    def test_the_race_on_so_many_threads_decides(self):
        race = made_up_race(32, spread=0.0, numba=1e6, rust=1e6)
        on_two = made_up_race(32, spread=0.0, numba=1e6, rust=0.25e6).rounds
        rounds = {f"{name}, 2 threads": on_two[name] for name in ("numba", "rust")}
        race = Race(32, {**race.rounds, **rounds})
        found = decision.decide(race, decision.Case(32, 1000, 2), PLAN)
        assert found.clearing == pytest.approx({"numba": 1.0, "rust": 0.25})

    def test_a_smaller_share_saves_less(self):
        race = made_up_race(spread=0.0, numba=3600.0, rust=1800.0)
        saved = [
            decision.decide(race, SINGLE, PLAN._replace(share=share)).saved.value
            for share in (0.05, 0.5)
        ]
        assert saved == pytest.approx([0.05, 0.5])

    @pytest.mark.parametrize(
        ("case", "kind", "distribution"),
        [
            (decision.Case(200, 1, 1), "single", "random"),
            (decision.Case(32, 10_000, 1), "batch", "own bids"),
            (decision.Case(32, 10_000, 2), "batch", "own bids"),
        ],
    )
    def test_the_stored_run_answers(self, case, kind, distribution):
        race = reference.reference().find(kind, distribution, case.offers)
        assert decision.stored_cases()[case] is race

    @pytest.mark.parametrize("case", [(32, 1, 1), (32, 1000, 1), (32, 10_000, 4), (32, 100, 1)])
    def test_what_nobody_has_measured_is_not_made_up(self, case):
        assert decision.Case(*case) not in decision.stored_cases()

    def test_every_slider_is_answered(self):
        panel = panel_10.decision_panel()
        for name, value in {
            "markets": 1,
            "offers": 200,
            "study": 1000,
            "share": 80,
            "studies": 10_000,
            "numba": 50,
            "rust": 10,
            "worth": 90,
        }.items():
            before = panel.picture.value, panel.sentence.text
            panel.controls[name].value = value
            panel.wait()
            assert panel.sentence.text != before[1], name
        assert "200 offers, one market a call" in panel.sentence.text
        race = reference.reference().find("single", "random", 200)
        assert str(race.speedup("rust", "numba")) in panel.sentence.text
        panel.controls["markets"].value = 10
        panel.wait()
        assert panel.sentence.text.startswith("This case has not been measured yet")
        for case in decision.stored_cases():
            assert case.call in panel.sentence.text
            assert f" {case.offers:,}" in panel.sentence.text

    @pytest.mark.parametrize("case", [(5, 10, 2), pytest.param((20, 1, 1), marks=pytest.mark.long)])
    def test_a_case_is_measured_by_button(self, case):
        panel = panel_10.decision_panel(rounds=3, sample_seconds=1e-4)
        for name, value in zip(("offers", "markets", "threads"), case, strict=True):
            panel.controls[name].value = value
        panel.run()
        panel.wait()
        if WITH_RUST:
            assert panel.sentence.text.startswith("Measured here")
        else:
            assert "numba alone was measured. Without Rust:" in panel.sentence.text
        (own,) = panel.evidence
        assert (own.race.size, own.markets) == case[:2]

    def test_what_is_too_large_is_refused(self):
        panel = panel_10.decision_panel()
        panel.controls["offers"].value = 10_000
        panel.run()
        assert panel.sentence.text == (
            "Too large to measure here: take at most 200 markets a call."
        )

    @pytest.mark.parametrize(
        ("hours", "said"),
        [(48, "2 days"), (1.5, "1.5 h"), (0.05, "3 min"), (0.001, "3.6 s"), (1e-6, "3.6 ms")],
    )
    def test_durations(self, hours, said):
        assert decision.duration(hours) == said


def two_fixes(forward, reverse):
    return dict(zip(checks_10.TWO_WAYS, (forward, reverse), strict=True))


WRAPPER = "the wrapper's array of the list"
SORTING = "sorting, temporaries with it"


@pytest.mark.parametrize(
    ("answer", "state", "words"),
    [
        (None, "not done yet", ""),
        (two_fixes(None, None), "not done yet", ""),
        ({"forward": {1, 2}}, "not right yet", "two keys"),
        (two_fixes({WRAPPER, "sorting"}, None), "not right yet", "name two fixes"),
        (two_fixes({WRAPPER}, {WRAPPER, SORTING}), "not right yet", "name two fixes"),
        (two_fixes({"lists", "sorting"}, {WRAPPER, SORTING}), "not right yet", "no fix 'lists'"),
        (
            two_fixes({"six temporaries and their passes", "sorting"}, {WRAPPER, SORTING}),
            "not right yet",
            "'six temporaries and their passes' saves",
        ),
        (
            two_fixes({WRAPPER, "sorting"}, {WRAPPER, "call overhead"}),
            "not right yet",
            "not of the other",
        ),
        (two_fixes({WRAPPER, "sorting"}, [WRAPPER, SORTING]), "right", "% of all"),
    ],
)
def test_two_fixes(waterfall, answer, state, words):
    found = checks_10.check_two_fixes(answer, waterfall)
    assert found.state == state
    assert words in found.message


def test_two_fixes_of_a_race_that_is_missing():
    panel = panel_10.WaterfallPanel()
    panel.controls["source"].value = panel_10.OWN
    answer = two_fixes({WRAPPER, "sorting"}, {WRAPPER, SORTING})
    assert "has not been measured" in checks_10.check_two_fixes(answer, panel).message


HERE = "Zilog Z80, 1 cores"
OWN = [
    Evidence(made_up_race(numba=2000.0, rust=1000.0, rust_naive=9000.0), "random", 1, HERE),
    Evidence(made_up_race(32, numba=3e6, rust=1e6), "own bids", 1000, HERE),
    Evidence(made_up_race(20, spread=0.3, numba=1000.0, rust=1001.0), "random", 1, HERE),
    Evidence(made_up_race(20, rust_naive=3000.0, rust=1001.0), "repeated", 1, HERE),
]


def claim(evidence=OWN[0], faster="rust", than="numba", **changed):
    """A claim that the data bear out, unless something is changed."""
    found = evidence.race.speedup(faster, than)
    true = {
        "offers": evidence.race.size,
        "low": round(found.low, 2),
        "high": round(found.high, 2),
        "batch": evidence.markets > 1,
        "inputs": "repeated" if evidence.distribution == "repeated" else None,
    }
    return Claim(faster, than, **(true | changed))


GOOD = Recommendation([claim(), claim(OWN[1])], "a study is short", "a study runs for days")


def verdict(*claims, numba_when=GOOD.numba_when, rust_when=GOOD.rust_when):
    return Recommendation(list(claims), numba_when, rust_when)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (42, "give a Recommendation"),
        ("rust is faster", "give a Recommendation"),
        (verdict(), "2 different claims"),
        (verdict(claim()), "2 different claims"),
        (verdict(claim(), claim()), "2 different claims"),
        (verdict(claim(), "rust is faster"), "every claim is a Claim"),
        (
            verdict(claim(faster="numba", than="rust", low=1.9, high=2.1), claim(OWN[1])),
            "is upside down",
        ),
        (verdict(claim(low=9.8, high=9.9), claim(OWN[1])), "not in the data"),
        (verdict(claim(low=1.0, high=9.0), claim(OWN[1])), "not in the data"),
        (verdict(claim(low=2.0, high=2.001), claim(OWN[1])), "not in the data"),
        (verdict(claim(offers=7), claim(OWN[1])), "have not raced so"),
        (verdict(claim(), claim(OWN[1], batch=False)), "have not raced so"),
        (verdict(claim(), claim(OWN[3], than="rust-naive", inputs=None)), "not in the data"),
        (verdict(claim(), claim(OWN[2])), "indistinguishable"),
        (verdict(claim(), claim(OWN[1], faster="numba", than="rust")), "is the slower one"),
        (verdict(claim(), claim(OWN[1]), numba_when=" "), "would choose numba"),
        (verdict(claim(), claim(OWN[1]), rust_when=""), "would choose Rust"),
    ],
)
def test_a_verdict_that_the_data_do_not_bear_out(answer, words):
    found = checks_10.check_verdict(answer, OWN)
    assert found.state == "not right yet"
    assert words in found.message


@pytest.mark.parametrize(
    "answer",
    [
        GOOD,
        verdict(claim(), claim(OWN[3], than="rust-naive")),
        verdict(claim(), claim(than="rust-naive")),
        verdict(claim(low=claim().low - 0.01), claim(OWN[1])),
    ],
)
def test_a_verdict_that_the_data_bear_out(answer):
    found = checks_10.check_verdict(answer, OWN)
    assert found.state == "right", found.message
    assert HERE in found.message


def test_a_claim_may_cite_a_variant_of_ones_own():
    race = made_up_race(numba_sort=9000.0, numba_my_scratch=6000.0)
    own = [*OWN, Evidence(race, "random", 1, HERE)]
    cited = claim(own[-1], "numba-my-scratch", "numba-sort")
    assert checks_10.check_verdict(verdict(claim(), cited), own).state == "right"
    assert checks_10.check_verdict(verdict(claim(), cited), OWN).state == "not right yet"


def test_no_verdict_is_not_done_yet():
    assert checks_10.check_verdict(None, OWN).state == "not done yet"


def test_stored_ratios_can_be_cited_without_measuring():
    one = checks_10.ratio("rust", "numba", 200)
    many = checks_10.ratio("rust", "numba", 32, batch=True)
    claims = (
        Claim("rust", "numba", 200, one.low, one.high),
        Claim("rust", "numba", 32, many.low, many.high, batch=True),
    )
    assert checks_10.check_verdict(verdict(*claims), []).state == "right"


def test_ones_own_ratios_come_first():
    assert checks_10.ratio("rust", "numba", 200, OWN) == OWN[0].race.speedup("rust", "numba")


@pytest.mark.parametrize(
    ("names", "offers", "words"),
    [
        (("rust", "numba"), 7, "market by market at N = 7; they have at 5, 10, "),
        (("rust", "numba"), "200", "they have at 5, 10, "),
        (("rust", "numbra"), 200, "nor at another size"),
    ],
)
def test_a_ratio_that_is_not_there(names, offers, words):
    with pytest.raises(LookupError, match=words):
        checks_10.ratio(*names, offers)


class TestCard:
    def test_there_is_none_before_a_verdict_is_accepted(self):
        card = VerdictCard(None, panel_10.WaterfallPanel())
        assert "not done yet" in card.sentence.text
        assert not hasattr(card, "markdown")

    @needs_rust
    def test_it_holds_claims_reasons_and_picture(self, tmp_path, monkeypatch):
        monkeypatch.setenv("MARKET_PY_VARIANTS", str(tmp_path / "mine"))
        one, many = (
            checks_10.ratio("rust", "numba", 200),
            checks_10.ratio("numba", "numba-sort", 200),
        )
        claims = [
            Claim("rust", "numba", 200, one.low, one.high),
            Claim("numba", "numba-sort", 200, many.low, many.high),
        ]
        card = VerdictCard(
            Recommendation(claims, "a study is short", "it runs for days"),
            panel_10.WaterfallPanel(),
        )
        buttons = {it.description: it for it in card.children[0].children[1:]}
        buttons["Save"].click()
        written = (tmp_path / "mine" / "verdict.md").read_text("utf8")
        for part in (*map(str, claims), "a study is short", "it runs for days"):
            assert part[1:] in written
        assert written.count(reference.place(reference.reference())) == len(claims)
        assert (tmp_path / "mine" / "verdict.png").read_bytes() == card.picture.value
        assert card.children[0].children[0].text.strip() == written.strip()
        assert str(tmp_path) in card.sentence.text
