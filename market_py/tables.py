"""Read and write tables in CSV and Parquet files, and say where in a table something is wrong."""

from __future__ import annotations

import gzip
import importlib
import io
from collections.abc import Hashable, Sequence
from decimal import Decimal
from numbers import Real
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pandas as pd

from market_py.extras import explain_missing
from market_py.files import write_atomically

SUFFIXES = (".csv", ".parquet")
"""How the names of files end that `write_table` writes."""


def read_table(path: Path | str, numeric: Sequence[str]) -> pd.DataFrame:
    """Read a file whose name ends in .parquet, or else a CSV file.

    A CSV file has a line of column names. It is in UTF-8 or Latin-1, maybe compressed (.gz), and
    separated by commas, semicolons or tabs. With semicolons, numbers may have a decimal comma, and
    points between groups of three digits.

    Parameters
    ----------
    path : path
        The file.
    numeric : sequence of str
        Columns of numbers, where they are present; what is no number there stays a text.

    Returns
    -------
    pandas.DataFrame
        The table. Of a CSV file, its index is the line.

    Raises
    ------
    OSError
        The file cannot be read.
    ValueError
        It is not such a table.
    ImportError
        A package is not installed; the message says what to install.
    """
    path = Path(path)
    parse = _read_parquet if path.suffix == ".parquet" else _read_csv
    table = parse(path, numeric)
    table.attrs["source"] = str(path)
    return table


def write_table(table: pd.DataFrame, path: Path | str) -> None:
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
    """Raise an error if `write_table` cannot write a file of this name."""
    if path.suffix not in SUFFIXES:
        raise ValueError(f"{path}: the name must end in {' or '.join(SUFFIXES)}")


def check_columns(
    table: pd.DataFrame,
    numeric: Sequence[str],
    others: Sequence[Hashable] = (),
    *,
    holds: str,
) -> None:
    """Raise an error if a column or a value is missing, or a number is none or is not finite.

    Values in other columns must only be there. ``holds`` says what the rows are.
    """
    present = columns_of(table)
    for column in (*others, *numeric):
        if column not in present:
            listed = ", ".join(map(repr, present))
            raise ValueError(f"{source(table)}: has no column {column!r}; it has {listed}")
        if present.count(column) > 1:
            raise ValueError(f"{source(table)}: has more than one column {column!r}")
    if len(table) == 0:
        raise ValueError(f"{source(table)}: holds no {holds}")
    for column in (*others, *numeric):
        values = table[column]
        if values.isna().any():
            raise ValueError(f"{place(table, values.notna())}: {column} is missing")
    for column in numeric:
        values = table[column]
        if values.dtype.kind not in "iuf":
            is_number = values.map(lambda value: isinstance(value, Real | Decimal))
            is_number &= ~values.map(lambda value: isinstance(value, bool | np.bool_))
            require(table, column, is_number, "a number")
        require(table, column, np.isfinite(values.to_numpy(np.float64)), "finite")


def require(table: pd.DataFrame, column: Hashable, good: Any, what: str) -> None:
    """Raise an error that names the first value of a column that is not good."""
    if not np.all(good):
        value = table[column].iloc[int(np.argmin(good))]
        value = value.item() if isinstance(value, np.generic) else value
        raise ValueError(f"{place(table, good)}: {column} = {value!r}: must be {what}")


def place(table: pd.DataFrame, good: Any) -> str:
    """Name the first row that is not good, in the words of the file where the table is from."""
    label = table.index[int(np.argmin(good))]
    label = label.item() if isinstance(label, np.generic) else label
    return f"{source(table)}, {table.index.name or 'row'} {label!r}"


def source(table: pd.DataFrame) -> str:
    """Return the path of the file that a table is from."""
    return str(table.attrs.get("source", "table"))


def columns_of(table: pd.DataFrame) -> list[Hashable]:
    """Return the names of the columns, if it is a table."""
    if not isinstance(table, pd.DataFrame):
        raise TypeError(f"table: must be a pandas DataFrame, got {type(table).__name__}")
    return list(table.columns)


def _read_csv(path: Path, numeric: Sequence[str]) -> pd.DataFrame:
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


def _read_parquet(path: Path, _numeric: Sequence[str]) -> pd.DataFrame:
    _import_pyarrow()
    try:
        table = pd.read_parquet(path)
    except ValueError as error:  # pyarrow.ArrowInvalid
        raise ValueError(f"{path}: {error}") from error
    return table if isinstance(table.index, pd.RangeIndex) else table.reset_index()


def _import_pyarrow() -> None:
    with explain_missing():
        importlib.import_module("pyarrow")
