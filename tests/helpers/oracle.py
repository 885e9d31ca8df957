"""The contract once more, in exact arithmetic and by price levels, to judge the backends by."""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

SMALLEST = Fraction(5e-324)


@dataclass
class StepBuffers:
    price: float
    dispatch: list[Fraction]
    shortage: bool


def clear(bids, quantities, demand, ties="index", price_cap=None):
    exact = [Fraction(float(q)) for q in quantities]
    offers = [i for i, q in enumerate(exact) if q > 0] or list(range(len(exact)))
    target = Fraction(float(demand) * (1 - 1e-9))
    levels = sorted({float(bids[i]) for i in offers})

    def supply(price):
        return sum(exact[i] for i in offers if bids[i] <= price)

    if demand == 0:
        return StepBuffers(levels[0], [Fraction(0)] * len(exact), False)
    price = next((level for level in levels if supply(level) >= target), None)
    if price is None:
        return StepBuffers(levels[-1] if price_cap is None else price_cap, exact, True)
    dispatch = [q if b < price else Fraction(0) for b, q in zip(bids, exact, strict=True)]
    tied = [i for i in offers if bids[i] == price]
    residual = Fraction(float(demand)) - sum(dispatch)
    total = sum(exact[i] for i in tied)
    for i in tied:
        if ties == "pro_rata":
            dispatch[i] = min(exact[i], exact[i] * residual / total)
        else:
            dispatch[i] = min(exact[i], residual - sum(dispatch[j] for j in tied if j < i))
    return StepBuffers(price, dispatch, False)


def check(result, bids, quantities, demand, ties="index", price_cap=None):
    """Assert that a backend's result is what the contract says."""
    expected = clear(bids, quantities, demand, ties, price_cap)
    price, dispatch = result
    assert price == expected.price
    check_form(result, quantities)
    tolerance = Fraction(1, 10**12) * Fraction(float(demand)) + SMALLEST
    for i, (got, exact) in enumerate(zip(dispatch.tolist(), expected.dispatch, strict=True)):
        if expected.shortage:
            assert got == exact
        assert abs(Fraction(got) - exact) <= tolerance, (i, got, float(exact))
    total = sum(Fraction(float(q)) for q in quantities)
    balance = sum(map(Fraction, dispatch.tolist())) - min(Fraction(float(demand)), total)
    # A billionth of demand, as far as the product with 1 - 1e-9 is rounded.
    uncovered = Fraction(float(demand)) - Fraction(float(demand) * (1 - 1e-9))
    allowed = uncovered + tolerance + len(dispatch) * SMALLEST
    assert abs(balance) <= allowed, float(balance)


def check_form(result, quantities):
    """Assert what holds of every result, whatever the market."""
    price, dispatch = result
    assert type(price) is float
    assert type(dispatch) is np.ndarray
    assert dispatch.dtype == np.float64
    assert dispatch.shape == np.shape(quantities)
    assert np.all((dispatch >= 0) & (dispatch <= quantities))
    assert not np.signbit(dispatch).any()
    assert price != 0 or not np.signbit(price)
