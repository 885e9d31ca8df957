"""Pictures of notebook 04."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from market_py.benchmark.report.picture import speedups
from market_py.benchmark.settings import PUBLISHED
from market_py.benchmark.timing import Race
from market_py.plots.axes import interval_line, label, legend, log_axis
from market_py.plots.picture import picture
from market_py.plots.style import BLACK, BLUE, GREY, VERMILION
from market_py.validation import Float64Array
from market_py.variants.published import POINTS


@picture(height=3.8)
def dispatches(
    figure: Any, bids: Float64Array, quantities: Float64Array, accepted: Mapping[str, Float64Array]
) -> None:
    """Draw what two backends accept of each offer; arrays have shape (N,)."""
    axes = figure.subplots()
    label(axes, "offers, cheapest first", "MW")
    axes.grid(visible=False)
    order = np.argsort(bids, kind="stable")
    numbers, offered = np.arange(1, len(bids) + 1), quantities[order]
    axes.plot(numbers, offered, color=BLACK, ds="steps-mid", alpha=0.5, label="offered")
    styles: list[dict[str, Any]] = [
        {"color": BLUE, "marker": "o", "ms": 9, "mfc": "none"},
        {"color": VERMILION, "marker": "x", "ms": 6},
    ]
    for (name, dispatch), style in zip(accepted.items(), styles, strict=True):
        axes.plot(numbers, dispatch[order], ls="", label=name, **style)
    highest = float(quantities.max())
    axes.set(xlim=(0.5, len(bids) + 0.5), ylim=(-0.04 * highest, 1.08 * highest))
    legend(figure, 3)


LOOKS: dict[str, dict[str, Any]] = {
    "random": {"linestyle": "-"},
    "repeated": {"linestyle": "--", "mfc": "white"},
}
"""How the curves of each kind of inputs differ."""


@picture(height=5.6)
def ratios(figure: Any, races: Mapping[Any, Race], names: Sequence[str]) -> None:
    """Draw how many times as fast candidates are as the published numba function, by size.

    Solid lines are distinct markets, dashed ones one market repeated; the published points beside.
    """
    figure.subplots_adjust(top=0.76)
    axes = figure.subplots()
    label(axes, "offers N", f"times as fast as {PUBLISHED[0]}")
    offers = [point.offers for point in POINTS]
    speedup = [point.speedup for point in POINTS]
    axes.plot(offers, speedup, color=BLACK, marker="o", ls=":", label="published")
    axes.axhline(1, color=GREY, lw=1)
    for inputs, look in LOOKS.items():
        own = {size: race for (key, size), race in races.items() if key == inputs}
        for name in names if own else ():
            style = {"label": f"{name}, {inputs} inputs", **look}
            interval_line(axes, [*own], speedups(own.values(), name, PUBLISHED[0]), name, **style)
    log_axis(axes.xaxis, 4, 1250)
    low, high = axes.get_ylim()
    log_axis(axes.yaxis, min(0.2, max(low, 0.05)), max(5, high))
    legend(figure, 2)
