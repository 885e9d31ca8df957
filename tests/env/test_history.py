"""With a memory, agents see the hour before; a copied state has it too."""

import numpy as np
import pytest

from market_py import env

SYSTEM = env.System([60.0, 40.0, 0.0], [10.0, 20.0, 15.0], [70.0, 90.0, 80.0])
ACTIONS = np.random.default_rng(0).uniform(0, 1, (8, 5, 3, 2))


def markets(backend, **options):
    made = env.MarketVectorEnv(SYSTEM, 5, backend=backend, observer="history", **options)
    return made, made.reset(seed=3)[0]


@pytest.mark.parametrize("backend", env.available_steppers())
def test_agents_see_the_hour_before(backend):
    made, seen = markets(backend)
    plain = env.MarketVectorEnv(SYSTEM, 5, backend=backend)
    plain_seen, _ = plain.reset(seed=3)
    assert np.all(seen[:, :, 3:5] == 0)
    for hour, actions in enumerate(ACTIONS):
        assert np.array_equal(np.delete(seen, [3, 4], axis=2), plain_seen)
        seen, rewards, _, ended, infos = made.step(actions)
        plain_seen, plain_rewards, *_ = plain.step(actions)
        assert np.array_equal(rewards, plain_rewards)
        assert ended.all() == (hour % 3 == 2)
        price = np.repeat(infos["price"][:, None] / 20, 3, axis=1)
        sold = infos["dispatch"] / [60, 40, 1]
        expected = np.stack([price, sold], axis=2)
        if ended.all():
            assert np.allclose(infos["final_obs"][:, :, 3:5], expected)
            assert np.all(seen[:, :, 3:5] == 0)
        else:
            assert np.allclose(seen[:, :, 3:5], expected)


def test_the_state_has_the_memory():
    (one, _), (other, _) = markets(None), markets(None)
    one.step(ACTIONS[0])
    other.state = one.state
    assert np.array_equal(one.observations, other.observations)
    for actions in ACTIONS[1:]:
        assert np.array_equal(one.step(actions)[0], other.step(actions)[0])
    wrong = one.state
    wrong.memory[2, 1] = np.nan
    with pytest.raises(ValueError, match=r"state\.memory\[2, 1\] = nan: must be finite"):
        other.state = wrong
    with pytest.raises(ValueError, match=r"state: must have shape \(7, 5\), got \(3, 5\)"):
        other.state = env.EnvState.at_start(5)


def test_some_markets_forget_when_they_are_reset():
    made, _ = markets(None)
    made.step(ACTIONS[0])
    mask = np.array([True, False, True, False, False])
    seen, _ = made.reset(options={"reset_mask": mask})
    assert np.all(seen[mask][:, :, 3:5] == 0)
    assert np.all(seen[~mask][:, :, 3] != 0)


def test_observations_stay_within_their_space():
    gymnasium = pytest.importorskip("gymnasium")
    made, seen = markets(None, price_cap=500.0, demand_noise=0.5)
    for actions in ACTIONS:
        assert made.observation_space.contains(seen)
        seen, *_ = made.step(actions)
    single = gymnasium.make("market_py/Market-v0", system=SYSTEM, observer="history")
    seen, _ = single.reset(seed=1)
    assert single.observation_space.contains(seen)
    assert single.step(np.zeros(2))[0][3] > 0
