"""The panels of notebook 00."""

import pytest

from market_py.workshop.lessons.n00_start_here import panel as panel_00

pytestmark = pytest.mark.filterwarnings("ignore:.*:DeprecationWarning")


def test_the_echo_answers():
    echo = panel_00.Echo()
    echo.slider.value = 30
    assert "received 30 and answers 60" in echo.sentence.text
