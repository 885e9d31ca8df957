"""Cells of learners, in Rust and in numba."""

import pytest

from market_py.workshop.playground import cell

needs_cargo = pytest.mark.skipif(not cell.has_cargo(), reason="no cargo: see https://rustup.rs")
HEAD = (
    "fn market_clearing(bids: &[f64], quantities: &[f64], demand: f64, dispatch: &mut [f64]) -> f64"
)


def rust(*lines):
    """A cell whose function has these lines."""
    return "\n    ".join([f"{HEAD} {{", *lines]) + "\n}\n"


SORTED = (
    "let mut order: Vec<usize> = (0..bids.len()).collect();",
    "order.sort_by(|&a, &b| bids[a].total_cmp(&bids[b]));",
    "let (mut left, mut price) = (demand, f64::NAN);",
    "for i in order {",
    "    price = bids[i];",
    "    dispatch[i] = quantities[i].min(left);",
    "    left -= dispatch[i];",
    "    if left <= 0.0 { break; }",
    "}",
    "price",
)
GOOD = rust(*SORTED)
NUMBA = """
import numpy as np
from numba import njit

@njit
def numba_test_sort(bids, quantities, demand):
    dispatch = np.zeros(bids.size)
    left, price = demand, np.nan
    for i in np.argsort(bids):
        price = bids[i]
        dispatch[i] = min(quantities[i], left)
        left -= dispatch[i]
        if left <= 0.0:
            break
    return price, dispatch
"""
