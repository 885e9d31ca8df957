"""Clear a table of orders, one auction for each period, and print the prices.

The table is a CSV or Parquet file with a row for each order. Its columns are side (offer or sell,
bid or buy), price in €/MWh and quantity in MW. Other columns are kept.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import pandas as pd
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from market_py.cli import INTERRUPTED, REFUSED
from market_py.orders.files import read_orders
from market_py.orders.table import clear_orders, find_offers
from market_py.registry import BACKENDS
from market_py.tables import check_suffix, write_table


def main(arguments: list[str]) -> int:
    """Read, clear, print, and write the result; return the exit status."""
    parser = argparse.ArgumentParser("python -m market_py clear", description=__doc__)
    ask = parser.add_argument
    ask("orders", type=Path, help="CSV or Parquet file")
    ask("--by", action="append", metavar="COLUMN", help="column of the period; may be repeated")
    ask("--side", default="side", metavar="COLUMN", help="name of the column of the side")
    ask("--price", default="price", metavar="COLUMN", help="name of the column of the price")
    ask("--quantity", default="quantity", metavar="COLUMN", help="name of the quantity's column")
    ask("--ties", choices=["index", "pro_rata"], default="index", help="at equal prices (index)")
    ask("--k", type=float, default=0.0, help="price within the price interval, 0 to 1 (0)")
    ask("--demand", type=float, metavar="MW", help="fixed demand, for tables without bids")
    ask("--price-cap", type=float, metavar="PRICE", help="price if the demand is not met")
    ask("--backend", choices=BACKENDS, help="what clears the markets; by default the fastest")
    ask("--output", type=Path, metavar="FILE", help="write the table with what was accepted")
    chosen = vars(parser.parse_args(arguments))
    path, output, by = (chosen.pop(name) for name in ("orders", "output", "by"))
    try:
        if output:
            check_suffix(output)
        with Console(stderr=True).status(f"Clearing {escape(str(path))}"):
            names = {name: chosen[name] for name in ("price", "quantity")}
            table = read_orders(path, **names)
            prices, cleared = clear_orders(table, by, **chosen)
        if by is None:
            prices = pd.Series(prices, pd.RangeIndex(1))
        sold = cleared["accepted"]
        if chosen["demand"] is None:
            sold = sold[find_offers(cleared, chosen["side"])]
        Console().print(periods(prices, by or [], cleared, sold, path.name))
        if output:
            write_table(cleared, output)
            print(f"Written: {output}")
    except (ImportError, OSError, TypeError, ValueError) as error:
        print(error, file=sys.stderr)
        return REFUSED
    except KeyboardInterrupt:
        return INTERRUPTED
    return 0


def periods(
    prices: pd.Series, by: list[str], cleared: pd.DataFrame, sold: pd.Series, title: str
) -> Table:
    """Make a table of the price and the volume of each period."""
    volumes: Any = sold.sum()
    if by:
        names = [cleared.loc[sold.index, name] for name in by]
        volumes = sold.groupby(names, sort=False, observed=True).sum()
        volumes = volumes.reindex(prices.index, fill_value=0.0)
    table = Table(title=escape(title), caption=f"{len(cleared):,} orders")
    for name in by:
        table.add_column(escape(name))
    table.add_column("price, €/MWh", justify="right")
    table.add_column("volume, MW", justify="right")
    for (label, price), volume in zip(prices.items(), pd.Series(volumes), strict=True):
        labels = label if isinstance(label, tuple) else (label,) if by else ()
        table.add_row(*(escape(str(it)) for it in labels), f"{price:,.2f}", f"{volume:,.1f}")
    return table
