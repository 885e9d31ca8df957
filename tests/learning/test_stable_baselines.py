"""Stable-Baselines3 takes the environment as it is, and its PPO learns what theory says."""

import re
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("gymnasium")
pytest.importorskip("pettingzoo")

from gymnasium.wrappers import RescaleAction

import stable_baselines as example
from market_py import env
from market_py.learning.theory import PIVOTAL

SYSTEM = env.System([100, 50, 80, 0, 30], [10.0, 25.5, 18.0, 40.0, -3.0], [90, 150, 60, 220, 130])
ONE = env.System([100.0], [20.0], [50.0])
STEPPERS = [
    pytest.param(
        name, marks=pytest.mark.skipif(name not in env.available_steppers(), reason="not there")
    )
    for name in env.STEPPERS
]


def markets_of(system=SYSTEM, number=3, agent=2, **options):
    return env.AgentVectorEnv(system, number, agent, **options)


class TestWithoutTheExtra:
    def test_the_message_says_how_to_get_it(self, monkeypatch, capsys):
        monkeypatch.setitem(sys.modules, "stable_baselines3", None)
        words = r'(torch|stable_baselines3) is not installed: pip install "market-py\[rl\]"'
        with pytest.raises(ImportError, match=words):
            example.train(markets_of())
        assert example.main([]) == 2
        shown = capsys.readouterr()
        assert shown.out == ""
        first, second = shown.err.splitlines()
        assert first == "Training for 10,000 hours."
        assert re.match(words, second)

    def test_normalized_actions_are_those_of_the_market(self):
        """Ends included: no rounding error may leave the space, where actions are refused."""
        scaled = example.normalized(markets_of(number=205))
        assert np.array_equal(scaled.single_action_space.low, [-1, -1])
        assert np.array_equal(scaled.single_action_space.high, [1, 1])
        assert scaled.single_action_space.dtype == np.float32
        ends = [[-1, -1], [1, 1], [-1, 1], [1, -1], [0, 0]]
        actions = np.concatenate([ends, np.random.default_rng(0).uniform(-1, 1, (200, 2))])
        for kind in (np.float32, np.float64):
            given = scaled.actions(actions.astype(kind))
            expected = np.stack([(actions[:, 0] + 1) / 2, actions[:, 1] * 10], axis=1)
            assert given == pytest.approx(expected, abs=1e-5)
            scaled.reset(seed=1)
            scaled.step(actions.astype(kind))

    def test_mean_rewards_are_of_whole_episodes_of_their_own(self):
        rewards = 0.0
        for seed in (7, 8, 9):
            market = env.MarketEnv(SYSTEM, "unit_2")
            market.reset(seed=seed)
            rewards += sum(market.step([0.2, 0.1])[1] for _ in range(SYSTEM.hours))
        found = example.mean_reward(markets_of(), lambda _: [0.2, 0.1], seed=7)
        assert found == pytest.approx(rewards / 3)

    def test_in_the_pivotal_system_the_largest_markup_pays(self):
        markets = markets_of(PIVOTAL, agent=0)
        assert example.mean_reward(markets, lambda _: example.AT_COST) == pytest.approx(0)
        assert example.mean_reward(markets, lambda _: example.AT_MOST) > 10

    def test_parameters(self, capsys):
        with pytest.raises(ValueError, match="steps = 0: must be in 1 to"):
            example.train(markets_of(), steps=0)
        for seed in (-1, 2**32):
            with pytest.raises(ValueError, match=rf"seed = {seed}: .* in \[0, 2\*\*32\)"):
                example.train(markets_of(), seed=seed)
        assert example.main(["--steps", "-3"]) == 2
        assert capsys.readouterr().err.endswith(f"\nsteps = -3: must be in 1 to {2**31}\n")
        with pytest.raises(TypeError, match="steps: must be a whole number, got float"):
            example.train(markets_of(), steps=1.5)


class TestWithTheExtra:
    @pytest.fixture(autouse=True)
    def _needs_it(self):
        pytest.importorskip("stable_baselines3")

    @staticmethod
    def warned(market):
        from stable_baselines3.common.env_checker import check_env

        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            check_env(market, skip_render_check=False)
        return [str(warning.message) for warning in caught]

    @pytest.mark.parametrize("render_mode", [None, *env.MarketEnv.metadata["render_modes"]])
    @pytest.mark.parametrize("observer", env.OBSERVERS)
    @pytest.mark.parametrize("stepper", STEPPERS)
    def test_check_env_has_nothing_to_say(self, stepper, observer, render_mode):
        for system in (SYSTEM, ONE):
            market = env.MarketEnv(
                system, backend=stepper, observer=observer, render_mode=render_mode
            )
            scaled = RescaleAction(market, np.float32(-1), np.float32(1))
            assert self.warned(scaled) == []
            # Bare, it is advised to normalize its actions, and nothing else.
            (advice,) = self.warned(market)
            assert "symmetric and normalized Box action space" in advice

    @pytest.mark.parametrize("stepper", STEPPERS)
    def test_training_is_repeated_by_its_seed(self, stepper):
        def asked(seed):
            markets = example.normalized(markets_of(backend=stepper))
            agent = example.train(markets, steps=100, seed=seed)
            shown = np.random.default_rng(0).uniform(0, 1, (50, 4))
            return agent.predict(shown, deterministic=True)[0]

        first = asked(3)
        assert np.array_equal(first, asked(3))
        assert not np.array_equal(first, asked(4))

    def test_the_bare_environment_can_be_trained_on(self):
        agent = example.train(markets_of(), steps=100)
        assert env.MarketEnv(SYSTEM).action_space.contains(agent.predict(np.ones(4))[0])

    def test_it_learns_to_ask_for_all_that_it_may(self, capsys):
        assert example.main(["--steps", "10000", "--seed", "1"]) == 0
        shown = capsys.readouterr().out.splitlines()
        cost, trained, most = (float(line.split()[-1]) for line in shown[2:])
        assert cost == 0
        assert 0.95 * most < trained <= 1.01 * most

    def test_torch_keeps_its_threads(self, monkeypatch):
        import stable_baselines3
        import torch

        seen = []
        learn = stable_baselines3.PPO.learn

        def watched(*arguments, **options):
            seen.append(torch.get_num_threads())
            return learn(*arguments, **options)

        monkeypatch.setattr(stable_baselines3.PPO, "learn", watched)
        before = torch.get_num_threads()
        example.train(markets_of(), steps=1)
        assert seen == [1]
        assert torch.get_num_threads() == before

    def test_it_is_imported_only_when_asked_for(self):
        script = "import sys, stable_baselines; print('torch' in sys.modules)"
        done = subprocess.run(
            [sys.executable, "-c", script],
            cwd=Path(example.__file__).parent,
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout == "False\n"
