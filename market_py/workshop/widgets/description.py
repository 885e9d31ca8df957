"""Describe a cleared market or auction in a sentence; ``market.js`` writes the same sentence."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

from market_py.backends.constants import COVERAGE
from market_py.validation import Float64Array


class Roles(NamedTuple):
    """Which offers run, and which of these are marginal: indices in the order of the offers."""

    running: list[int]
    marginal: list[int]
    """They set the price; none in a shortage or without demand."""
    is_short: bool


def roles(
    bids: Float64Array,
    quantities: Float64Array,
    demand: float,
    price: float,
    dispatch: Float64Array,
) -> Roles:
    """Say which offers of a cleared market run.

    Where the offers before it cover demand up to the tolerance of the contract, a quantity that
    rounding leaves to an offer does not make that offer run.
    """
    accepted = [i for i, quantity in enumerate(dispatch) if quantity > 0]
    target = Fraction(demand * COVERAGE)
    if _exact_sum(dispatch) < target:
        return Roles(accepted, [], True)
    running = [i for i in accepted if bids[i] < price]
    served = _exact_sum(dispatch[running])
    at_price = []
    for i in accepted:
        if bids[i] == price and served < target:
            at_price.append(i)
            served += Fraction(float(dispatch[i]))
    partly = [i for i in at_price if dispatch[i] < quantities[i]]
    return Roles(sorted(running + at_price), partly or at_price[-1:], False)


def cleared(
    names: Sequence[str],
    bids: Float64Array,
    quantities: Float64Array,
    demand: float,
    price: float,
    dispatch: Float64Array,
    currency: str = "€",
) -> str:
    """Say at what price a market clears, which unit is marginal, and what is not served."""
    running, marginal, is_short = roles(bids, quantities, demand, price, dispatch)
    asked = f"Demand {_megawatts(demand)}"
    money = f"{price:,.2f} {currency}/MWh"
    if is_short:
        served = _exact_sum(dispatch)
        return (
            f"{asked} exceeds the {_megawatts(served)} offered: "
            f"{_megawatts(Fraction(demand) - served)} are not served, and the price is {money}."
        )
    if demand == 0:
        return f"No demand: nothing runs, and the price is the cheapest offer, {money}."
    spare = _exact_sum(quantities[marginal]) - _exact_sum(dispatch[marginal])
    who = " and ".join(names[i] for i in marginal) + (" are" if len(marginal) > 1 else " is")
    return (
        f"{asked} clears at {money}: {who} marginal, with {_megawatts(spare)} to spare. "
        f"{len(running)} of {len(names)} offers run."
    )


def auction(
    book: Sequence[Float64Array],
    interval: tuple[float, float],
    price: float,
    sold: Float64Array,
    bought: Float64Array,
    currency: str = "€",
) -> str:
    """Say at what prices an auction clears, what is traded, which order is cut, and who gains."""
    offer_prices, offer_quantities, bid_prices, bid_quantities = book
    low, high = interval
    prices = f"; any price from {low:,.2f} to {high:,.2f} clears" if low < high else ""
    said = f"Price {price:,.2f} {currency}/MWh{prices}. "
    volume = float(_exact_sum(sold))
    if volume == 0:
        return f"{said}Nothing is traded."
    parts = [
        f"{name} {i} {verb} {_megawatts(part)} of {_megawatts(quantity)}"
        for name, verb, accepted, quantities in (
            ("offer", "sells", sold, offer_quantities),
            ("bid", "gets", bought, bid_quantities),
        )
        for i, (part, quantity) in enumerate(zip(accepted, quantities, strict=True), 1)
        if 0 < part < quantity
    ]
    gains = [
        sum(
            abs(Fraction(order) - Fraction(price)) * Fraction(part)
            for order, part in zip(orders.tolist(), accepted.tolist(), strict=True)
        )
        for orders, accepted in ((bid_prices, bought), (offer_prices, sold))
    ]
    return (
        f"{said}{_megawatts(volume)} traded; {', '.join(parts) or 'no order is cut'}. "
        f"Consumer surplus {float(gains[0]):,.0f} {currency}/h, "
        f"producer surplus {float(gains[1]):,.0f} {currency}/h."
    )


def _exact_sum(numbers: Float64Array) -> Fraction:
    return sum(map(Fraction, numbers.tolist()), Fraction(0))


def _megawatts(quantity: float | Fraction) -> str:
    return f"{round(float(quantity), 9):,.6g} MW"
