"""The machine code of functions, in numba and in Rust."""

import platform
import re

import numpy as np
import pytest

from helpers.cells import needs_cargo
from market_py.workshop.playground import assembly

BELOW = """
import numpy as np
from numba import njit

@njit
def below(bids, quantities, guess):
    total = 0.0
    for i in range(bids.size):
        if bids[i] <= guess:
            total += quantities[i]
    return total

reordered = njit(fastmath=True)(below.py_func)
"""
RUST = """\
%%rust rust_below
use numpy::PyReadonlyArray1;
use pyo3::prelude::*;

#[pyfunction]
fn rust_below(bids: PyReadonlyArray1<f64>, guess: f64) -> PyResult<f64> {
    let bids = bids.as_slice()?;
    Ok(bids.iter().filter(|&&bid| bid <= guess).sum())
}
"""


def packed_instructions(shown):
    return int(re.search(r": (\d+) packed", shown.headline)[1])


@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="instructions of x86")
def test_fastmath_adds_several_numbers_at_once(shell):
    shell.run(BELOW)
    found = []
    for name in ("below", "reordered"):
        shell.names[name](np.ones(9), np.ones(9), 0.5)
        found.append(packed_instructions(assembly(shell.names[name])))
    plain, reordered = found
    assert plain < reordered


def test_it_is_shown_as_text_and_as_html(shell):
    shell.run(BELOW)
    shell.names["below"](np.ones(9), np.ones(9), 0.5)
    shown = shell.run("from market_py.workshop import playground\nplayground.assembly(below)")
    assert re.match(r"below: \d+ packed instructions .*, \d+ scalar ones .*jumps\.\n", shown.text)
    assert '<p role="status"><strong>below: ' in shown.html
    assert "<summary>the instructions</summary><pre>" in shown.html


@needs_cargo
def test_rust_has_some_too(shell):
    shell.run(RUST)
    shown = assembly(shell.names["rust_below"])
    assert shown.name == "rust_below"
    assert shown.lines
    assert "0 packed instructions" not in shown.headline or " 0 scalar" not in shown.headline


def test_what_is_not_compiled_has_none(shell):
    with pytest.raises(TypeError, match=r"neither by numba nor by %%rust"):
        assembly(len)


def test_a_function_that_was_not_called_has_no_types(shell):
    shell.run(BELOW)
    with pytest.raises(ValueError, match="call below once"):
        assembly(shell.names["reordered"])
