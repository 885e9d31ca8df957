"""Read tables of orders from CSV and Parquet files."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from market_py.orders.table import check_orders
from market_py.tables import read_table, write_table

write_orders = write_table


def read_orders(
    path: Path | str, *, price: str = "price", quantity: str = "quantity"
) -> pd.DataFrame:
    """Read the orders of a file whose name ends in .parquet, or else of a CSV file.

    `market_py.tables.read_table` says what it may look like.

    Parameters
    ----------
    path : path
        The file.
    price, quantity : str
        Names of the columns of prices, €/MWh, and quantities, MW. All other columns are kept too.

    Returns
    -------
    pandas.DataFrame
        One row for each order, for `clear_orders`; of a CSV file, its index is the line.

    Raises
    ------
    OSError
        The file cannot be read.
    ValueError
        It is not such a table; the message names the file, the line and the column.
    ImportError
        A package is not installed; the message says what to install.
    """
    table = read_table(path, (price, quantity))
    check_orders(table, price=price, quantity=quantity)
    return table
