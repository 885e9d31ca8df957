"""Pictures can be read by those who see few colours, or none."""

from itertools import combinations

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from market_py.plots import style as style_
from market_py.registry import VARIANTS
from market_py.workshop.lessons.n05_call_overhead import plots as plots_05
from market_py.workshop.lessons.n07_no_sorting import plots as plots_07

# G. M. Machado, M. M. Oliveira, L. A. F. Fernandes, "A physiologically-based model for simulation
# of color vision deficiency", IEEE Trans. Vis. Comput. Graph. 15 (2009) 1291-1298: severity 1.
SIMULATIONS = {
    "full colour": np.eye(3),
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}
# IEC 61966-2-1 (sRGB to CIE XYZ) and its white, D65.
TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
WHITE = TO_XYZ.sum(axis=1)
DISTRIBUTIONS = {
    "fuels": style_.FUEL_STYLES,
    "candidates": style_.CANDIDATE_STYLES,
    "overheads": plots_05.STYLES,
    "languages": style_.BAR_STYLES,
    "growth": plots_07.GROWTH_STYLES,
    "series": {str(number): style_.series_style(number) for number in range(20)},
}
"""Styles that may stand in one picture: a colour, then hatch, marker or dashes."""
NOTICEABLE = 10
"""A difference in CIE 1976 L*a*b* that is seen at a glance; the least that can be seen is 2.3."""


def lab(colour, simulation):
    """A colour as somebody sees it, in CIE 1976 L*a*b*."""
    rgb = np.array(to_rgb(colour))
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    seen = np.clip(np.array(SIMULATIONS[simulation]) @ linear, 0, 1)
    x, y, z = np.cbrt(np.maximum(TO_XYZ @ seen / WHITE, 1e-9))
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def distance(one, other, simulation):
    return float(np.linalg.norm(lab(one, simulation) - lab(other, simulation)))


def test_the_simulation_confuses_what_the_colour_blind_confuse():
    red, green = "#C00000", "#6B6B00"
    assert distance(red, green, "full colour") > 40
    assert distance(red, green, "deuteranopia") < 0.5 * distance(red, green, "full colour")
    assert distance("#0000FF", "#007F7F", "tritanopia") < distance(
        "#0000FF", "#007F7F", "deuteranopia"
    )
    assert lab("#FFFFFF", "full colour") == pytest.approx([100, 0, 0], abs=0.01)
    for simulation in SIMULATIONS:  # greys stay grey
        assert np.abs(lab("#777777", simulation)[1:]).max() < 0.1


@pytest.mark.parametrize("simulation", SIMULATIONS)
@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
def test_colours_that_meet_are_told_apart(distribution, simulation):
    """Or else they are one colour on purpose, and differ in their other signs."""
    for (one, (colour, *_)), (two, (other, *_)) in combinations(
        DISTRIBUTIONS[distribution].items(), 2
    ):
        if colour != other:
            found = distance(colour, other, simulation)
            assert found > NOTICEABLE, f"{one} and {two}: {found:.1f}"


@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
def test_nothing_is_told_by_colour_alone(distribution):
    for (one, style), (two, other) in combinations(DISTRIBUTIONS[distribution].items(), 2):
        if style[1:] == other[1:]:
            # Without colour there is still light and dark.
            lightness = [lab(colour, "full colour")[0] for colour in (style[0], other[0])]
            assert abs(np.subtract(*lightness)) > 50, f"{one} and {two}"


def test_every_candidate_has_marker_and_dashes_of_its_own():
    signs = {name: style_.candidate_style(name)[1:] for name in VARIANTS}
    signs |= {name: style[1:] for name, style in style_.CANDIDATE_STYLES.items()}
    assert len(set(signs.values())) == len(signs)


def test_colours_differ_for_every_kind_of_eye_by_shape_too():
    for styles in (style_.FUEL_STYLES, style_.CANDIDATE_STYLES):
        shapes = [style[1:] for style in styles.values()]
        assert len(set(shapes)) == len(shapes)
