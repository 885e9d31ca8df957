"""Colours, markers and axes that all pictures share."""

from __future__ import annotations

from typing import Any
from zlib import crc32

from market_py.registry import VARIANTS

BLACK, ORANGE, SKY, GREEN = "#000000", "#E69F00", "#56B4E9", "#009E73"
YELLOW, BLUE, VERMILION, PURPLE = "#F0E442", "#0072B2", "#D55E00", "#CC79A7"

FUEL_STYLES = {
    "hydro": (SKY, "//"),
    "nuclear": (YELLOW, ".."),
    "coal": ("#777777", "xx"),
    "oil": (ORANGE, "\\\\"),
}
"""Colour and hatch of each fuel."""

CANDIDATE_STYLES = {
    "numba-sort": (BLUE, "o", "-"),
    "rust-naive": (VERMILION, "s", "-"),
    "numba": (SKY, "^", "--"),
    "rust": (ORANGE, "D", "--"),
    "numpy": (GREEN, "v", "--"),
    "python": (PURPLE, "P", "--"),
    "numba-step": (BLUE, "X", "-."),
    "python-step": (PURPLE, ">", "-."),
    "empty call": (BLACK, "", ":"),
    "one pass": (BLACK, "", "-."),
}
"""Colour, marker and dashes of the backends, the published variants and the baselines."""
SPARE_STYLES = [
    (colour, marker, dashes)
    for dashes in ("-.", ":")
    for marker, colour in zip("<*phdx+1", 2 * (GREEN, PURPLE, VERMILION, BLUE), strict=False)
]
"""Each with a marker and dashes that no other has; the variants of the ladder take them in turn."""
TIMED_VARIANTS = [name for name in VARIANTS if name not in CANDIDATE_STYLES]
LEGEND: dict[str, Any] = {
    "fontsize": 13,
    "frameon": False,
    "columnspacing": 1.2,
    "handletextpad": 0.5,
}


def candidate_style(name: str) -> tuple[str, str, str]:
    """Colour, marker and dashes of any candidate, always the same."""
    if name in CANDIDATE_STYLES:
        return CANDIDATE_STYLES[name]
    place = TIMED_VARIANTS.index(name) if name in TIMED_VARIANTS else crc32(name.encode())
    return SPARE_STYLES[place % len(SPARE_STYLES)]


LANGUAGE_STYLES = {"numba": (BLUE, "o", "//"), "rust": (VERMILION, "s", "..")}


def prepare(axes: Any, across: str, up: str) -> None:
    """Label the axes, and thin the frame."""
    axes.set_xlabel(across, fontsize=15)
    axes.set_ylabel(up, fontsize=15)
    axes.tick_params(labelsize=14)
    axes.grid(alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)
