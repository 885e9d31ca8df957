"""The panel and the exercise of notebook 02."""

import numpy as np
import pytest
from numba import njit

import market_py
from market_py.workshop.lessons.n02_contract import checks as checks_02
from market_py.workshop.lessons.n02_contract.panel import CASES, ContractPanel, race_compiled

pytestmark = pytest.mark.filterwarnings("ignore:.*:DeprecationWarning")


class TestContract:
    @pytest.mark.parametrize("case", CASES)
    def test_all_backends_agree(self, case):
        panel = ContractPanel()
        panel.cases.value = case
        assert "All backends agree." in panel.sentence.text
        for name in market_py.available_backends():
            assert f">{name}</th>" in panel.table.value

    @pytest.mark.parametrize(
        ("case", "differ"),
        [
            ("plain", ()),
            ("ties", ()),
            ("many ties", ("numba-sort",)),
            ("an offer of 0 MW", ("numba-sort", "rust-naive")),
            ("rounding", ("numba-sort", "rust-naive")),
        ],
    )
    def test_the_published_functions_differ(self, case, differ):
        panel = ContractPanel()
        panel.cases.value = case
        names = [name for name in differ if name in market_py.available_variants()]
        assert panel.table.value.count("≠ differs") == len(names)
        said = f"{' and '.join(names)} differ" if names else "So do the published functions."
        assert said in panel.sentence.text

    @pytest.mark.parametrize("case", ["NaN", "unequal lengths", "shortage, capped"])
    def test_the_published_functions_are_not_asked(self, case):
        panel = ContractPanel()
        panel.cases.value = case
        assert "numba-sort" not in panel.table.value
        assert "were not asked" in panel.sentence.text

    def test_disagreement_would_be_said(self, monkeypatch):
        answers = iter([(1.0, [1.0]), (2.0, [1.0]), (1.0, [1.0]), (1.0, [1.0])])
        monkeypatch.setattr(
            "market_py.workshop.lessons.n02_contract.panel.ask", lambda *_: next(answers)
        )
        case = {"bids": [1.0], "quantities": [1.0], "demand": 1.0}
        monkeypatch.setattr("market_py.workshop.lessons.n02_contract.panel.CASES", {"plain": case})
        monkeypatch.setattr(
            "market_py.workshop.lessons.n02_contract.panel.ask_published", lambda *_: {}
        )
        assert "do NOT agree" in ContractPanel().sentence.text


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


class TestExercise:
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


def in_merit_order(bids, quantities, demand):
    dispatch = np.zeros(len(bids))
    price, left = bids[0], demand
    for i in np.argsort(bids):
        if left > 1e-9 * demand:
            price = bids[i]
            dispatch[i] = min(quantities[i], left)
            left -= dispatch[i]
    return price, dispatch


class TestCompiled:
    @pytest.mark.long
    def test_a_function_races_itself(self):
        options = {"rounds": 6, "sample_seconds": 1e-4}
        race = race_compiled(in_merit_order, njit(in_merit_order), **options)
        assert race.candidates == ["your clear", "your clear, @njit", "numba-sort"]
        assert race.speedup("your clear, @njit", "your clear").value > 1

    @pytest.mark.parametrize(
        ("function", "state", "words"),
        [
            (lambda b, q, d: None, "not done yet", ""),
            (lambda b, q, d: 1 / 0, "not right yet", "fails: ZeroDivisionError"),
            (wrong_sort, "not right yet", "numba cannot compile your function"),
        ],
    )
    def test_what_cannot_race_is_told(self, function, state, words):
        found = race_compiled(function, njit(function))
        assert found.state == state
        assert words in found.message
