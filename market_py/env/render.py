"""One hour of a market as a picture (matplotlib) and as text (rich)."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from market_py.extras import explain_missing
from market_py.validation import Float64Array

# The palette of Okabe and Ito; the lines differ in style too.
BLUE, VERMILION, GREEN = "#0072B2", "#D55E00", "#009E73"


def draw(
    bids: Float64Array, quantities: Float64Array, demand: float, price: float
) -> NDArray[np.uint8]:
    """Draw the supply curve, demand and the price; return an image of shape (480, 640, 3)."""
    with explain_missing():
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    figure = Figure(figsize=(6.4, 4.8), dpi=100, layout="constrained")
    canvas = FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    order = np.argsort(bids, kind="stable")
    supply = np.concatenate([[0.0], np.cumsum(quantities[order])])
    axes.stairs(bids[order], supply, baseline=None, color=BLUE, linewidth=2, label="offers")
    axes.axvline(demand, color=VERMILION, linestyle="--", label=f"demand {demand:,.0f} MW")
    axes.axhline(price, color=GREEN, linestyle=":", label=f"price {price:,.2f} €/MWh")
    axes.set(xlabel="MW", ylabel="€/MWh", xlim=(0, max(supply[-1], demand) * 1.05 or 1))
    axes.legend(loc="upper left")
    canvas.draw()  # type: ignore[no-untyped-call]
    return np.asarray(canvas.buffer_rgba())[:, :, :3].copy()  # type: ignore[no-untyped-call]


def merit_order(
    names: Sequence[str],
    bids: Float64Array,
    quantities: Float64Array,
    dispatch: Float64Array,
    demand: float,
    price: float,
) -> str:
    """Return a cleared market as a table in text, cheapest offer first."""
    with explain_missing():
        from rich.console import Console
        from rich.table import Table
    table = Table(
        title=f"Demand {demand:,.1f} MW, price {price:,.2f} €/MWh",
        caption=f"Served {dispatch.sum():,.1f} MW.",
    )
    for heading in ("generator", "bid, €/MWh", "offered, MW", "dispatched, MW"):
        table.add_column(heading, justify="left" if heading == "generator" else "right")
    for i in np.argsort(bids, kind="stable"):
        table.add_row(names[i], f"{bids[i]:,.2f}", f"{quantities[i]:,.1f}", f"{dispatch[i]:,.1f}")
    console = Console(width=100, file=io.StringIO())
    with console.capture() as text:
        console.print(table)
    return text.get()
