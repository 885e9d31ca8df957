"""Complex orders that lose money are dropped, the worst first."""

import numpy as np
import pytest

from market_py import auction_clearing
from market_py.orders import Steps, clear_complex_orders

NAMES = ("hour", "price", "quantity", "order", "block", "group", "minimum", "fixed")


def steps(*rows):
    """Rows of a side and of NAMES; what is left out is 0."""
    filled = np.array([[*row[1:], *[0] * (len(NAMES) - len(row) + 1)] for row in rows], float)
    columns = dict(zip(NAMES, filled.T, strict=True))
    for name in ("hour", "order", "block", "group"):
        columns[name] = columns[name].astype(int)
    return Steps(is_sale=np.array([row[0] == "sell" for row in rows]), **columns)


def clear(*rows):
    return clear_complex_orders(steps(*rows), backend="python")


def test_simple_orders_are_a_plain_crossing():
    cleared = clear(("sell", 3, 10, 50), ("buy", 3, 40, 60), ("sell", 3, 20, 50), ("sell", 1, 5, 1))
    assert cleared.hours.tolist() == [1, 3]
    assert cleared.prices.tolist() == cleared.plain_prices.tolist() == [5.0, 20.0]
    assert (cleared.rounds, cleared.dropped) == (1, [])
    for book in (cleared.before[3], cleared.after[3]):
        assert [part.tolist() for part in book] == [[10, 20], [50, 50], [40], [60]]
    assert auction_clearing(*cleared.after[3], backend="python")[0] == 20.0


DEMAND = ("buy", 1, 1000, 100), ("buy", 2, 1000, 100)
OTHERS = ("sell", 1, 50, 200, 90), ("sell", 2, 30, 200, 91)


@pytest.mark.parametrize(("fixed", "dropped"), [(1600, []), (1600.5, [(7, 0)])])
def test_a_minimum_income_counts_the_whole_day(fixed, dropped):
    own = [("sell", 1, 10, 60, 7, 0, 0, 0, fixed), ("sell", 2, 50, 60, 7, 0, 0, 40, fixed)]
    cleared = clear(*DEMAND, *OTHERS, *own)
    # (50 - 10) * 60 = 2400 in hour 1, (30 - 50) * 40 = -800 in hour 2.
    assert cleared.dropped == dropped
    assert cleared.rounds == 1 + len(dropped)
    assert cleared.prices.tolist() == [50.0, 30.0]
    assert (10.0 in cleared.after[1].offer_prices) == (not dropped)
    assert 10.0 in cleared.before[1].offer_prices


@pytest.mark.parametrize(("price", "dropped"), [(40, []), (41, [(7, 1)])])
def test_a_block_is_accepted_in_all_hours_or_in_none(price, dropped):
    cleared = clear(*DEMAND, *OTHERS, ("sell", 1, price, 60, 7, 1), ("sell", 2, price, 60, 7, 1))
    assert cleared.dropped == dropped
    # Accepted at any price, though it asks more than hour 2 pays.
    assert (-500.0 in cleared.after[2].offer_prices) == (not dropped)


def test_of_an_exclusive_group_the_best_block_stays():
    blocks = [("sell", 1, price, 10, 7, number, 2) for number, price in enumerate((45, 20, 30), 1)]
    alone = ("sell", 1, 49, 10, 8, 1)
    other_group = ("sell", 1, 48, 10, 7, 4, 3)
    cleared = clear(*DEMAND, *OTHERS, *blocks, alone, other_group)
    assert cleared.dropped == [(7, 1), (7, 3)]
    # Equal blocks: one stays.
    twins = [("sell", 1, 20, 10, 7, number, 1) for number in (1, 2)]
    assert len(clear(*DEMAND, *OTHERS, *twins).dropped) == 1


def test_the_worst_loser_goes_first_and_the_price_rises_for_the_others():
    """Together two blocks of 80 MWh bring the price to the floor; one of them alone earns."""
    cleared = clear(
        ("buy", 1, 1000, 100),
        ("sell", 1, 30, 100, 1),
        ("sell", 1, 20, 80, 7, 1),
        ("sell", 1, 25, 80, 8, 1),
    )
    assert cleared.plain_prices.tolist() == [25.0]
    assert cleared.prices_by_round[:, 0].tolist() == [-500.0, 30.0]
    assert cleared.dropped == [(8, 1)]
    assert [part.tolist() for part in cleared.after[1]] == [[30, -500], [100, 80], [1000], [100]]
