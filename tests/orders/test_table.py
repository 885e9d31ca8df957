"""Tables of orders: each period is one auction, and a wrong value is named."""

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from market_py import auction_clearing, market_clearing

pd = pytest.importorskip("pandas")

from market_py.orders import clear_orders, order_table, synthetic_day  # noqa: E402

ORDERS = st.lists(
    st.tuples(
        st.sampled_from([7, "b", "a", 2.5]),
        st.sampled_from(["offer", "Sell", " BID", "buy"]),
        st.integers(-3, 3).map(float),
        st.integers(0, 4).map(float),
    ),
    min_size=1,
    max_size=30,
)


def frame(rows, columns=("hour", "side", "price", "quantity")):
    return pd.DataFrame(rows, columns=list(columns))


def clear(table, by=None, **options):
    return clear_orders(table, by, **{"backend": "numpy"} | options)


@given(ORDERS, st.sampled_from([0.0, 0.3, 1.0]), st.sampled_from(["index", "pro_rata"]))
@settings(max_examples=40)
def test_each_period_is_an_auction_of_its_own(rows, k, ties):
    table = frame(rows, ["period", "side", "price", "quantity"])
    before = table.copy()
    prices, cleared = clear(table, "period", k=k, ties=ties)
    pd.testing.assert_frame_equal(table, before)
    pd.testing.assert_frame_equal(cleared.drop(columns="accepted"), before)
    assert list(prices.index) == list(dict.fromkeys(row[0] for row in rows))
    words = table["side"].str.strip().str.lower()
    for label, price in prices.items():
        own = [
            table["period"].map(lambda it, label=label: it == label) & words.isin(side)
            for side in (["offer", "sell"], ["bid", "buy"])
        ]
        sides = [table.loc[rows, name].to_numpy() for rows in own for name in ("price", "quantity")]
        expected = auction_clearing(*sides, k=k, ties=ties, backend="numpy")
        assert price == expected[0]
        for rows, accepted in zip(own, expected[1:], strict=True):
            assert cleared.loc[rows, "accepted"].tolist() == accepted.tolist()


@given(ORDERS, st.sampled_from([None, 50.0]), st.sampled_from(["index", "pro_rata"]))
@settings(max_examples=40)
def test_with_a_fixed_demand_each_period_is_a_market(rows, cap, ties):
    table = frame(rows).drop(columns="side")
    demand = {7: 3.0, "b": 0.0, "a": 100.0, 2.5: 6.0}
    options = {"price_cap": cap, "ties": ties}
    prices, cleared = clear(table, "hour", demand=demand, **options)
    for label, price in prices.items():
        own = table["hour"].map(lambda it, label=label: it == label)
        bids, quantities = (table.loc[own, name].to_numpy() for name in ("price", "quantity"))
        expected = market_clearing(bids, quantities, demand[label], **options, backend="numpy")
        assert price == expected[0]
        assert cleared.loc[own, "accepted"].tolist() == expected[1].tolist()
    for same in (pd.Series(4.0, demand), 4):
        prices, _ = clear(table, "hour", demand=same, **options)
        expected, _ = clear(table, "hour", demand=dict.fromkeys(demand, 4), **options)
        assert prices.equals(expected)


def test_without_periods_there_is_one_price():
    table = frame([(1, "offer", 10.0, 5.0), (1, "offer", 20.0, 5.0), (2, "bid", 30.0, 7.0)])
    price, cleared = clear(table)
    assert type(price) is float
    assert price == 20.0
    assert cleared["accepted"].tolist() == [5.0, 2.0, 7.0]


def test_periods_of_several_columns_keep_their_order():
    rows = [("b", 2, "offer", 1.0, 1.0), ("a", 9, "offer", 2.0, 1.0), ("b", 1, "bid", 3.0, 1.0)]
    table = frame(rows, ["date", "hour", "side", "price", "quantity"])
    prices, _ = clear(table, ["date", "hour"])
    assert prices.to_dict() == {("b", 2): 1.0, ("a", 9): 2.0, ("b", 1): 3.0}
    assert prices.index.names == ["date", "hour"]
    assert clear(table, ["date"])[0].index.tolist() == ["b", "a"]


@pytest.mark.parametrize(
    "hour",
    [range(1, 24), range(1, 26), ["02A", "02B", "03"], pd.date_range("2025-10-26", periods=3)],
)
def test_periods_are_what_the_column_holds(hour):
    table = frame([(it, side, 5.0, 1.0) for it in hour for side in ("sell", "buy")])
    prices, _ = clear(table, "hour")
    assert prices.index.tolist() == list(hour)
    assert prices.eq(5.0).all()


def test_categories_that_are_absent_are_no_periods():
    table = frame([("b", "sell", 1.0, 1.0), ("a", "buy", 2.0, 1.0)])
    table["hour"] = pd.Categorical(table["hour"], categories=["a", "b", "c"])
    table["side"] = table["side"].astype("category")
    assert clear(table, "hour")[0].to_dict() == {"b": 1.0, "a": 2.0}


def test_columns_of_other_names_and_types():
    table = pd.DataFrame(
        {
            0: ["SELL", "Buy"],
            "p": [Decimal("1.5"), Decimal(2)],
            "MW": pd.array([3, 2], "Int64"),
            "accepted": ["x", "y"],
        },
        index=["one", "one"],
    )
    price, cleared = clear(table, side=0, price="p", quantity="MW")
    assert price == 1.5
    assert cleared["accepted"].tolist() == [2.0, 2.0]


GOOD = [(1, "offer", 10.0, 5.0), (1, "bid", 20.0, 5.0)]


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("price", np.nan, "row 'y': price is missing"),
        ("price", None, "row 'y': price is missing"),
        ("price", "12", "row 'y': price = '12': must be a number"),
        ("price", True, "row 'y': price = True: must be a number"),
        ("price", np.inf, "row 'y': price = inf: must be finite"),
        ("price", 1j, "row 'y': price = 1j: must be a number"),
        ("quantity", -0.5, "row 'y': quantity = -0.5: must be at least 0"),
        ("quantity", np.nan, "row 'y': quantity is missing"),
        ("side", "ask", "row 'y': side = 'ask': must be one of 'offer', 'sell', 'bid', 'buy'"),
        ("side", None, "row 'y': side is missing"),
        ("hour", None, "row 'y': hour is missing"),
    ],
)
def test_a_wrong_value_is_named(column, value, said):
    table = frame(GOOD).set_axis(["x", "y"])
    values = table[column].tolist()
    table[column] = pd.Series([values[0], value], ["x", "y"], dtype=object)
    with pytest.raises(ValueError) as error:
        clear(table, "hour")
    assert str(error.value) == f"table, {said}"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"by": "day"}, "table: has no column 'day'; it has 'hour', 'side', 'price', 'quantity'"),
        ({"price": "cost"}, "table: has no column 'cost'; it has"),
        ({"price_cap": 5.0}, "price_cap = 5.0: is for a fixed demand"),
        ({"demand": 5.0}, "table, row 1: is a bid, but the demand is fixed"),
        ({"demand": 5.0, "k": 0.5}, "k = 0.5: is for auctions with bids"),
        ({"k": 2.0}, "k = 2.0: must be between 0 and 1"),
        ({"ties": "both"}, "ties = 'both'"),
        ({"backend": "fortran"}, "backend = 'fortran'"),
    ],
)
def test_a_wrong_argument_is_named(options, said):
    with pytest.raises(ValueError, match=said.replace("(", r"\(")):
        clear(frame(GOOD), **options)


def test_what_is_no_table_is_refused():
    with pytest.raises(TypeError, match="table: must be a pandas DataFrame, got list"):
        clear([1, 2])
    with pytest.raises(ValueError, match="table: holds no orders"):
        clear(frame([]))
    double = pd.concat([frame(GOOD), frame(GOOD)[["price"]]], axis=1)
    with pytest.raises(ValueError, match="table: has more than one column 'price'"):
        clear(double)
    offers = frame([(1, "offer", 10.0, 5.0), (2, "offer", 10.0, 5.0)])
    with pytest.raises(ValueError, match="demand: has no value for the period 2"):
        clear(offers, "hour", demand={1: 3.0})


def test_a_table_of_books_gives_their_prices():
    books = synthetic_day(seed=3, orders=200)
    prices, cleared = clear(order_table(books), "hour")
    assert prices.to_dict() == {
        hour: auction_clearing(*book, backend="numpy")[0] for hour, book in books.items()
    }
    volumes = cleared.groupby(["hour", "side"])["accepted"].sum().unstack()
    np.testing.assert_allclose(volumes["offer"], volumes["bid"])
