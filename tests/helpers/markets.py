"""Hypothesis strategies for markets, the nasty ones included."""

import math

from hypothesis import strategies as st

FINITE = st.floats(allow_nan=False, allow_infinity=False)
PRICES = st.one_of(
    st.sampled_from([-0.0, 0.0, 10.0, 20.0, 20.5, -5.0]),
    st.integers(-3, 3).map(float),
    st.floats(-500, 3000),
    FINITE,
)
TENTHS = st.integers(0, 50).map(lambda tenths: tenths / 10)
QUANTITIES = st.one_of(
    TENTHS,
    st.sampled_from([0.0, -0.0, 0.1, 0.7, 1.0, 100.0, 5e-324, 1e-310, 1e16, 1e300]),
    st.floats(0, 1000),
    st.floats(0, allow_infinity=False),
)


@st.composite
def demands(draw, quantities):
    """A demand, often at a step of the supply curve or where rounding decides about covering."""
    kind = draw(st.sampled_from(["any", "tenths", "zero", "step", "boundary", "total"]))
    if kind == "any":
        return draw(st.floats(0, allow_infinity=False))
    if kind == "tenths":
        return draw(TENTHS)
    if kind == "zero":
        return draw(st.sampled_from([0.0, -0.0, 5e-324]))
    some = quantities
    if kind != "total":
        some = [q for q in quantities if draw(st.booleans())]
    # Left to right, as floating-point code would.
    step = 0.0
    for quantity in some:
        step += quantity
    if kind == "boundary":
        step /= 1 - 1e-9
    if not math.isfinite(step):
        return 1.7e308
    for _ in range(draw(st.integers(0, 3))):
        step = math.nextafter(step, draw(st.sampled_from([0.0, math.inf])))
    return step if math.isfinite(step) else 1.7e308


@st.composite
def markets(draw, max_offers=12, prices=PRICES, quantities=QUANTITIES):
    """Bids, quantities and demand."""
    offers = draw(st.integers(1, max_offers))
    bids = draw(st.lists(prices, min_size=offers, max_size=offers))
    amounts = draw(st.lists(quantities, min_size=offers, max_size=offers))
    return bids, amounts, draw(demands(amounts))


RULES = st.fixed_dictionaries(
    {
        "ties": st.sampled_from(["index", "pro_rata"]),
        "price_cap": st.none() | st.sampled_from([-0.0, 15.0, 3000.0]) | FINITE,
    }
)
