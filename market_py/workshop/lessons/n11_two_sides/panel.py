"""The panels of notebook 11: one auction to drag, a day without 1,000 MW, subsets of blocks."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np

from market_py import auction_clearing, auction_clearing_batch, price_interval
from market_py.orders import Book
from market_py.orders.complex_orders import PRICE_FLOOR
from market_py.plots.auction import supply_and_demand
from market_py.validation import Float64Array
from market_py.workshop.lessons.n11_two_sides import books
from market_py.workshop.lessons.n11_two_sides.plots import hourly_prices, subsets
from market_py.workshop.widgets.auction import AuctionFigure
from market_py.workshop.widgets.controls import choice, slider
from market_py.workshop.widgets.panel import Explorer, Panel, Shown

HOUR, MEGAWATTS = 10, 1000
AS_BID, FIXED = "as bid", "fixed"
NO_RISE = 1.0
"""A price that rises by less is counted as one that stays; €/MWh."""
MARGIN = 2500.0
"""Of the picture of an hour, on each side of what is traded; MW."""


def flagship_figure() -> AuctionFigure:
    """The figure that is dragged in the browser; one that cannot draw it gets Python's panel."""
    return AuctionFigure(*books.START, fallback=auction_panel)


def auction_panel() -> Explorer:
    """The same auction, drawn by Python, with sliders for both curves and `k`."""
    figure = AuctionFigure(*books.START)

    def answer(supply: int, demand: int, k: float) -> Shown:
        figure.set_trait("supply_factor", supply / 100)
        figure.set_trait("demand_factor", demand / 100)
        figure.set_trait("k", k)
        return figure.png(), figure.sentence

    controls = {
        "supply": slider("supply", 100, 0, 140, 5, "%"),
        "demand": slider("demand", 100, 0, 140, 5, "%"),
        "k": slider("k", 0.0, 0, 1, 0.1, ""),
    }
    return Explorer(controls, answer)


def agreement(figure: AuctionFigure) -> str:
    """Clear what the figure shows once more, and say whether the two agree."""
    price, sold, bought = auction_clearing(*figure.book, k=figure.k)
    same = np.allclose([*sold, *bought], [*figure.sold, *figure.bought], rtol=1e-12, atol=0)
    agree = price == figure.price and same
    return (
        f"figure            {figure.price:,.2f} €/MWh, {sum(figure.sold):,.0f} MW traded\n"
        f"auction_clearing  {price:,.2f} €/MWh, {sold.sum():,.0f} MW traded\n"
        f"They {'agree' if agree else 'do NOT agree'}."
    )


def day_panel(day: Mapping[int, Book], name: str) -> Explorer:
    """The prices of a day, and what they are without some of the cheapest offers."""
    cleared = [auction_clearing(*book) for book in day.values()]
    before = np.array([price for price, _, _ in cleared])
    fixed = [
        books.with_fixed_demand(book, it[2]) for book, it in zip(day.values(), cleared, strict=True)
    ]
    volumes = np.array([sold.sum() for _, sold, _ in cleared])
    top = 1.25 * float(before.max())

    def answer(megawatts: int) -> Shown:
        shown = {"all offers": before}
        if not megawatts:
            return hourly_prices(shown, top), (
                f"The prices of {name}, one auction an hour: from {before.min():,.2f} to "
                f"{before.max():,.2f} €/MWh, and below zero in {(before < 0).sum()} hours."
            )
        elastic, rigid = (
            np.array([auction_clearing(*books.withhold(book, megawatts))[0] for book in some])
            for some in (day.values(), fixed)
        )
        shown |= {f"without {megawatts:,} MW": elastic, "and with fixed demand": rigid}
        rise = elastic - before
        hour, still = [*day][rise.argmax()], int((rise < NO_RISE).sum())
        costs = [(volumes * (after - before)).sum() / 1e6 for after in (elastic, rigid)]
        return hourly_prices(shown, top), (
            f"Without {megawatts:,} MW the price rises most at {hour} h, by {rise.max():,.2f} "
            f"€/MWh, and by less than {NO_RISE:.2f} in {still} hours. What was bought in the day "
            f"costs {costs[0]:,.2f} M€ more, or {costs[1]:,.2f} M€ more if demand is fixed."
        )

    return Explorer({"megawatts": slider("withheld", 0, 0, 3000, 100, "MW")}, answer)


def hour_panel(day: Mapping[int, Book]) -> Explorer:
    """The curves of an hour where they cross, before and after offers are withheld."""

    @cache
    def cleared(hour: int) -> tuple[float, Float64Array, Float64Array]:
        return auction_clearing(*day[hour])

    def answer(hour: int, megawatts: int, demand: str) -> Shown:
        price, sold, bought = cleared(hour)
        book = day[hour] if demand == AS_BID else books.with_fixed_demand(day[hour], bought)
        less = books.withhold(book, megawatts)
        after, *accepted = auction_clearing(*less)
        low, high = price_interval(*less)
        middle = float(sold.sum())
        png = supply_and_demand(
            less,
            (low, after, high),
            *accepted,
            before=day[hour],
            prices=(min(-20.0, low), max(160.0, 1.2 * after)),
            quantities=(max(0.0, middle - MARGIN), middle + MARGIN),
        )
        interval = f"; any price from {low:,.2f} to {high:,.2f} clears" if low < high else ""
        return png, (
            f"{hour} h: {price:,.2f} €/MWh with all offers; without {megawatts:,} MW and "
            f"with demand {demand} {after:,.2f} ({after - price:+,.2f}){interval}. "
            f"{accepted[0].sum():,.0f} MW are traded instead of {middle:,.0f}."
        )

    controls = {
        "hour": slider("hour", HOUR, min(day), max(day), 1, ""),
        "megawatts": slider("withheld", MEGAWATTS, 0, 3000, 100, "MW"),
        "demand": choice("demand", [AS_BID, FIXED]),
    }
    return Explorer(controls, answer)


def clear_subsets(
    book: Book, block_prices: Float64Array, block_quantities: Float64Array
) -> tuple[Any, Float64Array, Float64Array]:
    """Clear all subsets of blocks in one call: which are taken, the prices, the welfare.

    An accepted block is an offer at the lowest price of the market, so that it always sells.
    """
    count = len(block_prices)
    taken = np.arange(2**count)[:, np.newaxis] >> np.arange(count) & 1
    usual = np.tile(book.offer_quantities, (len(taken), 1))
    prices, sold, bought = auction_clearing_batch(
        np.append(book.offer_prices, np.full(count, PRICE_FLOOR)),
        np.hstack([usual, taken * block_quantities]),
        book.bid_prices,
        book.bid_quantities,
    )
    costs = sold[:, :-count] @ book.offer_prices + taken @ (block_prices * block_quantities)
    return taken, prices, bought @ book.bid_prices - costs


def subsets_panel(best_blocks: Any) -> Panel:
    """All subsets of the blocks, and the one that a learner's function chooses."""
    book, block_prices, block_quantities = books.blocks()
    taken, prices, welfare = clear_subsets(book, block_prices, block_quantities)
    loses = (taken * (block_prices - prices[:, np.newaxis]) > 0).any(axis=1)
    said = (
        f"{len(taken):,} subsets were cleared in one call; in {(~loses).sum()} of them no block "
        "loses."
    )
    try:
        chosen = int(best_blocks(taken, prices, welfare, block_prices))
        said += f" You choose row {chosen}, at {prices[chosen]:,.2f} €/MWh."
    except (TypeError, IndexError):
        chosen = None
    return Panel({}, (subsets(prices, welfare, loses, chosen), said))
