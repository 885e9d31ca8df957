"""Races of variants, backends and functions."""

import pytest

from market_py.benchmark.timing import AA_SUFFIX, Disagreement
from market_py.registry import get_variant
from market_py.workshop.playground import race
from market_py.workshop.playground.race import named

QUICK = {"offers": 5, "rounds": 2, "show_progress": False}


def mine(bids, quantities, demand):
    return get_variant("numba-sort")(bids, quantities, demand)


def wrong(bids, quantities, demand):
    price, dispatch = mine(bids, quantities, demand)
    return price + 1, dispatch


def test_names_and_functions_race():
    found = race("numba-sort", "numba", mine, **QUICK)
    assert found.candidates == ["numba-sort", "numba", "mine"]
    assert "numba-sort" + AA_SUFFIX in found.rounds
    assert found.size == 5
    assert found.finished == 2


def test_inputs_are_chosen():
    assert race("numba-sort", inputs="repeated", **QUICK).distinct == 1
    assert race("numba-sort", inputs="random", **QUICK).distinct > 1
    with pytest.raises(ValueError, match="no such inputs"):
        race("numba-sort", inputs="no such inputs", **QUICK)


def test_what_was_not_compiled_is_left_out():
    assert list(named(("numba-sort", None))) == ["numba-sort"]


def test_the_order_is_that_of_the_arguments():
    assert list(named((mine, "numba-sort"))) == ["mine", "numba-sort"]


def test_what_is_not_installed_is_left_out(monkeypatch):
    monkeypatch.setattr("market_py.registry.available_backends", lambda: ["numba", "python"])
    assert list(named(("rust-naive", "numba-sort", "rust"))) == ["numba-sort"]


def test_unknown_names_are_refused():
    with pytest.raises(ValueError, match="numba-nothing"):
        race("numba-nothing", **QUICK)


@pytest.mark.parametrize("candidates", [(), (None,)])
def test_something_must_be_left(candidates):
    with pytest.raises(ValueError, match="none is left"):
        race(*candidates, **QUICK)


def test_a_wrong_function_does_not_race():
    with pytest.raises(Disagreement, match="wrong"):
        race("numba-sort", wrong, **QUICK)


def test_a_race_is_shown_with_a_picture(shell):
    shown = shell.run(
        "from market_py.workshop import playground\n"
        f"playground.race('numba-sort', 'numba', **{QUICK})"
    )
    assert "numba-sort" in shown.text
    assert 'role="status"' in shown.html
