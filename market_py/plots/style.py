"""The palette of all pictures, and how each candidate is drawn."""

from __future__ import annotations

from zlib import crc32

from market_py.registry import VARIANTS

BLACK, ORANGE, SKY, GREEN = "#000000", "#E69F00", "#56B4E9", "#009E73"
YELLOW, BLUE, VERMILION, PURPLE = "#F0E442", "#0072B2", "#D55E00", "#CC79A7"
GREY, LIGHT = "#777777", "#DDDDDD"

FUEL_STYLES = {
    "hydro": (SKY, "//"),
    "nuclear": (YELLOW, ".."),
    "coal": (GREY, "xx"),
    "oil": (ORANGE, "\\\\"),
}
"""Colour and hatch of each fuel."""

CANDIDATE_STYLES = {
    "numba-sort": (BLUE, "o", "-"),
    "rust-published": (VERMILION, "s", "-"),
    "rust-naive": (PURPLE, "p", "-"),
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
"""Each with a marker and dashes that no other has; the other variants take them in turn."""
_OTHER_VARIANTS = [name for name in VARIANTS if name not in CANDIDATE_STYLES]
SERIES_COLOURS = (BLACK, BLUE, VERMILION, GREEN, ORANGE, PURPLE, SKY)
SERIES_MARKERS = "osD^vpX*P<>"
SERIES_DASHES = ("-", "--", "-.", ":")
BAR_STYLES = {
    "numba": (BLUE, "//"),
    "rust": (VERMILION, ".."),
    "numpy": (GREEN, "\\\\"),
    "python": (PURPLE, "xx"),
}
"""Colour and hatch of a bar, by the language that the name of a candidate begins with."""


def candidate_style(name: str) -> tuple[str, str, str]:
    """Colour, marker and dashes of any candidate, always the same."""
    if name in CANDIDATE_STYLES:
        return CANDIDATE_STYLES[name]
    is_variant = name in _OTHER_VARIANTS
    number = _OTHER_VARIANTS.index(name) if is_variant else crc32(name.encode())
    return SPARE_STYLES[number % len(SPARE_STYLES)]


def series_style(number: int) -> tuple[str, str, str]:
    """Colour, marker and dashes of one of many lines that are no candidates, counted from 0.

    Their numbers have no common factor, so that the first 44 lines differ without colour, too.
    """
    among = (SERIES_COLOURS, SERIES_MARKERS, SERIES_DASHES)
    colour, marker, dashes = (signs[number % len(signs)] for signs in among)
    return colour, marker, dashes


def bar_style(name: str) -> tuple[str, str]:
    """Colour and hatch of a candidate's bar."""
    return BAR_STYLES.get(name.partition("-")[0].partition(",")[0], (GREY, ""))
