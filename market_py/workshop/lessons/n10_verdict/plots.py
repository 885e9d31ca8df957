"""Pictures of notebook 10."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from market_py.benchmark.report.picture import interval
from market_py.benchmark.report.waterfall import Saving
from market_py.benchmark.timing import EMPTY_CALL, ONE_PASS, Race
from market_py.plots import style
from market_py.plots.axes import error_bar, label, legend, rows, write
from market_py.plots.picture import picture
from market_py.workshop.lessons.n10_verdict.decision import Decision, Plan, unit_of

BASELINE_DASHES = {EMPTY_CALL: ":", ONE_PASS: "-."}
MOST_ROWS = 9
"""The longest order of fixes, and both ends."""


def draw_waterfall(
    figure: Any, race: Race | None, found: Sequence[Saving], own: Sequence[str] = ()
) -> None:
    """Draw the savings of an order from the published shape to its end, or nothing yet.

    Below it are the learner's variants.
    """
    figure.subplots_adjust(left=0.41, right=0.98, top=0.88)
    axes = figure.subplots()
    label(axes, "ns per call: medians, and savings with intervals")
    rows(axes, [], MOST_ROWS)
    if race is None or not found:
        return
    first, last = found[0].fix.before, found[-1].fix.after
    start, end = (float(np.median(race.rounds[name])) for name in (first, last))
    names = [first, *(f"− {saving.fix.removed}" for saving in found), f"= {last}"]
    rows(axes, [*names, *(f"yours: {it}" for it in own)], max(MOST_ROWS, len(names) + len(own)))
    axes.barh([0, len(names) - 1], [start, end], 0.62, color=style.GREY, label="takes")
    write(axes, start, 0, f"{start:,.0f}")
    write(axes, end, len(names) - 1, f"{end:,.0f}")
    for row, name in enumerate(own, len(names)):
        low, median, high = race.quartiles(name)
        axes.barh(row, median, 0.62, color=style.YELLOW, hatch="..", label="yours")
        error_bar(axes, row, (low, median, high))
        write(axes, high, row, f"{median:,.0f}")
    right = widest = start
    for row, saving in enumerate(found, 1):
        saved = saving.nanoseconds
        left = right - saved.value
        is_gain = saved.value > 0
        look: dict[str, Any] = {
            "color": style.SKY if is_gain else style.VERMILION,
            "hatch": "//" if is_gain else "xx",
            "label": "saved" if is_gain else "cost",
        }
        axes.barh(row, saved.value, 0.62, left=left, alpha=0.75, **look)
        error_bar(axes, row, (right - saved.high, left, right - saved.low))
        write(axes, max(left, right), row, f"{saved:z,.0f}")
        widest, right = max(widest, left), left
    for name in race.baselines:
        at = float(np.median(race.rounds[name]))
        axes.axvline(at, color=style.GREEN, ls=BASELINE_DASHES[name], lw=2, label=name)
    axes.set_xlim(0, 1.9 * widest)
    legend(figure, 5)


waterfall = picture(height=5.6)(draw_waterfall)


@picture(height=6.0)
def decision_picture(figure: Any, decision: Decision | None, plan: Plan) -> None:
    """Draw a study with either backend, and what studies and work cost together; or no decision."""
    figure.subplots_adjust(left=0.13, right=0.97, top=0.9, bottom=0.12, hspace=0.55)
    above, below = figure.subplots(2, height_ratios=[1, 2.2])
    rows(above, list(plan.hours))
    label(above, "one study")
    label(below, "studies", "hours of work,\ncomputing counted")
    if decision is not None:
        _draw_study(above, decision)
        _draw_costs(below, decision, plan)
    below.axvline(plan.studies, color=style.BLACK, ls=":", label="studies planned")
    below.set(xlim=(0, 2 * plan.studies))
    below.set_ylim(bottom=0)
    legend(figure, 5)


def _draw_study(axes: Any, decision: Decision) -> None:
    clearing = decision.clearing
    scale, unit = unit_of(max(clearing.values()) + decision.rest)
    rest = decision.rest / scale
    for row, (name, hours) in enumerate(clearing.items()):
        colour, hatch = style.bar_style(name)
        axes.barh(row, hours / scale, 0.6, color=colour, hatch=hatch, alpha=0.6)
        axes.barh(row, rest, 0.6, left=hours / scale, color=style.LIGHT, label="not clearing")
    low, saved, high = (it / scale for it in interval(decision.saved))
    whole = clearing["numba"] / scale + rest
    error_bar(axes, 1, (whole - high, whole - saved, whole - low))
    axes.set_xlim(left=0)
    label(axes, f"one study, {unit}")


def _draw_costs(axes: Any, decision: Decision, plan: Plan) -> None:
    at = np.linspace(0, 2 * plan.studies, 9)
    numba = plan.worth * (decision.clearing["numba"] + decision.rest)
    low, saved, high = (plan.worth * it for it in interval(decision.saved))
    for name, slope in {"numba": numba, "rust": numba - saved}.items():
        (colour, _), (_, marker, _) = style.bar_style(name), style.candidate_style(name)
        dashes = "-" if name == "numba" else "--"
        costs = plan.hours[name] + slope * at
        axes.plot(at, costs, color=colour, marker=marker, ls=dashes, label=name)
    ends = (plan.hours["rust"] + (numba - it) * at for it in (low, high))
    axes.fill_between(at, *ends, color=style.bar_style("rust")[0], alpha=0.2, lw=0)
