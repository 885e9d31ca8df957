"""The panels of notebook 00."""

import pytest

from market_py import doctor
from market_py.workshop.lessons.n00_start_here import panel as panel_00

pytestmark = pytest.mark.filterwarnings("ignore:.*:DeprecationWarning")


def test_the_echo_answers():
    echo = panel_00.Echo()
    echo.slider.value = 30
    assert "received 30 and answers 60" in echo.sentence.text


def test_versions_are_folded_and_what_is_missing_is_not(monkeypatch):
    findings = [
        doctor.Finding("numpy", "ok", "2.0"),
        doctor.Finding("cargo", "missing", "no <cargo>"),
    ]
    shown = []
    monkeypatch.setattr(doctor, "examine", lambda: findings)
    monkeypatch.setattr(panel_00, "display", shown.append)
    assert panel_00.examine().state == "not right yet"
    before, _, folded = shown[0]._repr_html_().partition("<details>")
    assert "no &lt;cargo&gt;" in before
    assert "numpy" not in before
    assert "numpy" in folded
    assert repr(shown[0]) == "\n".join(map(str, findings))
