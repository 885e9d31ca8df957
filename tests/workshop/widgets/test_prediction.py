"""Predictions are remembered."""

import pytest

from market_py.workshop.widgets import prediction as prediction_

pytestmark = pytest.mark.filterwarnings("ignore:.*:DeprecationWarning")


def test_a_prediction_is_remembered():
    prediction = prediction_.Prediction("Which?", ["this", "that"])
    recalled = prediction.recall()
    assert prediction.answer is None
    assert "nothing yet" in recalled.text
    prediction.choice.value = "that"
    assert prediction.answer == "that"
    assert recalled.text == "You predicted: that."
