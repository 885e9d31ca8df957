"""The cells of the solutions."""

from market_py.workshop.grading import solution


def test_a_solution_says_that_it_is_not_run(capsys):
    solution._leave_alone("the marginal offer", "raise ValueError")
    assert "copy it into the exercise" in capsys.readouterr().out
