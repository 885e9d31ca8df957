"""Order books as people have them: tables, files, published examples, a real day.

`clear_orders` clears the orders of a pandas DataFrame, one auction for each period. `read_orders`
and `write_orders` read and write CSV and Parquet. `pypsa_example`, `pinson_example` and
`synthetic_day` return books that come with the package. `clear_complex_orders` drops complex orders
that lose money and clears again, and `market_py.orders.omie` reads the day to try it on. Tables and
Parquet need pandas and pyarrow; the rest needs NumPy only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from market_py.extras import lazy_exports

if TYPE_CHECKING:
    from market_py.orders.books import Book, pinson_example, pypsa_example, synthetic_day
    from market_py.orders.complex_orders import ComplexClearing, Steps, clear_complex_orders
    from market_py.orders.files import read_orders, write_orders
    from market_py.orders.table import clear_orders, order_table

__all__ = [
    "Book",
    "ComplexClearing",
    "Steps",
    "clear_complex_orders",
    "clear_orders",
    "order_table",
    "pinson_example",
    "pypsa_example",
    "read_orders",
    "synthetic_day",
    "write_orders",
]

__getattr__, __dir__ = lazy_exports(
    __name__,
    books=("Book", "pinson_example", "pypsa_example", "synthetic_day"),
    complex_orders=("ComplexClearing", "Steps", "clear_complex_orders"),
    files=("read_orders", "write_orders"),
    table=("clear_orders", "order_table"),
)
