"""Learners find what theory says, and go on from a checkpoint as if nothing had been."""

import copy
import pickle
import subprocess
import sys

import numpy as np
import pytest

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


@pytest.mark.long
def test_competition_drives_the_price_to_the_cost():
    check_competition(seed=0)


@pytest.mark.long
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
    costlier = env.System(SMALL.capacities, [11.0, 20.0, 15.0], SMALL.demand)
    for other, words in (
        (EvolutionStrategy(SMALL, markets=34), r"state: must have shape \(3, 34\)"),
        (
            EvolutionStrategy(COMPETITION, markets=32),
            "trained with other capacities, costs, demand",
        ),
        (EvolutionStrategy(costlier, markets=32), "it was trained with other costs$"),
        (EvolutionStrategy(SMALL, markets=32, max_bid_delta=5), "other max_bid_delta$"),
        (EvolutionStrategy(SMALL, markets=32, ties="pro_rata", price_cap=9), "price_cap, ties$"),
    ):
        with pytest.raises(ValueError, match=f"is not a checkpoint of this learner: .*{words}"):
            other.load(whole)
    with pytest.raises(FileNotFoundError):
        learner.load(tmp_path / "none")
    assert np.array_equal(learner.policies, before)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"format": 1}, "format 1; 2 can be read"),
        ({"policies": np.full((3, 5, 2), np.nan)}, r"policies\[0, 0, 0\] = nan: must be finite"),
        ({"policies": np.full((3, 5, 2), 1j)}, "policies: must be real numbers"),
        ({"policies": np.zeros((3, 4, 2))}, r"policies: must have shape \(3, 5, 2\), got"),
        ({"moments": np.full((2, 3, 5, 2), -1)}, r"moments\[0, 0, 0\] = -1.0: must be >= 0"),
        ({"generation": -3}, "generation = -3: must be at least 0"),
        ({"generation": 1.5}, "generation: must be a whole number, got float64"),
        ({"state": np.full((3, 32), -1)}, "state: must be of dtype uint64, got int64"),
        ({"state": np.full((3, 32), np.nan)}, "state: must be of dtype uint64, got float64"),
        ({"state": np.full((3, 32), 2, np.uint64)}, r"state.hours\[0\] = 2: must be below 2"),
        (
            {"state": np.full((3, 32), 2**64 - 1, np.uint64)},
            rf"state.seeds\[0\] = {2**64 - 1}: must be below {2**63}",
        ),
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
        ({"markets": 3}, "markets = 3: must be even"),
        ({"markets": 0}, "markets = 0: must be in 2 to"),
        ({"deviation": 0}, "deviation = 0: must be > 0"),
        ({"deviation": 1e101}, r"deviation = 1e\+101: must be at most 1e\+100 in size"),
        ({"step_size": np.nan}, "step_size = nan: must be finite"),
        ({"step_size": -1}, "step_size = -1.0: must be finite and >= 0"),
        ({"markup": 11}, "markup = 11.0: must be at most 10 in size"),
        ({"observer": "x"}, "observer = 'x'"),
        ({"seed": -1}, "seed = -1: must be a whole number in"),
        ({"seed": 1.5}, "seed = 1.5: must be a whole number in"),
        ({"seed": 2**63 - 1}, f"seed = {2**63 - 1}: must be a whole number in"),
    ],
)
def test_parameters(wrong, words):
    with pytest.raises(ValueError, match=words):
        EvolutionStrategy(SMALL, **wrong)


@pytest.mark.parametrize("wrong", [-1, 2**63])
def test_generations_are_checked_at_once(wrong):
    with pytest.raises(ValueError, match=f"generations = {wrong}: must be in 0 to"):
        EvolutionStrategy(SMALL, markets=2).train(wrong)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"markets": 0}, "markets = 0: must be in 1 to"),
        ({"seed": -1}, "seed = -1: must be a whole number"),
    ],
)
def test_parameters_of_an_evaluation(wrong, words):
    with pytest.raises(ValueError, match=words):
        EvolutionStrategy(SMALL, markets=2).evaluate(**wrong)


def test_the_largest_parameters_do_not_overflow():
    largest = {"deviation": 1e100, "step_size": 1e100, "markup": 10}
    learner = EvolutionStrategy(SMALL, markets=8, **largest)
    for done in learner.train(3):
        assert np.isfinite([done.price, *done.rewards]).all()
    assert np.isfinite(learner.policies).all()


@pytest.mark.parametrize("backend", env.available_steppers())
@pytest.mark.parametrize("make", [copy.deepcopy, lambda it: pickle.loads(pickle.dumps(it))])
def test_a_copy_of_a_learner_goes_on_as_it_would_have(backend, make):
    learner = EvolutionStrategy(SMALL, markets=8, seed=1, backend=backend)
    list(learner.train(2))
    other = make(learner)
    for one, two in zip(learner.train(3), other.train(3), strict=True):
        assert one.price == two.price
        assert np.array_equal(one.rewards, two.rewards)


NUMPY_ALONE = """
import sys

class Finder:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] not in BLOCKED:
            found = (finder.find_spec(name, path, target) for finder in FINDERS)
            return next(filter(None, found), None)

BLOCKED = {"gymnasium", "pettingzoo", "matplotlib", "rich", "scipy", "numba", "IPython", "pandas"}
FINDERS, sys.meta_path[:] = sys.meta_path[:], [Finder()]
import pickle, runpy
import numpy as np
from market_py import env, learning
from market_py.extension import REPOSITORY

markets = env.MarketVectorEnv(env.System.rts79(), 4)
observations, _ = markets.reset(seed=1)
policy = learning.MLPPolicy([np.ones((2, observations.shape[-1])) / 9], [np.zeros(2)])
buffer = learning.ReplayBuffer(5000, observations.shape[-1], 2, prioritised=True)
for _ in range(1000):
    actions = np.clip(policy(observations), 0, 1)
    after, rewards, done, _, infos = markets.step(actions)
    rows = [part.reshape(128, -1) for part in (observations, actions, after)]
    buffer.add(rows[0], rows[1], rewards.ravel(), rows[2], np.repeat(done, 32))
    observations = after
assert len(buffer.sample(64).rewards) == 64
markets, buffer, policy = pickle.loads(pickle.dumps((markets, buffer, policy)))
markets.step(actions)
agents = env.AgentVectorEnv(env.System.rts79(), 4)
agents.reset(seed=1)
agents.step(np.zeros((4, 2)))
assert markets.np_random_seed == 1
learner = learning.EvolutionStrategy(env.System.random(3), markets=4)
assert len(list(learner.train(2))) == 2
learner = learning.PPO(env.System.random(3), num_envs=4, num_steps=6)
assert len(list(learner.train(2))) == 2

for use in (
    lambda: markets.observation_space,
    lambda: env.MarketEnv,
    lambda: env.MarketParallelEnv,
    lambda: __import__("market_py.env.market_v0"),
    lambda: runpy.run_path(str(REPOSITORY / "docs/examples/stable_baselines.py")),
):
    try:
        use()
    except ImportError as error:
        assert 'is not installed: pip install "market-py[env]"' in str(error), error
    else:
        raise AssertionError("no error")
try:
    env.make_stepper(markets.model, "numba", autoreset=True)
except ImportError as error:
    assert 'numba is not installed: pip install "market-py[numba]"' in str(error), error
else:
    raise AssertionError("no error")
assert not BLOCKED & set(sys.modules)
"""


@pytest.mark.parametrize("rust", [True, False])
def test_numpy_alone_runs_markets_and_learners(rust):
    script = NUMPY_ALONE if rust else NUMPY_ALONE.replace('"pandas"', '"pandas", "rust_market"')
    done = subprocess.run([sys.executable, "-W", "error", "-c", script], capture_output=True)
    assert not done.returncode, done.stderr.decode()


@pytest.mark.parametrize("module", ["evolution", "policy", "ppo", "replay"])
def test_a_module_that_is_no_program_runs_without_a_warning(module):
    command = [sys.executable, "-W", "error", "-m", f"market_py.learning.{module}"]
    done = subprocess.run(command, capture_output=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
