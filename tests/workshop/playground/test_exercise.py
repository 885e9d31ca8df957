"""Parts of checks."""

import pytest

from helpers.cells import GOOD, NUMBA, needs_cargo
from market_py.workshop.grading.check import Refused
from market_py.workshop.playground import exercise

COPIES = NUMBA.replace("left, price", "bids = bids.copy()\n    left, price")


@pytest.mark.long
def test_allocations_of_numba_are_counted(shell, variants):
    shell.run(NUMBA)
    counted = exercise.allocations(shell.names["numba_test_sort"], "numba-scratch", offers=50)
    assert counted[0] == counted[1] > 0


@pytest.mark.long
def test_a_copy_is_one_more(shell, variants):
    shell.run(NUMBA)
    (few,) = exercise.allocations(shell.names["numba_test_sort"], offers=50)
    shell.run(COPIES)
    assert exercise.allocations(shell.names["numba_test_sort"], offers=50) == (few + 1,)


@needs_cargo
@pytest.mark.long
def test_allocations_of_rust_are_counted(shell):
    shell.run(f"%%rust rust_test\n{GOOD}")
    (few,) = exercise.allocations(shell.names["rust_test"])
    assert 1 <= few <= 2
    copies = GOOD.replace(
        "let mut order", "let bids = &std::hint::black_box(bids.to_vec())[..];\n    let mut order"
    )
    shell.run(f"%%rust rust_test\n{copies}")
    assert exercise.allocations(shell.names["rust_test"]) == (few + 1,)


@pytest.mark.parametrize("require", [exercise.require_compiled, exercise.require_right])
def test_a_function_without_a_compiler_is_refused(require):
    with pytest.raises(Refused) as refused:
        require(len)
    assert "is not compiled: write @njit above it" in refused.value.found.message


def test_a_name_of_ours_is_refused(shell, variants):
    shell.run(NUMBA.replace("numba_test_sort", "numba_sort"))
    with pytest.raises(Refused) as refused:
        exercise.keep(shell.names["numba_sort"])
    assert "there is one of this name already" in refused.value.found.message


def test_a_comparison_is_a_sentence():
    said = exercise.compared("numba-scratch", "numba-sort", offers=5)
    assert said.startswith("At 5 offers numba-scratch is ")
    assert "times as fast as numba-sort (" in said


def test_code_is_without_comments(shell):
    shell.run(
        NUMBA.replace("left, price =", "# a comment\n    half = 7 // bids.size\n    left, price =")
    )
    code = exercise.code(shell.names["numba_test_sort"])
    assert "def numba_test_sort" in code
    assert "half = 7 // bids.size" in code
    assert "comment" not in code


@needs_cargo
def test_code_in_rust_is_without_comments(shell):
    shell.run(f"%%rust rust_test\n#[rustfmt::skip] // a comment\n{GOOD}")
    code = exercise.code(shell.names["rust_test"])
    assert "#[rustfmt::skip]" in code
    assert "sort_by" in code
    assert "comment" not in code
