"""Advantages agree with their definition, term by term."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from market_py.learning import compute_gae


def by_definition(rewards, values, last, ended, final, gamma, gae_lambda):
    """Sum the discounted errors of one agent, up to the end of its episode."""
    steps = len(rewards)
    following = [
        final[t] if ended[t] else (values[t + 1] if t + 1 < steps else last) for t in range(steps)
    ]
    errors = [rewards[t] + gamma * following[t] - values[t] for t in range(steps)]
    advantages = []
    for first in range(steps):
        total, t = 0.0, first
        while True:
            total += (gamma * gae_lambda) ** (t - first) * errors[t]
            if ended[t] or t + 1 == steps:
                break
            t += 1
        advantages.append(total)
    return advantages


SHARES = st.sampled_from([0.0, 1.0]) | st.floats(0, 1)


@given(st.integers(0, 2**32 - 1), st.integers(1, 12), SHARES, SHARES)
def test_it_is_the_sum_of_the_definition(seed, steps, gamma, gae_lambda):
    rng = np.random.default_rng(seed)
    rewards, values, final = rng.normal(size=(3, steps, 2, 3))
    last = rng.normal(size=(2, 3))
    ended = rng.random((steps, 2)) < 0.3
    advantages, returns = compute_gae(rewards, values, last, ended, final, gamma, gae_lambda)
    for market in range(2):
        for agent in range(3):
            at = np.s_[:, market, agent]
            own = rewards[at], values[at], last[market, agent], ended[:, market], final[at]
            expected = by_definition(*own, gamma, gae_lambda)
            assert np.allclose(advantages[at], expected, rtol=1e-12, atol=1e-12)
    assert np.array_equal(returns, advantages + values)


def test_at_zero_it_is_the_error_of_one_step_and_at_one_the_whole_return():
    rewards, values = [1.0, 2.0, 4.0], [0.5, 0.25, 0.125]
    given = rewards, values, 8.0, [False, False, False], [0.0] * 3, 0.5
    assert compute_gae(*given, 0)[0].tolist() == [0.625, 1.8125, 7.875]
    assert compute_gae(*given, 1)[1].tolist() == [1 + 1 + 1 + 1, 2 + 2 + 2, 4 + 4]


def test_an_episode_that_ends_is_continued_by_its_final_value():
    advantages, _ = compute_gae([1, 1], [0, 0], 100, [True, False], [6, 9], 0.5, 1)
    assert advantages.tolist() == [4.0, 51.0]


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"rewards": 1.0}, r"rewards: must have the steps .* of ended, \(2,\), got shape \(\)"),
        ({"values": [0]}, r"values: must have shape \(2,\), got \(1,\)"),
        ({"ended": [True]}, r"rewards: must have the steps .* \(1,\), got shape \(2,\)"),
        ({"ended": []}, "ended: must be booleans"),
        ({"final_values": [0, np.inf]}, r"final_values\[1\] = inf: must be finite"),
        ({"ended": [1, 0]}, "ended: must be booleans"),
        ({"gamma": 1.5}, r"gamma = 1\.5: must be"),
        ({"gae_lambda": -1}, r"gae_lambda = -1\.0: must be"),
    ],
)
def test_bad_input_is_named(changed, message):
    right = {
        "rewards": [1, 1],
        "values": [0, 0],
        "last_values": 0,
        "ended": [False, False],
        "final_values": [0, 0],
        "gamma": 0.9,
        "gae_lambda": 0.9,
    }
    with pytest.raises((TypeError, ValueError), match=message):
        compute_gae(**{**right, **changed})
