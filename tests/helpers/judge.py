"""The contract in exact arithmetic once more, quick enough for many offers, and markets for it.

`math.fsum` rounds the exact sum once, so that the sign of what it returns is the exact one.
"""

import math
from fractions import Fraction
from itertools import accumulate

import numpy as np

from helpers import oracle

PRICES = {
    "uniform": lambda n, rng: rng.uniform(-50, 300, n),
    "levels": lambda n, rng: rng.choice([-10.0, -0.0, 0.0, 20.0, 20.5, 300.0], n),
    "equal": lambda n, rng: np.full(n, 42.0),
    "two": lambda n, rng: np.where(rng.random(n) < 0.1, 10.0, 20.0),
    "wide": lambda n, rng: rng.choice([-1, 1], n) * 10.0 ** rng.uniform(-150, 150, n),
    "sorted": lambda n, rng: np.sort(rng.uniform(-50, 300, n)),
    "reversed": lambda n, rng: np.sort(rng.uniform(-50, 300, n))[::-1].copy(),
    "neighbours": lambda n, rng: 100 + rng.integers(0, n + 1, n) * 2.0**-46,
}
QUANTITIES = {
    "uniform": lambda n, rng: rng.uniform(0, 100, n),
    "integers": lambda n, rng: rng.integers(0, 400, n).astype(float),
    "tenths": lambda n, rng: rng.integers(0, 9, n) / 10,
    "zeros": lambda n, rng: np.where(
        rng.random(n) < 0.7, rng.choice([0.0, -0.0], n), rng.uniform(0, 100, n)
    ),
    "dust": lambda n, rng: np.where(rng.random(n) < 0.1, 1.0, 2.0**-53),
    "wide": lambda n, rng: 10.0 ** rng.uniform(-30, 10, n),
    "one huge": lambda n, rng: np.where(np.arange(n) == rng.integers(n), 1e9, rng.random(n)),
    "huge": lambda n, rng: rng.uniform(0, 1e308, n),
}
DEMANDS = ("share", "step", "boundary", "total", "none", "excess")
LARGEST = 1.7e308


def market(offers, rng):
    """A market of which everything is nasty now and then."""
    bids = PRICES[rng.choice(list(PRICES))](offers, rng)
    quantities = QUANTITIES[rng.choice(list(QUANTITIES))](offers, rng)
    with np.errstate(over="ignore"):
        steps = np.cumsum(quantities[np.argsort(bids, kind="stable")])
    kind = rng.choice(DEMANDS)
    demand = float(rng.choice(steps))
    if kind == "share":
        demand = float(rng.uniform(0.05, 0.95) * steps[-1])
    elif kind == "boundary":
        demand /= 1 - 1e-9
    elif kind == "total":
        demand = float(steps[-1])
    elif kind == "none":
        demand = 0.0
    elif kind == "excess":
        demand = float(steps[-1]) * rng.uniform(1, 2) + 1
    for _ in range(rng.integers(0, 3) if kind in ("step", "boundary", "total") else 0):
        demand = math.nextafter(demand, rng.choice([0.0, math.inf]))
    return bids, quantities, min(demand, LARGEST)


def covers(price, bids, quantities, target):
    terms = [-target, *quantities[bids <= price].tolist()]
    try:
        return math.fsum(terms) >= 0
    except OverflowError:
        return sum(map(Fraction, terms)) >= 0


def price_of(bids, quantities, demand):
    """The smallest price that covers demand (by bisection), and whether there is none."""
    offered = bids[quantities > 0] if quantities.any() else bids
    levels = np.unique(offered) + 0.0
    if demand == 0:
        return float(levels[0]), False
    target = demand * (1 - 1e-9)
    if not covers(levels[-1], bids, quantities, target):
        return float(levels[-1]), True
    low, high = -1, len(levels) - 1
    while high - low > 1:
        middle = (low + high) // 2
        if covers(levels[middle], bids, quantities, target):
            high = middle
        else:
            low = middle
    return float(levels[high]), False


def judge(result, bids, quantities, demand, *, tolerance=1e-12):
    """Assert that price and dispatch (ties by index) are what the contract says."""
    oracle.check_form(result, quantities)
    price, dispatch = result
    expected, shortage = price_of(bids, quantities, demand)
    assert price == expected
    if demand == 0:
        assert not dispatch.any()
        return
    if shortage:
        assert np.array_equal(dispatch, quantities)
        return
    assert np.array_equal(dispatch[bids < price], quantities[bids < price])
    assert not dispatch[bids > price].any()
    assert np.all((dispatch >= 0) & (dispatch <= quantities))
    below = sum(map(Fraction, quantities[bids < price].tolist()))
    residual = Fraction(demand) - below
    tied = np.flatnonzero(bids == price)
    sums = accumulate(map(Fraction, quantities[tied].tolist()))
    allowed = Fraction(tolerance) * Fraction(demand) + Fraction(5e-324)
    accepted_before = Fraction(0)
    for got, offered in zip(dispatch[tied].tolist(), sums, strict=True):
        accepted = min(residual, offered)
        assert abs(Fraction(got) - (accepted - accepted_before)) <= allowed
        accepted_before = accepted
        if accepted == residual and got == 0:
            break  # What follows is compared at once.
    served = sum(map(Fraction, dispatch[tied].tolist()))
    assert abs(served - accepted_before) <= allowed * max(1, len(tied) // 100)
