"""PettingZoo's conversions and SuperSuit's take the environment as it is."""

import cloudpickle
import numpy as np
import pytest

pytest.importorskip("gymnasium")
pytest.importorskip("pettingzoo")

from pettingzoo.test import api_test, parallel_api_test, parallel_seed_test, seed_test
from pettingzoo.utils.conversions import aec_to_parallel, parallel_to_aec

from market_py import env
from market_py.env import market_v0

SYSTEM = env.System([100, 50, 80, 0, 30], [10.0, 25.5, 18.0, 40.0, -3.0], [90, 150, 60, 220, 130])


@pytest.fixture
def supersuit():
    return pytest.importorskip("supersuit")


def test_pettingzoo_converts_there_and_back():
    in_turn = parallel_to_aec(env.MarketParallelEnv(SYSTEM))
    api_test(in_turn, num_cycles=50)
    for back in (aec_to_parallel(in_turn), aec_to_parallel(market_v0.env(SYSTEM))):
        parallel_api_test(back, num_cycles=50)
    seed_test(lambda: market_v0.env(SYSTEM))
    parallel_seed_test(lambda: market_v0.parallel_env(SYSTEM))


def test_what_is_converted_steps_as_before():
    plain, converted = (
        env.MarketParallelEnv(SYSTEM),
        aec_to_parallel(parallel_to_aec(env.MarketParallelEnv(SYSTEM))),
    )
    for market in (plain, converted):
        market.reset(seed=3)
    for hour in range(SYSTEM.hours):
        actions = {agent: np.float32([hour / 10, hour]) for agent in plain.agents}
        one, other = plain.step(actions), converted.step(actions)
        assert repr(one[:4]) == repr(other[:4])


@pytest.mark.parametrize("cpus", [0, 2])
def test_vectors_of_supersuit_step_as_the_market(supersuit, cpus):
    """One row for each agent of each market; market ``i`` has the seed ``1 + i``."""
    vector = supersuit.concat_vec_envs_v1(
        supersuit.pettingzoo_env_to_vec_env_v1(env.MarketParallelEnv(SYSTEM)), 2, num_cpus=cpus
    )
    plain = [env.MarketParallelEnv(SYSTEM) for _ in range(2)]
    observations, _ = vector.reset(seed=1)
    expected = [market.reset(seed=1 + at)[0] for at, market in enumerate(plain)]
    rng = np.random.default_rng(0)
    for _ in range(12):
        assert np.allclose(observations, [seen for each in expected for seen in each.values()])
        actions = rng.uniform(0, 1, (10, 2)).astype(np.float32)
        observations, rewards, _, ended, _ = vector.step(actions)
        paid = []
        for at, market in enumerate(plain):
            asked = dict(zip(market.agents, actions[5 * at : 5 * at + 5], strict=True))
            expected[at], rewarded, *_ = market.step(asked)
            paid += rewarded.values()
            if not market.agents:
                expected[at], _ = market.reset()
                assert ended.all()
        assert np.allclose(rewards, paid)
    vector.close()


@pytest.mark.parametrize(
    ("wrapper", "arguments"),
    [
        ("clip_actions_v0", ()),
        ("clip_reward_v0", ()),
        ("delay_observations_v0", (2,)),
        ("dtype_v0", (np.float32,)),
        ("flatten_v0", ()),
        ("frame_skip_v0", (2,)),
        ("frame_stack_v1", (3,)),
        ("nan_zeros_v0", ()),
        ("pad_action_space_v0", ()),
        ("pad_observations_v0", ()),
        ("sticky_actions_v0", (0.3,)),
    ],
)
@pytest.mark.filterwarnings("ignore:Observation numpy array is all zeros:UserWarning")
def test_wrappers_of_supersuit(supersuit, wrapper, arguments):
    def wrapped(market):
        return getattr(supersuit, wrapper)(market, *arguments)

    parallel_api_test(wrapped(market_v0.parallel_env(SYSTEM)), num_cycles=30)
    api_test(wrapped(market_v0.env(SYSTEM)), num_cycles=30)
    copied = cloudpickle.loads(cloudpickle.dumps(wrapped(market_v0.parallel_env(SYSTEM))))
    parallel_api_test(copied, num_cycles=5)


def test_all_agents_learn_by_stable_baselines(supersuit):
    """With shared parameters, as in the tutorials of PettingZoo."""
    learners = pytest.importorskip("stable_baselines3")
    vector = supersuit.concat_vec_envs_v1(
        supersuit.pettingzoo_env_to_vec_env_v1(env.MarketParallelEnv(SYSTEM)),
        2,
        base_class="stable_baselines3",
    )
    agent = learners.PPO("MlpPolicy", vector, n_steps=8, batch_size=40, device="cpu").learn(80)
    assert agent.num_timesteps == 80
