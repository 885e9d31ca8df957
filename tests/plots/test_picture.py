"""Pictures under other settings of Matplotlib, and in threads."""

from concurrent.futures import ThreadPoolExecutor

import matplotlib
import matplotlib.style
import numpy as np
import pytest

from market_py.plots.axes import aa_band, interval_bars, interval_line, label, legend, log_axis
from market_py.plots.picture import picture

USERS = {
    "dark": matplotlib.style.library["dark_background"],
    "usetex": {"text.usetex": True},
    "small and in colour": {
        "font.size": 4,
        "figure.dpi": 30,
        "savefig.dpi": 300,
        "savefig.bbox": "tight",
        "axes.prop_cycle": "cycler('color', ['red'])",
        "grid.color": "red",
        "figure.constrained_layout.use": True,
    },
}


@picture(height=4.0)
def everything(figure, intervals):
    """All that pictures are made of."""
    left, right = figure.subplots(1, 2)
    label(left, "offers N", "µs")
    interval_line(left, [1, 2, 4], intervals, "numba")
    aa_band(left, [1, 2, 4], intervals)
    log_axis(left.xaxis, 1, 10)
    log_axis(left.yaxis)
    bars = dict(zip(("numba", "rust", "one pass"), intervals, strict=True))
    interval_bars(right, bars, written=dict.fromkeys(bars, "1.00 ×"))
    legend(figure, 3)


INTERVALS = [(1.0, 2.0, 3.0), (2.0, 3.0, 4.0), (3.0, 5.0, 7.0)]


@pytest.mark.parametrize("settings", USERS.values(), ids=USERS)
def test_settings_of_the_user_change_nothing_and_are_left_alone(settings):
    plain = everything(INTERVALS)
    with matplotlib.rc_context(settings):
        before = dict(matplotlib.rcParams)
        assert everything(INTERVALS) == plain
        assert dict(matplotlib.rcParams) == before


def test_pictures_are_drawn_in_threads():
    before, plain = dict(matplotlib.rcParams), everything(INTERVALS)
    with ThreadPoolExecutor(4) as threads:
        assert set(threads.map(everything, [INTERVALS] * 8)) == {plain}
    assert dict(matplotlib.rcParams) == before


def test_data_change_the_picture_and_its_size_is_known():
    assert everything(INTERVALS) != everything(INTERVALS[::-1])
    assert everything.width == 900
    assert np.array_equal(everything.figure(INTERVALS).get_size_inches(), [9, 4])
