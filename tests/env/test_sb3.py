"""Stable-Baselines3 takes many markets as one vector environment."""

import copy
import pickle

import numpy as np
import pytest

pytest.importorskip("stable_baselines3")

from gymnasium.wrappers.vector import NormalizeReward, RescaleAction
from stable_baselines3 import PPO
from stable_baselines3.common.vec_env import (
    DummyVecEnv,
    VecCheckNan,
    VecFrameStack,
    VecMonitor,
    VecNormalize,
)

from market_py import env
from market_py.env.sb3 import SB3VecEnv

SYSTEM = env.System([60.0, 40.0], [10.0, 20.0], [70.0, 90.0, 80.0])
ACTIONS = np.random.default_rng(0).uniform(0, 1, (7, 4, 2))


def made(**options):
    return SB3VecEnv(env.AgentVectorEnv(SYSTEM, 4, 1, **options))


@pytest.mark.parametrize("backend", env.available_steppers())
@pytest.mark.parametrize("observer", ["simple", "history"])
def test_markets_do_what_single_ones_do(backend, observer):
    options = {"backend": backend, "observer": observer}
    together = made(**options)
    apart = DummyVecEnv([lambda: env.MarketEnv(SYSTEM, 1, **options)] * 4)
    for markets in (together, apart):
        markets.seed(5)
    assert together.observation_space == apart.observation_space
    assert together.action_space == apart.action_space
    assert np.allclose(together.reset(), apart.reset())
    for actions in ACTIONS:
        one, other = together.step(actions), apart.step(actions)
        for found, expected in zip(one[:3], other[:3], strict=True):
            assert np.allclose(found, expected, atol=1e-6)
        for found, expected in zip(one[3], other[3], strict=True):
            assert found.keys() == expected.keys()
            for name, value in expected.items():
                assert np.allclose(found[name], value)
    # Seeds are used once; without them, the next episodes follow.
    assert np.allclose(together.reset(), apart.reset())


def test_wrappers_of_stable_baselines_take_it():
    markets = VecMonitor(VecNormalize(VecCheckNan(VecFrameStack(made(), 2))))
    observations = markets.reset()
    assert observations.shape == (4, 8)
    for actions in ACTIONS:
        _, rewards, _, infos = markets.step(actions)
        if "episode" in infos[0]:
            assert infos[0]["episode"]["l"] == 3
    assert rewards.shape == (4,)
    assert np.all(np.isfinite(rewards))


def test_learners_take_it_and_wrappers_of_gymnasium_around_its_markets():
    inner = NormalizeReward(env.AgentVectorEnv(SYSTEM, 4))
    markets = SB3VecEnv(RescaleAction(inner, np.float32(-1), np.float32(1)))
    assert markets.action_space.low.tolist() == [-1, -1]
    agent = PPO("MlpPolicy", markets, n_steps=6, batch_size=8, device="cpu", seed=1).learn(48)
    assert agent.num_timesteps == 48


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda each: pickle.loads(pickle.dumps(each))])
def test_copies_go_on_alike(copied):
    markets = VecNormalize(made())
    markets.seed(2)
    markets.reset()
    markets.step(ACTIONS[0])
    # A copy of VecNormalize leaves out what it wraps.
    other = copied(markets.venv)
    for actions in ACTIONS[1:]:
        for one, two in zip(markets.venv.step(actions)[:3], other.step(actions)[:3], strict=True):
            assert np.array_equal(one, two)


def test_what_is_not_a_vector_of_markets_is_refused():
    with pytest.raises(TypeError, match=r"markets: must be an AgentVectorEnv, .* got MarketEnv"):
        SB3VecEnv(env.MarketEnv(SYSTEM))
    with pytest.raises(TypeError, match="got MarketVectorEnv"):
        SB3VecEnv(env.MarketVectorEnv(SYSTEM, 2))
    with pytest.raises(ValueError, match="markets: must be made with copy=True"):
        made(copy=False)


def test_markets_share_their_attributes():
    markets = made()
    assert markets.get_attr("agent") == [1] * 4
    assert markets.get_attr("agent", [0, 2]) == [1, 1]
    assert not markets.has_attr("nonsense")
    assert markets.env_is_wrapped(VecMonitor) == [False] * 4
    with pytest.raises(NotImplementedError, match=r"set_attr: .* all markets share them"):
        markets.set_attr("agent", 0)
    with pytest.raises(NotImplementedError, match=r"env_method: .* all markets share them"):
        markets.env_method("close")
    markets.close()
