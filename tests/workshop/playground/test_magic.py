"""The ``%%rust`` cell, as learners write it: right, wrong, and in every way that ends a process."""

import itertools

import numpy as np
import pytest

from helpers.cells import GOOD, HEAD, needs_cargo, rust
from market_py import market_clearing
from market_py.workshop.grading.check import Failed
from market_py.workshop.playground import cell, magic, verify

pytestmark = needs_cargo
MARKET = np.array([20.0, 10.0]), np.array([50.0, 50.0]), 70.0
LIMIT = 4.0
"""Seconds of a new process where a loop is endless."""


def refused(shell, text, name="refused"):
    """What a cell says that defines no function."""
    shown = shell.run(f"%%rust {name}\n{text}")
    assert not shell.names[name]
    assert shown.html.startswith('<pre role="alert"')
    return shown.text


def test_a_function_is_defined(shell):
    shown = shell.run(f"%%rust rust_test\n{GOOD}")
    assert '<pre role="status"' in shown.html
    assert shown.text.startswith("rust_test: compiled and verified in ")
    price, dispatch = shell.names["rust_test"](*MARKET)
    assert price == 20
    assert dispatch.tolist() == [20, 50]


def test_without_a_name_it_has_that_of_rust(shell):
    shell.run(f"%%rust\n{GOOD}")
    assert shell.names["market_clearing"](*MARKET)[0] == 20


def test_the_same_text_is_compiled_and_verified_once(shell, monkeypatch, tmp_path):
    (tmp_path / "target").symlink_to(cell.FOLDER / "target")
    monkeypatch.setattr(cell, "FOLDER", tmp_path)
    calls = []

    def count(where, name):
        real = getattr(where, name)

        def counted(*arguments, **options):
            calls.append(name)
            return real(*arguments, **options)

        monkeypatch.setattr(where, name, counted)

    count(cell.subprocess, "run")
    count(magic, "problem_in_new_process")
    for _ in range(2):
        shell.run(f"%%rust again\n// compiled once\n{GOOD}")
        assert shell.names["again"](*MARKET)[0] == 20
    assert calls.count("problem_in_new_process") == 1
    # One run is cargo, one is the new process.
    assert calls.count("run") == 2


def test_a_changed_text_replaces_the_function(shell):
    shell.run(f"%%rust rust_test\n{GOOD}")
    before = shell.names["rust_test"]
    shell.run(f"%%rust rust_test\n// changed\n{GOOD}")
    assert shell.names["rust_test"] is not before
    assert before(*MARKET)[0] == shell.names["rust_test"](*MARKET)[0] == 20


WRONG = {
    "a typing error": (rust("le price = 1.0;", "price"), ("error: ", "cell.rs", "^")),
    "a name that is not there": (rust("bid[0]"), ("cannot find value `bid`", "^^^")),
    "another type": (rust("1"), ("mismatched types", "f64")),
    "unsafe": (rust("unsafe { *bids.get_unchecked(0) }"), ("usage of an `unsafe` block",)),
    "another signature": (
        "fn market_clearing(bids: &[f64]) -> f64 { bids[0] }",
        ("mismatched types", "The function must be\nfn market_clearing(bids: &[f64], quantities"),
    ),
    "nothing": ("\n", ("The cell is empty", HEAD[:40])),
    "a comment": ("// fn market_clearing", ("The cell is empty",)),
    "another function": ("fn clear() {}", ("The cell must hold", "market_clearing_batch", "#[py")),
    "a wrong price": (
        rust("dispatch[0] = demand.min(quantities[0]);", "bids[0] + 1.0"),
        ("expected price", "yours    price", "refused(["),
    ),
    "an index out of bounds": (
        rust("bids[bids.len()]"),
        ("PanicException: index out of bounds: the len is 1 but the index is 1",),
    ),
    "a panic": (rust('panic!("no price")'), ("fails: PanicException: no price",)),
}


@pytest.mark.parametrize(("text", "words"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_said(shell, text, words):
    said = refused(shell, text)
    for each in words:
        assert each in said


def test_an_endless_loop_ends(shell, monkeypatch):
    monkeypatch.setattr(verify, "DEFAULT_SECONDS", LIMIT)
    said = refused(shell, rust("loop {}"))
    assert said == f"refused did not return within {LIMIT:g} s: is there an endless loop?"


def test_a_stack_overflow_leaves_this_process_alive(shell):
    frame = "let all = std::hint::black_box([n; 999]);"
    deep = f"fn deep(n: f64) -> f64 {{ {frame} deep(n + 1.0) + all[7] }}"
    said = refused(shell, f"{deep}\n{rust('deep(demand)')}")
    assert said.startswith("refused ended its process")
    assert "call itself without end" in said


def test_a_name_that_is_none_in_python(shell):
    shown = shell.run(f"%%rust my-sort\n{GOOD}")
    assert "my-sort is not a name in Python" in shown.text


def test_own_bindings_are_not_verified(shell):
    text = "use pyo3::prelude::*;\n#[pyfunction]\nfn twice(x: f64) -> f64 { 2.0 * x }"
    shown = shell.run(f"%%rust\n{text}")
    assert shown.text.startswith("twice: compiled in ")
    assert shell.names["twice"](4.0) == 8
    with pytest.raises(TypeError):
        shell.names["twice"]("four")


def test_a_batch(shell):
    text = """\
%%rust rust_test_batch
fn market_clearing_batch(bids: &[f64], quantities: &[f64], demand: &[f64], _threads: usize,
                         prices: &mut [f64], dispatch: &mut [f64]) {
    let offers = bids.len() / demand.len();
    for (row, own) in dispatch.chunks_mut(offers).enumerate() {
        let all = row * offers..(row + 1) * offers;
        prices[row] = clear(&bids[all.clone()], &quantities[all], demand[row], own);
    }
}
"""
    shown = shell.run(text + GOOD.replace("market_clearing", "clear"))
    assert "compiled and verified" in shown.text
    batch = (np.tile(MARKET[0], (3, 1)), np.tile(MARKET[1], (3, 1)), np.array([10.0, 60.0, 70.0]))
    prices, dispatch = shell.names["rust_test_batch"](*batch)
    assert prices.tolist() == [10, 20, 20]
    assert dispatch.sum(axis=1).tolist() == [10, 60, 70]


def test_a_batch_is_verified_on_several_threads(shell):
    text = """\
fn market_clearing_batch(_bids: &[f64], _quantities: &[f64], demand: &[f64], threads: usize,
                         prices: &mut [f64], _dispatch: &mut [f64]) {
    if threads > 1 { panic!("several") }
    prices.fill(demand[0]);
}
"""
    assert "expected price" in refused(shell, text)


def test_a_batch_may_have_fewer_markets_than_threads(shell):
    text = """\
fn market_clearing_batch(_bids: &[f64], _quantities: &[f64], demand: &[f64], threads: usize,
                         prices: &mut [f64], dispatch: &mut [f64]) {
    dispatch[0] = demand[0];
    for part in prices.chunks_mut(demand.len() / threads) { part.fill(1.0); }
}
"""
    assert "bids of shape (1, 1), threads = 2 fails: PanicException" in refused(shell, text)


def test_checks_hear_why_a_cell_was_refused(shell):
    refused(shell, rust("le"))
    failed = shell.names["refused"]
    assert isinstance(failed, Failed)
    assert "error: " in failed.message


def test_the_whole_file_is_shown(shell):
    shown = shell.run(f"%%rust --show rust_test\n{GOOD}")
    assert GOOD in shown.printed
    for part in ("#[forbid(unsafe_code)]", "#[pyfunction]", "fn rust_test<'py>(", "#[pymodule]"):
        assert part in shown.printed


def test_the_machine_code_is_shown(shell):
    shown = shell.run(f"%%rust --asm rust_test\n{GOOD}")
    assert "PyInit_cell_" in shown.printed
    assert "\tret" in shown.printed


def test_without_cargo_it_says_what_to_install(shell, monkeypatch):
    monkeypatch.setattr(magic, "has_cargo", lambda: False)
    assert "https://rustup.rs" in refused(shell, rust("le"))
    assert shell.names["refused"] is None


def test_the_first_cell_takes_longer_and_says_so(shell, monkeypatch, tmp_path):
    monkeypatch.setattr(magic, "FOLDER", tmp_path)
    shown = shell.run(f"%%rust rust_test\n{GOOD}")
    assert "about a minute" in shown.printed


def test_arguments_that_are_changed_are_found_out(shell):
    """Rust's types forbid it; numba's do not."""

    def clear(bids, quantities, demand):
        price, dispatch = market_clearing(bids, quantities, demand, backend="python")
        quantities -= dispatch
        return price, dispatch

    assert "changes its arguments" in verify.problem("clear", clear, "market")


def test_verification_begins_with_the_smallest_markets():
    sizes = [len(bids) for bids, *_ in verify.markets()]
    assert sizes[0] == 1
    assert all(one <= other for one, other in itertools.pairwise(sizes))
    assert any(demand > quantities.sum() for _, quantities, demand in verify.markets())
