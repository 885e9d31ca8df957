"""Read a system from a table of units and a table of loads."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from market_py.reliability.system import LARGEST, RULES, System, Unit
from market_py.tables import check_columns, place, read_table, require

OPTIONAL = ("cost", "fuel_cost", "om_cost", "mttf", "mttr", "planned_start", "planned_stop")
"""Columns of numbers that a table of units may have."""


def read_system(
    units: Path | str | pd.DataFrame,
    loads: Path | str | pd.DataFrame,
    *,
    subtract: Sequence[str] = (),
) -> System:
    """Make a system from tables, or from files that `market_py.tables.read_table` understands.

    Parameters
    ----------
    units : path or DataFrame
        A row for each unit, with the columns ``capacity`` (MW) and ``forced_outage_rate`` (a share,
        from 0 to 1). More columns are optional: ``name``; ``cost`` or ``fuel_cost`` and
        ``om_cost``, $/MWh, by default 0; ``mttf`` and ``mttr``, h; ``planned_start`` and
        ``planned_stop``, the first hour of a planned outage, counted from 0, and the first one
        after it. Where these four are empty, there is none.
    loads : path or DataFrame
        A row for each hour, with the column ``load``, MW.
    subtract : sequence of str
        Columns of the loads that are subtracted from them, such as the output of wind, MW.

    Raises
    ------
    OSError
        A file cannot be read.
    ValueError
        A column or a value is missing or not what it must be. The message names file, line and
        column.
    ImportError
        pandas is not installed; the message says what to install.

    Examples
    --------
    >>> import pandas as pd
    >>> units = pd.DataFrame({"capacity": [100.0, 50.0], "forced_outage_rate": [0.05, 0.1]})
    >>> loads = pd.DataFrame({"load": [80.0, 120.0], "wind": [0.0, 30.0]})
    >>> read_system(units, loads, subtract=["wind"]).loads
    array([80., 90.])
    """
    table = _table(units, ("capacity", "forced_outage_rate", *OPTIONAL))
    hours = _table(loads, ("load", *subtract))
    check_columns(hours, ("load", *subtract), holds="hours")
    for column in ("load", *subtract):
        values = hours[column].to_numpy(np.float64)
        require(hours, column, values >= 0, "at least 0")
        require(hours, column, values <= LARGEST, f"at most {LARGEST:g}")
    system = System(_units(table, len(hours)), hours["load"].to_numpy(np.float64))
    for column in subtract:
        system = system.with_profile(hours[column].to_numpy(np.float64))
    return system


def _table(source: Path | str | pd.DataFrame, numeric: Sequence[str]) -> pd.DataFrame:
    return source if isinstance(source, pd.DataFrame) else read_table(source, numeric)


def _units(table: pd.DataFrame, hours: int) -> list[Unit]:
    check_columns(table, ("capacity", "forced_outage_rate"), holds="units")
    costs = [name for name in ("cost", "fuel_cost", "om_cost") if name in table.columns]
    check_columns(table, costs, holds="units")
    checked = {name: RULES[name] for name in ("capacity", "forced_outage_rate")}
    checked |= dict.fromkeys(costs, RULES["fuel_cost"])
    for column, (is_allowed, must) in checked.items():
        require(table, column, is_allowed(table[column].to_numpy(np.float64)), must)
    nothing = pd.Series(0.0, table.index)
    fuel = table.get("cost", table.get("fuel_cost", nothing))
    om = table.get("om_cost", nothing)
    names = table["name"].astype(str) if "name" in table.columns else table.index.astype(str)
    durations = (_optional(table, name, 1.0, None) for name in ("mttf", "mttr"))
    planned = _planned(table, hours)
    sizes, rates = table["capacity"], table["forced_outage_rate"]
    numbers = (column.astype(float).tolist() for column in (sizes, rates, fuel, om))
    rows = zip(names, *numbers, *durations, planned, strict=True)
    return [
        Unit(name, size, rate, fuel_cost, om_cost, mttf, mttr, planned=outages)
        for name, size, rate, fuel_cost, om_cost, mttf, mttr, outages in rows
    ]


def _optional(
    table: pd.DataFrame, column: str, least: float, most: float | None
) -> list[float | None]:
    """Return the numbers of a column that may be missing, or be empty in some rows."""
    if column not in table.columns:
        return [None] * len(table)
    values = table[column]
    given = values.notna().to_numpy()
    filled = values.where(given, least)
    check_columns(table.assign(**{column: filled}), (column,), holds="units")
    numbers = filled.to_numpy(np.float64)
    must = f"at least {least:g}" + ("" if most is None else f" and at most {most:g}")
    require(table, column, (numbers >= least) & (numbers <= (most or np.inf)), must)
    return [value if there else None for value, there in zip(numbers.tolist(), given, strict=True)]


def _planned(table: pd.DataFrame, hours: int) -> list[tuple[tuple[int, int], ...]]:
    starts = _optional(table, "planned_start", 0, hours - 1)
    stops = _optional(table, "planned_stop", 1, hours)
    planned: list[tuple[tuple[int, int], ...]] = []
    for at, (start, stop) in enumerate(zip(starts, stops, strict=True)):
        if start is None and stop is None:
            planned.append(())
            continue
        here = np.arange(len(table)) != at
        if start is None or stop is None:
            raise ValueError(f"{place(table, here)}: planned_start and planned_stop go together")
        if not (start.is_integer() and stop.is_integer() and start < stop):
            raise ValueError(
                f"{place(table, here)}: planned_start = {start:g}, planned_stop = {stop:g}: must "
                "be whole hours, the first before the second"
            )
        planned.append(((int(start), int(stop)),))
    return planned
