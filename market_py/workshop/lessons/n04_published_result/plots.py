"""Pictures of notebook 04."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from market_py.benchmark.report.picture import draw_resolution, speedups, times
from market_py.benchmark.settings import PUBLISHED
from market_py.benchmark.timing import EMPTY_CALL, Race
from market_py.plots.axes import interval_line, label, legend, log_axis
from market_py.plots.picture import picture
from market_py.plots.style import BLACK, BLUE, VERMILION, candidate_style
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


@picture(height=6.6)
def race(figure: Any, races: Mapping[int, Race]) -> None:
    """Draw time per call by size, possibly of no race, beside the published points.

    Below it: how many times as fast the published Rust function is as the published numba one.
    """
    figure.subplots_adjust(left=0.13, top=0.88, hspace=0.08)
    above, below = figure.subplots(2, sharex=True, height_ratios=[2.2, 1])
    numba, rust = PUBLISHED
    label(above, "", "µs per call")
    label(below, "offers N", f"{numba}\n/ {rust}")
    offers = [point.offers for point in POINTS]
    published: dict[str, Any] = {"mfc": "white", "ls": ":", "alpha": 0.75}
    for name in PUBLISHED:
        language, (colour, marker, _) = name.partition("-")[0], candidate_style(name)
        values = [getattr(point, language) for point in POINTS]
        words = f"published {language}"
        above.plot(offers, values, color=colour, marker=marker, label=words, **published)
    ratios = [point.speedup for point in POINTS]
    below.plot(offers, ratios, color=BLACK, marker="o", **published)
    done = races.values()
    for name in dict.fromkeys(name for it in done for name in (*it.candidates, EMPTY_CALL)):
        interval_line(above, [*races], times(done, name, 1e3), name)
    if all({numba, rust} <= {*it.candidates} for it in done):
        style = {"color": VERMILION, "linestyle": "-", "label": None}
        interval_line(below, [*races], speedups(done, rust, numba), rust, **style)
    draw_resolution(below, done, races)
    log_axis(below.xaxis, 4, 1250)
    log_axis(above.yaxis)
    low, high = below.get_ylim()
    log_axis(below.yaxis, min(0.2, max(low, 0.05)), max(5, high))
    legend(figure, 4)
