"""The panel and the exercise of notebook 02."""

import numpy as np
import pytest

import market_py
from market_py.workshop.lessons.n02_contract import checks as checks_02
from market_py.workshop.lessons.n02_contract.panel import CASES, ContractPanel

pytestmark = pytest.mark.filterwarnings("ignore:.*:DeprecationWarning")


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
