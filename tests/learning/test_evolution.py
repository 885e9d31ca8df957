"""Learners find what theory says, and go on from a checkpoint as if nothing had been."""

import numpy as np
import pytest

pytest.importorskip("gymnasium")
pytest.importorskip("pettingzoo")

from market_py import env
from market_py.learning import EvolutionStrategy
from market_py.learning.theory import COMPETITION, PIVOTAL

COST = 20.0
SMALL = env.System([60.0, 40.0, 30.0], [10.0, 20.0, 15.0], [70.0, 90.0])


def learned(system, seed, generations=300):
    learner = EvolutionStrategy(system, seed=seed)
    first, *_ = learner.train(generations)
    return first, learner.evaluate()


def check_competition(seed):
    first, found = learned(COMPETITION, seed)
    assert first.price > COST + 15
    assert abs(found.prices.mean() - COST) < 1
    assert np.abs(found.markups.mean(axis=(0, 1))).max() < 4


def check_pivotal(seed):
    first, found = learned(PIVOTAL, seed)
    assert first.price < COST + 30
    # The top of the range of the first generator, in every hour: the price duration is flat there.
    assert found.markups[:, :, 0].min() > 48
    assert np.quantile(found.prices, 0.01) > COST + 48
    assert np.all(found.rewards[:, 0] > 0)


def test_competition_drives_the_price_to_the_cost():
    check_competition(seed=0)


def test_a_pivotal_generator_asks_for_all_it_may():
    check_pivotal(seed=0)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(1, 6))
def test_other_seeds_find_the_same(seed):
    check_competition(seed)
    check_pivotal(seed)


def test_results_depend_neither_on_threads_nor_on_asking_late():
    def prices(threads, *parts):
        learner = EvolutionStrategy(SMALL, markets=64, seed=3, threads=threads)
        return [done.price for part in parts for done in learner.train(part)]

    assert prices(1, 6) == prices(2, 6) == prices(2, 2, 4)


def test_backends_learn_alike():
    found = [
        next(EvolutionStrategy(SMALL, markets=64, seed=3, backend=name).train(1))
        for name in env.available_steppers()
    ]
    for other in found[1:]:
        assert other.price == pytest.approx(found[0].price, rel=1e-9)
        assert other.rewards == pytest.approx(found[0].rewards, rel=1e-9, abs=1e-9)


def test_a_checkpoint_goes_on_as_it_would_have(tmp_path):
    learner = EvolutionStrategy(SMALL, markets=32, seed=1)
    list(learner.train(3))
    learner.save(tmp_path / "kept")
    expected = list(learner.train(4))
    other = EvolutionStrategy(SMALL, markets=32, seed=77)
    other.load(tmp_path / "kept")
    for one, two in zip(expected, other.train(4), strict=True):
        assert one.number == two.number
        assert one.price == two.price
        assert np.array_equal(one.rewards, two.rewards)
    assert np.array_equal(learner.policies, other.policies)


def test_an_interrupted_save_leaves_the_last_checkpoint(tmp_path, monkeypatch):
    learner = EvolutionStrategy(SMALL, markets=32, seed=1)
    learner.save(tmp_path / "kept")
    before = (tmp_path / "kept").read_bytes()

    def interrupted(file, **parts):
        file.write(b"half of it")
        raise KeyboardInterrupt

    monkeypatch.setattr(np, "savez", interrupted)
    with pytest.raises(KeyboardInterrupt):
        learner.save(tmp_path / "kept")
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]
    assert (tmp_path / "kept").read_bytes() == before


def test_what_is_no_checkpoint_is_refused_and_changes_nothing(tmp_path):
    learner = EvolutionStrategy(SMALL, markets=32, seed=1)
    whole = tmp_path / "whole"
    learner.save(whole)
    before = learner.policies.copy()
    cut = tmp_path / "cut"
    for length in (0, 10, 500, whole.stat().st_size - 30):
        cut.write_bytes(whole.read_bytes()[:length])
        with pytest.raises(ValueError, match="cut: is"):
            learner.load(cut)
    for other in (
        EvolutionStrategy(SMALL, markets=34),
        EvolutionStrategy(COMPETITION, markets=32),
    ):
        with pytest.raises(ValueError, match="is not a checkpoint of this learner"):
            other.load(whole)
    with pytest.raises(FileNotFoundError):
        learner.load(tmp_path / "none")
    assert np.array_equal(learner.policies, before)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"generation": -3}, "generation = -3: must be at least 0"),
        ({"generation": 1.5}, "generation: must be a whole number, got float64"),
        ({"state": np.full((3, 32), -1)}, "state: must be of dtype uint64, got int64"),
        ({"state": np.full((3, 32), np.nan)}, "state: must be of dtype uint64, got float64"),
        ({"state": np.full((3, 32), 2, np.uint64)}, r"state.hours\[0\] = 2: must be below 2"),
    ],
)
def test_a_checkpoint_that_cannot_be_is_refused(tmp_path, changed, words):
    learner = EvolutionStrategy(SMALL, markets=32, seed=1)
    learner.save(tmp_path / "kept")
    with np.load(tmp_path / "kept") as file:
        kept = dict(file)
    list(learner.train(1))
    before = learner.policies.copy()
    np.savez(tmp_path / "changed.npz", **{**kept, **changed})
    with pytest.raises(ValueError, match=f"is not a checkpoint of this learner: {words}"):
        learner.load(tmp_path / "changed.npz")
    assert learner.generation == 1
    assert np.array_equal(learner.policies, before)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"markets": 3}, "markets = 3: must be even and at least 2"),
        ({"deviation": 0}, "deviation = 0: must be finite and > 0"),
        ({"step_size": np.nan}, "step_size = nan: must be finite"),
        ({"observer": "x"}, "observer = 'x'"),
        ({"seed": -1}, "seed = -1: must be a whole number in"),
        ({"seed": 1.5}, "seed = 1.5: must be a whole number in"),
        ({"seed": 2**63 - 1}, f"seed = {2**63 - 1}: must be a whole number in"),
    ],
)
def test_parameters(wrong, words):
    with pytest.raises(ValueError, match=words):
        EvolutionStrategy(SMALL, **wrong)
