"""Sliders and lists with the same look in every panel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import ipywidgets as widgets

WIDE = {"width": "min(100%, 680px)"}
"""A layout, of which each control makes its own."""
LABELS = {"description_width": "14em"}


def slider(label: str, value: float, low: float, high: float, step: float, unit: str) -> Any:
    """Make a slider that follows the pointer; whole numbers where the step is whole."""
    kind = widgets.IntSlider if float(step).is_integer() else widgets.FloatSlider
    return kind(
        value=value,
        min=low,
        max=high,
        step=step,
        description=f"{label} ({unit})" if unit else label,
        continuous_update=True,
        layout=WIDE,
        style=LABELS,
    )


def stepper(label: str, values: Sequence[int], value: int) -> Any:
    """Make a slider over some whole numbers, such as powers of two."""
    return widgets.SelectionSlider(
        options=[(f"{number:,}", number) for number in values],
        value=value,
        description=label,
        layout=WIDE,
        style=LABELS,
    )


def choice(label: str, options: Sequence[str]) -> Any:
    """Make a drop-down list; the first option is chosen."""
    return widgets.Dropdown(
        options=list(options), description=label, layout={"width": "min(100%, 460px)"}, style=LABELS
    )
