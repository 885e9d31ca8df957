"""Gymnasium makes the environments by their name."""

import pickle

import numpy as np
import pytest

gymnasium = pytest.importorskip("gymnasium")

from gymnasium.utils.env_checker import check_env  # noqa: E402
from gymnasium.wrappers import vector as wrappers  # noqa: E402

from market_py import env  # noqa: E402

NAME = "market_py/Market-v0"
SYSTEM = env.System([60.0, 40.0], [10.0, 20.0], [70.0, 90.0])


@pytest.mark.filterwarnings("ignore:.*symmetric and normalized:UserWarning")
def test_one_market():
    market = gymnasium.make(NAME, system=SYSTEM, agent=1)
    assert type(market.unwrapped) is env.MarketEnv
    assert market.unwrapped.agent == 1
    check_env(market.unwrapped, skip_render_check=True)
    # By default the market has the 32 units of the IEEE Reliability Test System.
    assert gymnasium.make(NAME, agent=31).unwrapped.agent == 31


def test_many_markets():
    markets = gymnasium.make_vec(NAME, num_envs=3, system=SYSTEM, demand_noise=0.0)
    assert type(markets.unwrapped) is env.AgentVectorEnv
    observations, _ = markets.reset(seed=1)
    assert observations.shape == (3, 4)
    _, rewards, *_ = markets.step(np.zeros((3, 2)))
    assert rewards.shape == (3,)


def test_vector_environments_of_both_ways_agree():
    """Gymnasium's own vector of single environments gives the same."""
    together = gymnasium.make_vec(NAME, num_envs=3, system=SYSTEM)
    apart = gymnasium.make_vec(NAME, num_envs=3, vectorization_mode="sync", system=SYSTEM)
    actions = np.random.default_rng(0).uniform(0, 1, (2, 3, 2))
    assert np.allclose(together.reset(seed=5)[0], apart.reset(seed=5)[0])
    for action in actions[:1]:
        for one, other in zip(together.step(action)[:4], apart.step(action)[:4], strict=True):
            assert np.allclose(one, other)


def test_wrappers_of_rewards_work():
    markets = gymnasium.make_vec(NAME, num_envs=3, system=SYSTEM)
    markets = wrappers.NormalizeReward(wrappers.RecordEpisodeStatistics(markets))
    markets.reset(seed=1)
    for _ in range(SYSTEM.hours):
        *_, infos = markets.step(np.zeros((3, 2)))
    assert infos["episode"]["r"].shape == (3,)


def test_what_is_made_can_be_pickled():
    made = [
        gymnasium.make(NAME, system=SYSTEM).unwrapped,
        gymnasium.make_vec(NAME, num_envs=2, system=SYSTEM).unwrapped,
    ]
    for market in made:
        market.reset(seed=3)
        copied = pickle.loads(pickle.dumps(market))
        action = np.zeros((2, 2) if market is made[1] else 2)
        assert np.array_equal(market.step(action)[0], copied.step(action)[0])
