"""What a check answers."""

from market_py.workshop.grading import check


def test_verdicts_are_words_and_signs():
    verdict = check.hint("2 < 3")
    assert str(verdict) == "✗ not right yet: 2 < 3"
    assert "2 &lt; 3" in verdict._repr_mimebundle_()["text/html"]
