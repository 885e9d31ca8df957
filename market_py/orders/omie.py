"""Read days of the Iberian day-ahead market from the files that OMIE publishes.

OMIE, the market operator of Spain and Portugal, publishes all bids of a day after three months at
https://www.omie.es/en/file-access-list: the headers (``CAB_YYYYMMDD.1``) and the steps
(``DET_YYYYMMDD.1``), text of fixed width in Latin-1; prices (``marginalpdbc_YYYYMMDD.1``) and
capacities of the borders (``capacidad_inter_pbc_YYYYMMDD.1``), separated by semicolons. The formats
are described in OMIE's "Modelo de ficheros para la distribución pública de información".

This package contains none of these data, because OMIE's terms of reuse were not verified, and it
downloads nothing. Save the files of a day in a folder and call `read_day`; set the environment
variable ``MARKET_PY_DATA`` to the folder for `load_day`. The bids and the capacities of
21 June 2025 are also in the repository EloyID/iberian-day-ahead-market-simulator on GitHub (MIT
licence), in ``examples/data`` at commit 18640a1eae88aa75b23f99667f15a87b95a52a60.

>>> from market_py.orders import clear_complex_orders
>>> try:
...     day = load_day("20250621")
...     prices = clear_complex_orders(day.steps).prices
... except FileNotFoundError as missing:
...     pass  # A notebook goes on with the books of `market_py.orders.books`.

With the French price as given, `clear_complex_orders` finds all 24 Spanish prices of
21 June 2025 to the cent; the plain crossing of all steps finds 6. Caveats:

- The French price is an input, and in 9 hours (11 to 17, 22, 23) the Spanish price equals it: there
  it is partly given. With the realised flow to France instead (``border="flow"``) 21 of 24 prices
  are found; hours 16, 22 and 23 are missed.
- Imports from France and exports to it are two orders at one price. Where the curves cross on a
  horizontal part, both may be accepted, so that France trades with itself (1,300 MW in and 54.7 MW
  out in hour 11): subtract that before you show volumes. The prices are right all the same.
- There is one zone. In hour 12 Portugal clears at 1.20 €/MWh and Spain at 0.00 €/MWh.
- Dropping the worst loser is a teaching heuristic, not EUPHEMIA.
- Only hourly days are understood, which means days before 1 October 2025.
"""

from __future__ import annotations

import csv
import gzip
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from market_py.orders.complex_orders import PRICE_FLOOR, Steps
from market_py.validation import Float64Array, check_vector

DATA_VARIABLE = "MARKET_PY_DATA"
"""Environment variable that names the folder of `load_day`."""
PRICE_CAP = 4000.0
"""Highest price of the market, €/MWh: what a price-taking buyer bids."""
FRANCE = 3
"""Number of the French border in the files of capacities; 2 is Portugal, 4 Andorra, 5 Morocco."""
MOST_HOURS = 25
"""Hours of the longest day."""

Border = Literal["price", "flow"]


class Exchange(NamedTuple):
    """Capacities and realised flows of one border, one value for each hour, MW; all >= 0."""

    import_capacity: Float64Array
    imported: Float64Array
    export_capacity: Float64Array
    exported: Float64Array


class Day(NamedTuple):
    """A day of the Iberian market."""

    steps: Steps
    """All order steps, and those that stand for France."""
    spain: Float64Array
    """Official prices in Spain, one for each hour, €/MWh."""
    portugal: Float64Array
    """Official prices in Portugal, one for each hour, €/MWh."""


def load_day(date: str, *, border: Border = "price") -> Day:
    """Read a day from the folder that the environment variable ``MARKET_PY_DATA`` names.

    Parameters
    ----------
    date : str
        The day as in the names of the files, for example "20250621".
    border : {"price", "flow"}
        As for `read_table_day`.

    Returns
    -------
    Day
        From ``omie_{date}_bids.csv.gz`` and ``omie_{date}_official.csv`` (see `read_table_day`) if
        they are there, or else from OMIE's own files (see `read_day`), with the realised flow.

    Raises
    ------
    FileNotFoundError
        The variable is not set, or the folder has no such files; the message says what to do.
    ValueError
        A file is not what it must be; the message names the file, the line and the column.
    """
    advice = "see the documentation of market_py.orders.omie for where to get a day"
    folder = os.environ.get(DATA_VARIABLE)
    if not folder:
        raise FileNotFoundError(f"{DATA_VARIABLE} is not set: name a folder of data; {advice}")
    bids = Path(folder, f"omie_{date}_bids.csv.gz")
    if bids.exists():
        return read_table_day(bids, Path(folder, f"omie_{date}_official.csv"), border=border)
    if Path(folder, f"DET_{date}.1").exists():
        return read_day(folder, date)
    raise FileNotFoundError(f"{DATA_VARIABLE} = {folder}: holds no day {date}; {advice}")


def read_day(folder: Path | str, date: str, *, french_prices: ArrayLike | None = None) -> Day:
    """Read a day from four files of OMIE: CAB, DET, marginalpdbc, capacidad_inter_pbc.

    Parameters
    ----------
    folder : path
        Where the files are.
    date : str
        The day as in the names of the files, for example "20250621".
    french_prices : array_like, shape (H,), optional
        Prices in France, €/MWh, which OMIE does not publish (ENTSO-E does). Then France offers and
        bids its capacities at this price; by default it sells and buys the realised flow at any
        price.

    Returns
    -------
    Day
        The day; the number of hours (23 to 25) is that of the prices.

    Raises
    ------
    OSError, ValueError
        As for `load_day`.
    """
    portugal, spain = read_prices(Path(folder, f"marginalpdbc_{date}.1"))
    hours = len(spain)
    bids = read_bids(Path(folder, f"CAB_{date}.1"), Path(folder, f"DET_{date}.1"), hours)
    exchange = read_exchange(Path(folder, f"capacidad_inter_pbc_{date}.1"), hours)
    prices = None if french_prices is None else _french_prices(french_prices, hours)
    return Day(add_border(bids, exchange, prices), spain, portugal)


def read_table_day(bids: Path | str, official: Path | str, *, border: Border = "price") -> Day:
    """Read a day from two CSV files: one line for each step, and one for each hour.

    Parameters
    ----------
    bids : path
        Columns ``order, hour, block, excl_group, price_eur_mwh, quantity_mwh, min_accept_mwh, side,
        mic_fixed_eur``, among others; maybe compressed.
    official : path
        Columns ``ES, PT, FR`` (prices, €/MWh) and ``impcap_FR, imp_FR, expcap_FR, exp_FR`` (MW),
        among others, in the order of the hours.
    border : {"price", "flow"}
        France offers and bids its capacities at its own price, or sells and buys the realised flow
        at any price.

    Returns
    -------
    Day
        The day.

    Raises
    ------
    OSError, ValueError
        As for `load_day`.
    """
    if border not in ("price", "flow"):
        raise ValueError(f"border = {border!r}: must be 'price' or 'flow'")
    step = _read_columns(
        bids,
        integers=("order", "hour", "block", "excl_group"),
        numbers=("price_eur_mwh", "quantity_mwh", "min_accept_mwh", "mic_fixed_eur"),
        words=("side",),
    )
    hourly = _read_columns(
        official, numbers=("ES", "PT", "FR", "impcap_FR", "imp_FR", "expcap_FR", "exp_FR")
    )
    steps = Steps(
        hour=step["hour"],
        is_sale=step["side"] == "sell",
        price=step["price_eur_mwh"],
        quantity=step["quantity_mwh"],
        order=step["order"],
        block=step["block"],
        group=step["excl_group"],
        minimum=step["min_accept_mwh"],
        fixed=step["mic_fixed_eur"],
    )
    # Imports are negative.
    flows = (np.abs(hourly[f"{name}_FR"]) for name in ("impcap", "imp", "expcap", "exp"))
    french = hourly["FR"] if border == "price" else None
    return Day(add_border(steps, Exchange(*flows), french), hourly["ES"], hourly["PT"])


def add_border(steps: Steps, exchange: Exchange, prices: Float64Array | None) -> Steps:
    """Add an import and an export order for each hour.

    At the prices of the neighbour both have the quantity of the capacity; without prices they are
    price-takers with the quantity of the realised flow.
    """
    hours = len(exchange.imported)
    if prices is None:
        flows = exchange.imported, exchange.exported
        limits = np.full(hours, PRICE_FLOOR), np.full(hours, PRICE_CAP)
    else:
        flows, limits = (exchange.import_capacity, exchange.export_capacity), (prices, prices)
    none = np.zeros(2 * hours)
    border = Steps(
        hour=np.tile(np.arange(1, hours + 1), 2),
        is_sale=np.repeat([True, False], hours),
        price=np.concatenate(limits),
        quantity=np.concatenate(flows),
        order=none.astype(np.int64),
        block=none.astype(np.int64),
        group=none.astype(np.int64),
        minimum=none,
        fixed=none,
    )
    return Steps._make(np.concatenate(parts) for parts in zip(steps, border, strict=True))


def read_bids(cab: Path | str, det: Path | str, hours: int = 24) -> Steps:
    """Read the headers and the steps of all bids of a day.

    Steps of later hours are left out: standing bids have an hour 25 on every day.
    """
    is_sale, fixed = {}, {}
    for place, line in _lines(cab):
        order = _field(place, line, "order", 0, 10, int)
        side = line[52:53]
        if side not in "VC" or not side:
            raise ValueError(f"{place}: side = {side!r}: must be 'V' (sale) or 'C' (purchase)")
        is_sale[order] = side == "V"
        fixed[order] = _field(place, line, "fixed term", 54, 71, float)
    rows = []
    for place, line in _lines(det):
        hour = _field(place, line, "hour", 15, 18, int)
        order = _field(place, line, "order", 0, 10, int)
        if order not in is_sale:
            raise ValueError(f"{place}: order = {order}: is not in {cab}")
        if hour > MOST_HOURS:
            raise ValueError(f"{place}: hour = {hour}: only hourly days are understood")
        rows.append(
            (
                hour,
                is_sale[order],
                _field(place, line, "price", 24, 41, float),
                _field(place, line, "quantity", 41, 48, float),
                order,
                _field(place, line, "block", 18, 20, int),
                _field(place, line, "exclusive group", 22, 24, int),
                _field(place, line, "minimum", 48, 55, float),
                fixed[order],
            )
        )
    if not rows:
        raise ValueError(f"{det}: holds no steps")
    dtypes = np.int64, bool, float, float, np.int64, np.int64, np.int64, float, float
    columns = (np.array(*column) for column in zip(zip(*rows, strict=True), dtypes, strict=True))
    steps = Steps._make(columns)
    return Steps._make(column[steps.hour <= hours] for column in steps)


def read_prices(path: Path | str) -> tuple[Float64Array, Float64Array]:
    """Read the official prices in Portugal and in Spain, one for each hour, €/MWh."""
    rows = [(place, line.split(";")) for place, line in _lines(path) if line[:1].isdigit()]
    _check_hours(path, [_cell(*row, "hour", 3, int) for row in rows])
    portugal, spain = (
        np.array([_cell(*row, "price", column, _spanish) for row in rows]) for column in (4, 5)
    )
    return portugal, spain


def read_exchange(path: Path | str, hours: int = 24, border: int = FRANCE) -> Exchange:
    """Read capacities and realised flows of a border, one for each hour, MW."""
    rows = [(place, line.split(";")) for place, line in _lines(path) if line[:1].isdigit()]
    rows = [row for row in rows if _cell(*row, "border", 2, int) == border]
    found = [_cell(*row, "hour", 0, int) for row in rows]
    _check_hours(path, found)
    if len(found) != hours:
        raise ValueError(f"{path}: has {len(found)} hours of border {border}, not {hours}")
    # Imports are negative.
    columns = (3, 4, 6, 7)
    return Exchange(
        *(np.abs([_cell(*row, "capacity", column, _spanish) for row in rows]) for column in columns)
    )


def _check_hours(path: Path | str, hours: list[int]) -> None:
    if not 23 <= len(hours) <= MOST_HOURS or hours != list(range(1, len(hours) + 1)):
        raise ValueError(f"{path}: must have the hours 1 to 23, 24 or 25, got {hours}")


def _french_prices(prices: ArrayLike, hours: int) -> Float64Array:
    checked = check_vector("french_prices", prices, negative=True, holds="price")
    if len(checked) != hours:
        raise ValueError(f"french_prices: must have {hours} prices, got {len(checked)}")
    return checked


def _lines(path: Path | str) -> Iterable[tuple[str, str]]:
    """Return the lines of a file that are not blank, each with its place for errors."""
    with Path(path).open(encoding="latin-1") as file:
        for number, line in enumerate(file, 1):
            if line.strip():
                yield f"{path}, line {number}", line.rstrip("\n")


def _field(
    place: str, line: str, name: str, start: int, end: int, kind: Callable[[str], Any]
) -> Any:
    """Return a field of a line of fixed width."""
    return _read(place, name, line[start:end].strip(), kind)


def _cell(place: str, cells: list[str], name: str, column: int, kind: Callable[[str], Any]) -> Any:
    """Return a field of a line with separators."""
    return _read(place, name, cells[column] if column < len(cells) else "", kind)


def _read(place: str, name: str, text: str, kind: Callable[[str], Any]) -> Any:
    try:
        return kind(text)
    except ValueError:
        what = "a whole number" if kind is int else "a number"
        raise ValueError(f"{place}: {name} = {text!r}: must be {what}") from None


def _spanish(text: str) -> float:
    """Read 1.234,5 and 1234.5."""
    return float(text.replace(".", "").replace(",", ".") if "," in text else text)


def _read_columns(
    path: Path | str,
    *,
    integers: tuple[str, ...] = (),
    numbers: tuple[str, ...] = (),
    words: tuple[str, ...] = (),
) -> dict[str, NDArray[Any]]:
    """Read columns of a CSV file, which may be compressed, by name."""
    kinds: dict[str, Callable[[str], Any]] = {
        **dict.fromkeys(integers, int),
        **dict.fromkeys(numbers, float),
        **dict.fromkeys(words, str),
    }
    opener: Any = gzip.open if str(path).endswith(".gz") else open
    with opener(path, "rt", encoding="utf-8", newline="") as file:
        reader = csv.reader(file)
        header = next(reader, [])
        for name in kinds:
            if name not in header:
                raise ValueError(f"{path}: has no column {name!r}; it has {', '.join(header)}")
        wanted = [(name, header.index(name), kind) for name, kind in kinds.items()]
        rows = [
            [_cell(f"{path}, line {reader.line_num}", row, *which) for which in wanted]
            for row in reader
            if row
        ]
    if not rows:
        raise ValueError(f"{path}: holds no rows")
    return {
        name: np.array(values) for name, values in zip(kinds, zip(*rows, strict=True), strict=True)
    }
