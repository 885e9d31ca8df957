"""Clear the orders of a table: a pandas DataFrame with one row for each order."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from market_py.auction import auction_clearing_batch
from market_py.clearing import market_clearing_batch
from market_py.orders.books import Book
from market_py.orders.rows import Rows
from market_py.tables import check_columns, columns_of, place, require
from market_py.validation import Ties

OFFER_WORDS = ("offer", "sell")
BID_WORDS = ("bid", "buy")


def clear_orders(
    table: pd.DataFrame,
    by: Hashable | Sequence[Hashable] | None = None,
    *,
    side: str = "side",
    price: str = "price",
    quantity: str = "quantity",
    demand: Any = None,
    price_cap: float | None = None,
    k: float = 0.0,
    ties: Ties = "index",
    backend: str | None = None,
    threads: int | None = None,
) -> tuple[Any, pd.DataFrame]:
    """Clear the orders of a table, one auction for each period, all in one call.

    Parameters
    ----------
    table : pandas.DataFrame
        One row for each order; it is not changed. Columns that are not named here are kept.
    by : label or list of labels, optional
        Column or columns that name the period, such as ``"hour"`` or ``["date", "hour"]``. Any
        labels will do, and any number of periods. By default all orders are of one auction.
    side, price, quantity : str
        Names of the columns: "offer" or "sell", "bid" or "buy", in capitals or not; €/MWh; MW.
    demand : float, mapping or Series, optional
        Fixed demand of each period, MW; or one for each of their labels. Then there must be no
        bids, the column of the side may be missing, and the periods are cleared as by
        `market_py.market_clearing`.
    price_cap : float, optional
        Price in a shortage, €/MWh, where `demand` is given; by default the highest offer.
    k, ties, backend, threads
        As for `market_py.auction_clearing_batch`; `k` is for auctions with bids only.

    Returns
    -------
    prices : float or Series
        Clearing price of each period, €/MWh, in the order in which the periods first appear; a
        number where `by` is not given.
    orders : pandas.DataFrame
        The table with a column ``accepted``: the accepted quantity of each order, MW.

    Raises
    ------
    TypeError
        `table` is not a DataFrame.
    ValueError
        A column is missing, a value is missing or not what it must be (the message names the row
        and the column), there is no order, or another argument is wrong.
    ImportError
        pandas or the backend is not installed; the message says what to install.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({
    ...     "hour": [1, 1, 1, 2, 2],
    ...     "side": ["sell", "sell", "buy", "sell", "buy"],
    ...     "price": [20.0, 10.0, 50.0, 30.0, 40.0],
    ...     "quantity": [100.0, 100.0, 150.0, 80.0, 60.0],
    ... })
    >>> prices, orders = clear_orders(table, by="hour")
    >>> prices.to_dict()
    {1: 20.0, 2: 30.0}
    >>> orders["accepted"].tolist()
    [50.0, 100.0, 150.0, 60.0, 60.0]
    """
    keys = _keys(by)
    columns = [column for column in (side,) if demand is None or column in columns_of(table)]
    check_orders(table, price=price, quantity=quantity, others=[*columns, *keys])
    is_offer = find_offers(table, side) if columns else np.full(len(table), True)
    prices, quantities = (table[name].to_numpy(np.float64) for name in (price, quantity))
    if keys:
        period = table.groupby(keys, sort=False, observed=True).ngroup().to_numpy()
        labels = table[keys].drop_duplicates().set_index(keys).index
    else:
        period, labels = np.zeros(len(table), np.intp), pd.RangeIndex(1)
    # A row without any positive quantity takes its price from all its orders: pad with one of them.
    fill = prices[np.unique(period, return_index=True)[1]]
    accepted = np.empty(len(table))
    offers = Rows(period[is_offer], len(labels))
    sell = offers.lay_out(prices[is_offer], fill), offers.lay_out(quantities[is_offer])
    if demand is None:
        if price_cap is not None:
            raise ValueError(f"price_cap = {price_cap}: is for a fixed demand; give demand too")
        bids = Rows(period[~is_offer], len(labels))
        buy = bids.lay_out(prices[~is_offer], fill), bids.lay_out(quantities[~is_offer])
        cleared, sold, bought = auction_clearing_batch(
            *sell, *buy, k=k, ties=ties, backend=backend, threads=threads
        )
        accepted[~is_offer] = bought[bids.index]
    else:
        if k != 0:
            raise ValueError(f"k = {k}: is for auctions with bids; the demand is fixed")
        if not np.all(is_offer):
            raise ValueError(f"{place(table, is_offer)}: is a bid, but the demand is fixed")
        cleared, sold = market_clearing_batch(
            *sell,
            _demand_of_periods(demand, labels),
            price_cap=price_cap,
            ties=ties,
            backend=backend,
            threads=threads,
        )
    accepted[is_offer] = sold[offers.index]
    result = pd.Series(cleared, labels, name="price") if keys else float(cleared[0])
    return result, table.assign(accepted=accepted)


def order_table(books: Mapping[Any, Book], by: str = "hour") -> pd.DataFrame:
    """Return the orders of books as a table, with the columns that `clear_orders` expects.

    Examples
    --------
    >>> from market_py.orders import pypsa_example
    >>> clear_orders(order_table({1: pypsa_example()}))[0]
    60.0
    """
    columns: list[str] = [by, "side", "price", "quantity"]
    parts = [
        pd.DataFrame(
            {by: [label] * len(prices), "side": side, "price": prices, "quantity": amounts}
        )
        for label, book in books.items()
        for side, prices, amounts in (("offer", *book[:2]), ("bid", *book[2:]))
    ]
    return pd.concat(parts, ignore_index=True)[columns]


def check_orders(
    table: pd.DataFrame, *, price: str, quantity: str, others: Sequence[Hashable] = ()
) -> None:
    """Raise an error if a column is missing, or a value in one of these columns is not allowed.

    Values in other columns than price and quantity must only be there.
    """
    check_columns(table, (price, quantity), others, holds="orders")
    require(table, quantity, table[quantity].to_numpy(np.float64) >= 0, "at least 0")


def find_offers(table: pd.DataFrame, side: str) -> NDArray[np.bool_]:
    """Return which orders are offers, from the words of a column."""
    words = table[side].astype(str).str.strip().str.lower()
    is_offer = words.isin(OFFER_WORDS)
    known = ", ".join(map(repr, (*OFFER_WORDS, *BID_WORDS)))
    require(table, side, is_offer | words.isin(BID_WORDS), f"one of {known}")
    found: NDArray[np.bool_] = is_offer.to_numpy(bool)
    return found


def _keys(by: Any) -> list[Hashable]:
    return [] if by is None else list(by) if isinstance(by, list) else [by]


def _demand_of_periods(demand: Any, labels: pd.Index) -> Any:
    """Return the demand of all periods, or of each by its label."""
    if not isinstance(demand, Mapping | pd.Series):
        return demand
    of_label = dict(demand.items())
    for label in labels:
        if label not in of_label:
            raise ValueError(f"demand: has no value for the period {label!r}")
    return np.array([of_label[label] for label in labels])
