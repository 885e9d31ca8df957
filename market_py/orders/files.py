"""Read tables of orders from CSV and Parquet files, and write them."""

from __future__ import annotations

import gzip
import importlib
import io
from pathlib import Path
from typing import BinaryIO

import pandas as pd

from market_py.extras import explain_missing
from market_py.files import write_atomically
from market_py.orders.table import check_orders

SUFFIXES = (".csv", ".parquet")
"""How the names of files end that `write_orders` writes."""


def read_orders(
    path: Path | str, *, price: str = "price", quantity: str = "quantity"
) -> pd.DataFrame:
    """Read the orders of a file whose name ends in .parquet, or else of a CSV file.

    A CSV file has a line of column names. It is in UTF-8 or Latin-1, maybe compressed (.gz), and
    separated by commas, semicolons or tabs. With semicolons, numbers may have a decimal comma, and
    points between groups of three digits.

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
    path = Path(path)
    parse = _read_parquet if path.suffix == ".parquet" else _read_csv
    table = parse(path, (price, quantity))
    table.attrs["source"] = str(path)
    check_orders(table, price=price, quantity=quantity)
    return table


def write_orders(table: pd.DataFrame, path: Path | str) -> None:
    """Write a table, without its index, to a file whose name ends in .csv or .parquet."""
    path = Path(path)
    check_suffix(path)

    def write(file: BinaryIO) -> None:
        if path.suffix == ".csv":
            table.to_csv(file, index=False)
        else:
            _import_pyarrow()
            table.to_parquet(file, index=False)

    write_atomically(path, write)


def check_suffix(path: Path) -> None:
    """Raise an error if `write_orders` cannot write a file of this name."""
    if path.suffix not in SUFFIXES:
        raise ValueError(f"{path}: the name must end in {' or '.join(SUFFIXES)}")


def _read_csv(path: Path, numeric: tuple[str, ...]) -> pd.DataFrame:
    content = path.read_bytes()
    text = _decode(gzip.decompress(content) if path.suffix == ".gz" else content)
    if not text.strip():
        raise ValueError(f"{path}: is empty")
    above = text[: len(text) - len(text.lstrip())].count("\n")
    text = text.lstrip()
    separator = max(",;\t", key=text.partition("\n")[0].count)
    try:
        # Blank lines are kept until the lines are numbered.
        table = pd.read_csv(
            io.StringIO(text),
            sep=separator,
            dtype=dict.fromkeys(numeric, str),
            index_col=False,
            skip_blank_lines=False,
            low_memory=False,
        )
    except pd.errors.ParserError as error:
        raise ValueError(f"{path}: {error}") from error
    table.index = pd.RangeIndex(above + 2, above + 2 + len(table), name="line")
    table = table.dropna(how="all")
    for column in set(numeric) & set(table.columns):
        values = table[column]
        if separator == ";":
            values = _without_decimal_commas(values)
        table[column] = values.map(_number, na_action="ignore")
    return table


def _decode(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def _without_decimal_commas(column: pd.Series) -> pd.Series:
    """Write numbers such as 1.234,5 as 1234.5, if any in the column has a comma."""
    if not column.str.contains(",", regex=False, na=False).any():
        return column
    spaced = column.str.strip()
    number = r"[+-]?(\d+|\d{1,3}(\.\d{3})+)(,\d+)?"
    is_number = spaced.str.fullmatch(number, na=False).astype(bool)
    plain = spaced.str.replace(".", "", regex=False).str.replace(",", ".", regex=False)
    return column.mask(is_number, plain)


def _number(text: str) -> float | str:
    """Return the number that a text is, or the text."""
    try:
        return float(text)
    except ValueError:
        return text


def _read_parquet(path: Path, _numeric: tuple[str, ...]) -> pd.DataFrame:
    _import_pyarrow()
    try:
        table = pd.read_parquet(path)
    except ValueError as error:  # pyarrow.ArrowInvalid
        raise ValueError(f"{path}: {error}") from error
    return table if isinstance(table.index, pd.RangeIndex) else table.reset_index()


def _import_pyarrow() -> None:
    with explain_missing():
        importlib.import_module("pyarrow")
