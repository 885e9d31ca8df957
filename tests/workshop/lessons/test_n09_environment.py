"""The panels and the checks of notebook 09."""

import time

import numpy as np
import pytest

pytest.importorskip("gymnasium")
pytest.importorskip("pettingzoo")

from market_py import env
from market_py.benchmark import timing
from market_py.env.variants import PythonStep
from market_py.learning import EvolutionStrategy, compute_gae
from market_py.learning.theory import COMPETITION, PIVOTAL
from market_py.workshop.lessons.n09_environment import checks as checks_09
from market_py.workshop.lessons.n09_environment import learning, plots, training
from market_py.workshop.lessons.n09_environment import panel as panel_09
from market_py.workshop.lessons.n09_environment.panel import (
    SWEEPS,
    StepPoint,
    step_sweep_panel,
    sweep_summary,
    threads_here,
)
from market_py.workshop.widgets import static

PARTS = {
    "offers": (1, 2, 3),
    "clearing": (4, 5, 6),
    "rewards": (1, 2, 3),
    "observations": (0, 1, 2),
}


def only_race(panel):
    (race,) = panel.races.values()
    return race


def test_the_parts_are_those_of_a_step():
    system = env.System.random(4, hours=3)
    stepper = PythonStep(env.Model(system))
    actions = dict(zip(system.names, np.full((4, 2), 0.3), strict=True))
    bids, quantities = stepper.offer(actions)
    rewards = stepper.pay(bids, *stepper.clear(bids, quantities))
    observations, paid, ended = stepper.step(actions)
    assert paid == rewards
    assert not ended
    assert all(
        np.array_equal(observations[agent], shown) for agent, shown in stepper.observe().items()
    )
    parts = panel_09.parts_of_a_step(agents=3, rounds=2)
    assert tuple(parts) == panel_09.PARTS
    assert all(0 < low <= median <= high for low, median, high in parts.values())
    assert panel_09.clearing_share(PARTS) == 0.5


def test_learners_are_shown_seed_after_seed():
    panel = learning.LearningPanel("pivotal", updates=3)
    before = panel.picture.value
    assert panel.stepping_share is None
    assert len(panel.figure.frames) == 1
    panel.controls["seeds"].value = 2
    for _ in range(2):  # The second time it begins again.
        panel.run()
        assert [len(curve) for curve in panel.prices] == [4, 4]
        assert panel.prices[0] != panel.prices[1]
        assert panel.bar.value == panel.bar.max == 6
        # The figure has the first seed.
        assert [it["mean"] for it in panel.figure.frames] == [round(p, 2) for p in panel.prices[0]]
        assert panel.figure.frame == 3
        assert panel.learner.updates == 3
    low, high = sorted(curve[-1] for curve in panel.prices)
    words = f"the mean price is {(low + high) / 2:.1f} €/MWh ({low:.1f} to {high:.1f}); theory says"
    assert panel.sentence.text.startswith("2 seeds: ")
    assert words in panel.sentence.text
    assert 0 < panel.stepping_share < 1
    assert panel.picture.value != before


@pytest.mark.long
@pytest.mark.parametrize("name", learning.EXAMPLES)
def test_theory_is_found_in_twenty_seconds(name):
    panel = learning.LearningPanel(name)
    start = time.perf_counter()
    panel.run()
    # 5 to 8 on two cores; a busy machine has a bound, too.
    assert time.perf_counter() - start < 60
    # In competition bids go up and down around the cost.
    found = np.mean([curve[-5:] for curve in panel.prices])
    assert abs(found - learning.EXAMPLES[name].price) < (2 if name == "competition" else 0.7)


def test_drawing_is_not_counted_as_learning(monkeypatch):
    panel = learning.LearningPanel("withholding", updates=4)
    append, drawn = panel.figure.append, []

    def draw(found):
        drawn.append(found)
        time.sleep(0.2)
        append(found)

    monkeypatch.setattr(panel.figure, "append", draw)
    panel.controls["seeds"].value = 1
    start = time.perf_counter()
    panel.run()
    assert len(drawn) == 4
    assert panel.seconds_stepping < panel.seconds < time.perf_counter() - start - 4 * 0.2


def test_learning_can_be_stopped():
    panel = learning.LearningPanel("withholding", updates=9)
    panel.bar.observe(lambda change: change.new == 3 and panel.stop_button.click(), names="value")
    panel.run()
    assert [len(curve) for curve in panel.prices] == [4]
    assert panel.sentence.text.startswith("1 seed: ")


def test_a_page_without_a_kernel_has_the_updates(monkeypatch):
    panel = learning.LearningPanel("withholding", updates=2)
    panel.controls["seeds"].value = 1
    panel.run()
    _, metadata = panel._repr_mimebundle_()
    assert panel.figure.html() not in metadata["market_py"]
    monkeypatch.setattr(static, "has_kernel", False)
    _, metadata = panel._repr_mimebundle_()
    assert panel.figure.html() in metadata["market_py"]
    assert panel.figure.frames[2]["sentence"] in metadata["market_py"]


def test_both_learners_train_for_the_same_time(monkeypatch):
    monkeypatch.setattr(learning, "POINTS", 2)
    panel = learning.ComparisonPanel(duration=0.1, seeds=2)
    before = panel.picture.value
    panel.run()
    assert [*panel.curves] == ["PPO", "evolution strategy"]
    for curves in panel.curves.values():
        for curve in curves:
            assert [seconds for seconds, _ in curve] == sorted(seconds for seconds, _ in curve)
            assert len(curve) == 3
            assert curve[-1][0] >= 0.1
    assert panel.bar.value == 8
    assert panel.picture.value != before
    assert "; evolution strategy " in panel.sentence.text
    panel.bar.observe(lambda change: change.new == 1 and panel.stop_button.click(), names="value")
    panel.run()
    assert [len(curves) for curves in panel.curves.values()] == [1, 0]
    assert panel.sentence.text.endswith("Theory says 60.")


def test_ten_days_as_the_pivotal_generator():
    panel = learning.RoundsPanel(learning.LearningPanel("pivotal"))
    assert panel.sentence.text == "10 days are ahead of you. You bid 200 MW at 30 €/MWh."
    panel.controls["markup"].value = 50
    panel.wait()
    assert panel.sentence.text == "10 days are ahead of you. You bid 200 MW at 70 €/MWh."
    # At that price it sells what the others cannot.
    for day in range(10):
        assert "agent" not in panel.sentence.text
        panel.button.click()
        assert panel.sentence.text.startswith(f"Day {day + 1} of 10: you earn ")
    sold = (PIVOTAL.demand - PIVOTAL.capacities[1:].sum()).sum()
    assert np.mean(panel.profits) == pytest.approx(50 * sold / 1000, rel=0.03)
    assert f"In all you earn {sum(panel.profits):,.0f} k€" in panel.sentence.text
    assert "the agent after 0 updates" in panel.sentence.text
    best = panel.profits
    panel.controls["withheld"].value = 100
    panel.wait()
    panel.button.click()
    assert panel.sentence.text.startswith("Day 1 of 10: you earn 0.0 k€.")
    # The days are the same for everybody.
    panel.controls["withheld"].value = 0
    panel.wait()
    panel.button.click()
    assert panel.profits == [0.0, best[1]]


SMALL = {
    "agents": (StepPoint(2, 4), StepPoint(3, 4)),
    "markets": (StepPoint(2, 1), StepPoint(2, 4)),
    "threads": (StepPoint(2, 4), StepPoint(2, 4, 2)),
}


@pytest.mark.long
def test_steps_are_swept():
    panel = step_sweep_panel(SMALL, rounds=2, sample_seconds=1e-4)
    before = panel.picture.value
    panel.run()
    # The sweeps meet in one point, which is raced once.
    assert [*panel.races] == [StepPoint(2, 4), StepPoint(3, 4), StepPoint(2, 1), StepPoint(2, 4, 2)]
    assert panel.bar.value == panel.bar.max == 8
    assert panel.picture.value != before
    said = panel.sentence.text
    assert said.startswith("2 agents, 4 markets, 1 thread, in millions of market-steps per second")
    for words in ("from 2 to 3 agents", "from 1 to 4 markets", "from 1 to 2 threads"):
        assert words in said
    assert "python-step" in panel.races[StepPoint(2, 1)].candidates
    for race in panel.races.values():
        assert {*env.available_steppers()} < {*race.candidates}


def test_a_sweep_that_is_stopped_keeps_what_is_done():
    panel = step_sweep_panel(SMALL, rounds=2, sample_seconds=1e-4)
    panel.bar.observe(lambda change: change.new == 3 and panel.stop_button.click(), names="value")
    panel.run()
    assert [*panel.races] == [StepPoint(2, 4)]
    assert "from" not in panel.sentence.text
    panel.bar.unobserve_all()
    panel.bar.observe(lambda change: change.new == 1 and panel.stop_button.click(), names="value")
    said = panel.sentence.text
    panel.run()
    assert panel.sentence.text == f"Stopped: this run is not kept. As before: {said}"


def test_speeds_are_those_of_the_race():
    race = timing.Race(2, {name: np.array([125.0, 250.0, 500.0]) for name in ("numpy", "rust")})
    assert plots.speeds(race)["rust"] == pytest.approx((8 / 3e-6, 8 / 2e-6, 8 / 1.5e-6))


def test_what_a_number_changes_is_told_per_market():
    fastest, rounds = env.available_steppers()[0], np.array([1.0, 2.0, 4.0])
    # Twice the time of each market, so half as many market-steps per second.
    races = {
        point: timing.Race(2, {fastest: rounds * ns})
        for point, ns in zip(SMALL["markets"], (10.0, 20.0), strict=True)
    }
    assert f"from 1 to 4 markets those of {fastest} become 0.50 [" in sweep_summary(SMALL, races)


def test_sweeps_vary_one_number_each(monkeypatch):
    for name, points in SWEEPS.items():
        assert StepPoint() in points
        assert all(
            point._replace(**{name: getattr(StepPoint(), name)}) == StepPoint() for point in points
        )
    for cores, threads in ((None, (1, 2)), (1, (1, 2)), (2, (1, 2)), (6, (1, 2, 4, 6))):
        monkeypatch.setattr("os.cpu_count", lambda cores=cores: cores)
        assert threads_here() == threads


def test_training_with_each_backend_is_set_beside_the_law():
    panel = training.TrainingPanel(rounds=3)
    before = panel.picture.value
    panel.controls["markets"].value = 64
    panel.run()
    found = panel.training
    first, *others = reversed(env.available_steppers())
    assert found.plain == first
    assert found.whole.candidates == found.steps.candidates == [first, *others]
    assert found.whole.finished == 3
    for name in found.whole.candidates:
        assert 0 < found.shares[name] < 1
    assert panel.picture.value != before
    assert panel.sentence.text.startswith(f"With {first}, steps are {found.shares[first]:.0%} of")
    for name in others:
        assert f"{name} steps " in panel.sentence.text
        assert f"law says {found.predicted(name):.2f}, measured are " in panel.sentence.text
        assert found.predicted(name) < found.most()


def test_training_that_is_stopped_keeps_its_rounds():
    panel = training.TrainingPanel(rounds=5)
    panel.controls["markets"].value = 64
    panel.bar.observe(lambda change: change.new == 2 and panel.stop_button.click(), names="value")
    panel.run()
    assert panel.training.whole.finished == 2
    panel.bar.unobserve_all()
    panel.sentence.observe(
        lambda change: "Running" in change.new and panel.stop_button.click(), names="text"
    )
    panel.run()
    assert panel.training.whole.finished == 2
    assert panel.sentence.text.startswith("Stopped: this run is not kept. As before: With ")


def test_training_of_another_kind_is_not_compared():
    trainers = {
        str(seed): lambda seed=seed: EvolutionStrategy(
            COMPETITION, markets=4, seed=seed, markup=seed / 2
        )
        for seed in (0, 1)
    }
    assert training.verify({"a": trainers["0"], "b": trainers["0"]}, []) == {}
    with pytest.raises(timing.Disagreement, match="0 and 1: policies differ"):
        training.verify(trainers, [])


@pytest.mark.parametrize(("about", "given", "expected"), checks_09.AMDAHL_CASES)
def test_the_law_is_that_of_the_exercise(about, given, expected):
    assert plots.amdahl(*given) == pytest.approx(expected), about


@pytest.mark.parametrize(
    ("answer", "state", "words"),
    [
        (None, "not done yet", ""),
        (50, "not right yet", "two numbers"),
        ((60, 40), "not right yet", "must not exceed"),
        ((50, 50), "not right yet", "It takes two different ends"),
        ((0.45, 0.55), "not right yet", "0.1 is 10 per cent"),
        ("59", "not right yet", "two numbers"),
        ((0, 100), "not right yet", "be bolder"),
        ((10, 20), "not right yet", "not in [10, 20]"),
        ((45, 55), "right", "50.0 %"),
    ],
)
def test_the_share_of_clearing(answer, state, words):
    verdict = checks_09.check_clearing_share(answer, PARTS)
    assert verdict.state == state
    assert words in verdict.message


def amdahl(share, speedup):
    return 1 / ((1 - share) + share / speedup)


@pytest.mark.parametrize(
    ("function", "state", "words"),
    [
        (lambda share, speedup: None, "not done yet", ""),
        (lambda share, speedup: share * speedup, "not right yet", "half of the time"),
        (lambda share, speedup: 1 / (1 - share + share / min(speedup, 1e6)), "not right yet", "no"),
        (lambda share, speedup: 1 / 0, "not right yet", "fails: ZeroDivisionError"),
        (lambda share, speedup: str(amdahl(share, speedup)), "not right yet", "one number"),
        (lambda share, speedup: print(share), "not done yet", "to print a result"),
        (amdahl, "right", "1.25 times as fast"),
    ],
)
def test_amdahl(function, state, words):
    verdict = checks_09.check_amdahl(function, 0.2)
    assert verdict.state == state
    assert words in verdict.message
    assert checks_09.check_amdahl(function, None).state == state


def by_library(*given):
    return compute_gae(*given)[0]


@pytest.mark.parametrize(
    ("function", "state", "words"),
    [
        (lambda *_: None, "not done yet", ""),
        (lambda rewards, *_: "advantages", "not right yet", "an array of advantages"),
        (lambda *given: by_library(*given)[0], "not right yet", "The shape must be (1,)"),
        (lambda *given: by_library(*given[:6], 0.0), "not right yet", "gamma times lambda"),
        (compute_gae, "not right yet", "The shape must be (1,)"),
        (by_library, "right", "5 hidden cases"),
    ],
)
def test_advantages(function, state, words):
    verdict = checks_09.check_gae(function)
    assert verdict.state == state
    assert words in verdict.message
