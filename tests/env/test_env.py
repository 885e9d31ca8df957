"""The environment: formulas, trajectories, conformance, abuse."""

import copy
import multiprocessing
import os
import pickle
import re
import subprocess
import sys
import types
import warnings
from functools import partial

import numpy as np
import pytest

pytest.importorskip("gymnasium")
pytest.importorskip("pettingzoo")
from gymnasium.utils.env_checker import check_env
from gymnasium.vector import AutoresetMode
from gymnasium.wrappers.vector import NormalizeReward, RecordEpisodeStatistics
from pettingzoo.test import max_cycles_test, parallel_api_test, render_test

from helpers.stepping import PlainMarket
from market_py import env
from market_py.env import market_v0

RNG = np.random.default_rng(8)
SYSTEM = env.System([100, 50, 80, 0, 30], [10.0, 25.5, 18.0, 40.0, -3.0], [90, 150, 60, 220, 130])
ALIKE = env.System([50.0] * 6, [20.0] * 6, [120, 180, 260], first_hour=23)
STEPPERS = [
    pytest.param(
        name, marks=pytest.mark.skipif(name not in env.available_steppers(), reason="not there")
    )
    for name in env.STEPPERS
]


@pytest.fixture(params=STEPPERS)
def stepper(request):
    return request.param


def random_actions(markets, agents, rng=RNG):
    actions = np.stack(
        [rng.uniform(0, 1, (markets, agents)), rng.uniform(-10, 10, (markets, agents))], axis=2
    )
    # Ends of the intervals, and agents that do the same.
    actions[rng.random(actions.shape[:2]) < 0.2] = [0.0, 0.0]
    actions[rng.random(actions.shape[:2]) < 0.1] = [1.0, 10.0]
    return actions


class TestFormulas:
    """Steps of each backend against the formulas in plain Python; 10,000 in the long run."""

    RULES = (
        (SYSTEM, {"observer": "simple"}, 2000),
        (SYSTEM, {"observer": "simple_v2", "ties": "pro_rata", "price_cap": 300.0}, 2000),
        (ALIKE, {"observer": "simple_v3", "demand_noise": 0.3, "ties": "pro_rata"}, 2000),
        (ALIKE, {"observer": "basic", "demand_noise": 0.0, "markup_penalty": 0.5}, 1000),
        (env.System.random(9, hours=30, seed=1), {"max_bid_delta": 5.0}, 2500),
        (env.System.rts79(week=30, hours=200), {"unserved_penalty": 7.0}, 500),
    )

    @pytest.mark.parametrize("share", [20, pytest.param(1, marks=pytest.mark.long)])
    @pytest.mark.parametrize(("system", "rules", "steps"), RULES)
    def test_steps_are_what_the_formulas_say(self, stepper, system, rules, steps, share):
        markets = 4
        vector = env.MarketVectorEnv(system, markets, backend=stepper, **rules)
        plain = [PlainMarket(vector.model, 11 + i) for i in range(markets)]
        observations, _ = vector.reset(seed=11)
        assert observations == pytest.approx(np.array([m.observe() for m in plain]), rel=1e-9)
        low, high = vector.model.observation_bounds
        for _ in range(steps // share // markets):
            actions = random_actions(markets, system.generators)
            observations, rewards, terminated, truncated, infos = vector.step(actions)
            expected = [market.step(action) for market, action in zip(plain, actions, strict=True)]
            scale = np.abs([paid for _, paid, *_ in expected]).max()
            for i, (shown, paid, ended, final, price) in enumerate(expected):
                assert infos["price"][i] == pytest.approx(price, rel=1e-9, abs=1e-9)
                assert rewards[i] == pytest.approx(np.array(paid), rel=1e-9, abs=1e-9 * scale)
                assert observations[i] == pytest.approx(np.array(shown), rel=1e-9, abs=1e-12)
                assert truncated[i] == ended
                if ended:
                    assert infos["final_obs"][i] == pytest.approx(
                        np.array(final), rel=1e-9, abs=1e-12
                    )
                    assert infos["_final_obs"][i]
            assert not terminated.any()
            assert np.all((observations >= low) & (observations <= high))

    def test_demand_is_as_noisy_as_it_says(self, stepper):
        system = env.System([400.0, 300.0], [10.0, 20.0], [300.0] * 50)
        vector = env.MarketVectorEnv(system, 400, backend=stepper)
        vector.reset(seed=0)
        demand = []
        for _ in range(50):
            demand.append(vector.step(np.zeros((400, 2, 2)))[4]["demand"])
        noise = (np.array(demand) - 300) / 15
        assert abs(noise.mean()) < 0.03
        assert abs(noise.std() - 1) < 0.03
        assert np.abs(np.corrcoef(noise[:-1].ravel(), noise[1:].ravel())[0, 1]) < 0.03


NOT_COMPILED = """
import numpy as np
from market_py import env

found = []
for backend in ("numba", "numpy"):
    vector = env.MarketVectorEnv(env.System.random(30, hours=3), 2, backend=backend)
    vector.reset(seed=2**62)
    found += [vector.step(np.full((2, 30, 2), at / 10))[:2] for at in range(4)]
for one, other in zip(found[:4], found[4:], strict=True):
    assert np.allclose(one[0], other[0]) and np.allclose(one[1], other[1])
"""


@pytest.mark.long
def test_numba_steps_alike_where_it_does_not_compile():
    pytest.importorskip("numba")
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", NOT_COMPILED],
        env=os.environ | {"NUMBA_DISABLE_JIT": "1"},
        capture_output=True,
    )
    assert not done.returncode, done.stderr.decode()


class TestTrajectories:
    def run(self, markets, stepper, threads=1, steps=12, **options):
        vector = env.MarketVectorEnv(SYSTEM, markets, backend=stepper, threads=threads, **options)
        rng = np.random.default_rng(3)
        found = [vector.reset(seed=5)[0]]
        for _ in range(steps):
            actions = random_actions(2000, 5, rng)[:markets]
            observations, rewards, _, truncated, infos = vector.step(actions)
            found += [observations, rewards, truncated, infos["price"], infos["dispatch"]]
            if truncated.any():
                found.append(infos["final_obs"])
        return found

    def test_they_depend_neither_on_the_batch_nor_on_threads(self, stepper):
        whole = self.run(2000, stepper)
        for markets, threads in ((2000, 2), (2000, 7), (700, 3), (1, 1)):
            some = self.run(markets, stepper, threads)
            assert all(
                np.array_equal(one[:markets], other) for one, other in zip(whole, some, strict=True)
            )

    def test_backends_agree(self):
        first, *others = (self.run(300, name) for name in env.available_steppers())
        for other in others:
            for one, two in zip(first, other, strict=True):
                assert np.allclose(one, two, rtol=1e-9, atol=1e-9)

    def test_a_vector_is_as_many_single_markets(self, stepper):
        vector = env.MarketVectorEnv(SYSTEM, 3, backend=stepper)
        singles = [env.MarketParallelEnv(SYSTEM, backend=stepper) for _ in range(3)]
        observations, _ = vector.reset(seed=40)
        for i, single in enumerate(singles):
            shown, _ = single.reset(seed=40 + i)
            assert np.array_equal(list(shown.values()), observations[i])
        for _ in range(17):
            actions = random_actions(3, 5)
            observations, rewards, terminated, truncated, infos = vector.step(actions)
            for i, single in enumerate(singles):
                by_agent = dict(zip(single.agents, actions[i], strict=True))
                shown, paid, ended, cut, facts = single.step(by_agent)
                shown = np.array(list(shown.values()))
                assert np.array_equal(list(paid.values()), rewards[i])
                assert set(cut.values()) == {bool(truncated[i])}
                assert set(ended.values()) == {bool(terminated[i])}
                assert [fact["dispatch"] for fact in facts.values()] == infos["dispatch"][
                    i
                ].tolist()
                if truncated[i]:
                    assert np.array_equal(shown, infos["final_obs"][i])
                    shown = np.array(list(single.reset()[0].values()))
                assert np.array_equal(shown, observations[i])

    def test_one_agent_of_each_market_steps_as_a_single_market(self, stepper):
        def others(observations):
            return np.stack([observations[..., 0] / 9, observations[..., 2]], axis=-1)

        options = {"others": others, "backend": stepper}
        vector = env.AgentVectorEnv(SYSTEM, 3, "unit_2", **options)
        singles = [env.MarketEnv(SYSTEM, "unit_2", **options) for _ in range(3)]
        observations, _ = vector.reset(seed=40)
        assert vector.observation_space.contains(observations)
        for i, single in enumerate(singles):
            assert np.array_equal(single.reset(seed=40 + i)[0], observations[i])
        for at in range(13):
            actions = random_actions(3, 5)[:, 0]
            if at == 7:  # What the others see is part of the state.
                state, vector = vector.state, env.AgentVectorEnv(SYSTEM, 3, "unit_2", **options)
                vector.state = state
            observations, rewards, terminated, truncated, infos = vector.step(actions)
            for i, single in enumerate(singles):
                shown, paid, ended, cut, facts = single.step(actions[i])
                assert (paid, ended, cut) == (rewards[i], terminated[i], truncated[i])
                assert facts == {name: infos[name][i] for name in facts}
                if cut:
                    assert np.array_equal(shown, infos["final_obs"][i])
                    shown = single.reset()[0]
                assert np.array_equal(shown, observations[i])

    def test_every_market_and_episode_has_noise_of_its_own(self, stepper):
        vector = env.MarketVectorEnv(SYSTEM, 50, backend=stepper, demand_noise=1e-3)  # Not cut off.
        vector.reset(seed=0)
        demand = np.array([vector.step(np.zeros((50, 5, 2)))[4]["demand"] for _ in range(20)])
        by_hour = demand.reshape(4, 5, 50)
        assert all(len(np.unique(by_hour[:, hour])) == 200 for hour in range(5))

    def test_seeds_repeat_whole_episodes_and_differ_from_each_other(self, stepper):
        def episodes(seed):
            single = env.MarketEnv(SYSTEM, "unit_2", backend=stepper)
            seen = []
            for start in (seed, None, None):
                observation, _ = single.reset(seed=start)
                seen.append(observation)
                for _ in range(5):
                    seen.append(single.step([0.1, 0.5])[0])
            return np.array(seen)

        assert np.array_equal(episodes(3), episodes(3))
        one, other = episodes(3)[:, 0], episodes(4)[:, 0]
        assert np.all(one != other)
        assert len(np.unique(one)) == len(one)

    def test_a_checkpoint_goes_on_as_it_would_have(self, stepper):
        vector = env.MarketVectorEnv(SYSTEM, 4, backend=stepper)
        vector.reset(seed=9)
        plans = [random_actions(4, 5) for _ in range(14)]
        for actions in plans[:7]:
            vector.step(actions)
        kept = pickle.loads(pickle.dumps(vector.state))
        expected = [vector.step(actions) for actions in plans[7:]]
        other = env.MarketVectorEnv(SYSTEM, 4, backend=stepper)
        other.state = kept
        for actions, (observations, rewards, *_) in zip(plans[7:], expected, strict=True):
            again = other.step(actions)
            assert np.array_equal(again[0], observations)
            assert np.array_equal(again[1], rewards)

    @pytest.mark.parametrize("markets", [1, 3, 5])
    def test_state_of_other_markets_are_refused(self, markets):
        vector = env.MarketVectorEnv(SYSTEM, 4)
        vector.reset(seed=9)
        before = vector.state
        with pytest.raises(ValueError, match=rf"must have shape \(3, 4\), got \(3, {markets}\)"):
            vector.state = env.EnvState.at_start(markets)
        assert np.array_equal(vector.state.seeds, before.seeds)

    @pytest.mark.parametrize(
        ("words", "error", "message"),
        [
            ([0.5, 0, 0, 0], TypeError, "state: must be of dtype uint64, got float64"),
            ([np.nan, 0, 0, 0], TypeError, "state: must be of dtype uint64, got float64"),
            ([-1, 0, 0, 0], TypeError, "state: must be of dtype uint64, got int64"),
            (np.uint64([0, 5, 0, 6]), ValueError, r"state.hours\[1\] = 5: must be below 5"),
            (np.uint64([0, 0, 2**63]), ValueError, r"state: must have shape \(3, 4\)"),
            (
                np.uint64([0, 0, 2**64 - 1, 0]),
                ValueError,
                rf"state.seeds\[2\] = {2**64 - 1}: must be below {2**63}",
            ),
        ],
    )
    def test_state_that_no_market_has_are_refused(self, words, error, message):
        vector = env.MarketVectorEnv(SYSTEM, 4)
        vector.reset(seed=9)
        before = vector.state.words
        with pytest.raises(error, match=message):
            vector.state = env.EnvState(np.array([words] * 3))
        with pytest.raises(TypeError, match="state: must be of dtype uint64, got list"):
            vector.state = env.EnvState(before.tolist())
        assert np.array_equal(vector.state.words, before)

    def test_some_markets_may_be_reset(self, stepper):
        vector = env.MarketVectorEnv(SYSTEM, 3, backend=stepper)
        vector.reset(seed=1)
        for _ in range(2):
            vector.step(np.zeros((3, 5, 2)))
        before = vector.state
        vector.reset(options={"reset_mask": np.array([False, True, False])})
        after = vector.state
        assert after.hours.tolist() == [2, 0, 2]
        assert after.episodes.tolist() == [0, 1, 0]
        assert np.array_equal(after.seeds, before.seeds)

    def test_all_markets_are_reset_before_some(self, stepper):
        vector = env.MarketVectorEnv(SYSTEM, 3, backend=stepper)
        with pytest.raises(RuntimeError, match="reset all markets before some of them"):
            vector.reset(seed=1, options={"reset_mask": np.array([True, False, False])})
        with pytest.raises(RuntimeError, match="call reset first"):
            vector.step(np.zeros((3, 5, 2)))
        vector.reset(seed=1, options={"reset_mask": np.ones(3, dtype=bool)})
        assert vector.state.seeds.tolist() == [1, 2, 3]


def by_pickle(market):
    return pickle.loads(pickle.dumps(market))


def steps_of(market, number=7):
    """Step a market that has been reset, from one episode into the next."""
    found = []
    for at in range(number):
        if isinstance(market, env.MarketVectorEnv):
            actions = np.full((market.num_envs, 5, 2), at / 10)
        elif isinstance(market, env.MarketParallelEnv):
            actions = dict.fromkeys(market.agents, (at / 10, at / 10))
        else:
            actions = [at / 10, at / 10]
        step = market.step(actions)
        found.append(step[:4])
        if step[3] is True or (isinstance(step[3], dict) and any(step[3].values())):
            found.append(market.reset())
    return repr(found)


class TestCopies:
    """What learners' libraries, joblib and debuggers do with an environment."""

    MAKERS = (
        lambda **options: env.MarketVectorEnv(SYSTEM, 3, **options),
        lambda **options: env.MarketEnv(SYSTEM, "unit_2", **options),
        lambda **options: env.MarketParallelEnv(SYSTEM, **options),
    )

    @pytest.mark.parametrize("copied", [by_pickle, copy.deepcopy])
    @pytest.mark.parametrize("make", MAKERS)
    def test_they_go_on_alike_and_by_themselves(self, stepper, make, copied):
        market = make(backend=stepper, ties="pro_rata", observer="simple_v3")
        market.reset(seed=3)
        steps_of(market, 3)
        other, third = copied(market), copied(market)
        expected = steps_of(market)
        assert steps_of(other) == expected
        assert steps_of(third) == expected
        # A copy's seed is its own, and read where it is written.
        for one in (other, third):
            one.reset(seed=8)
        market.reset(seed=9)
        assert steps_of(other) == steps_of(third)

    @pytest.mark.parametrize("make", MAKERS[:2])
    def test_before_and_after_gymnasium_has_made_spaces(self, make):
        market = make()
        for _ in range(2):
            market = by_pickle(market)
            assert market.action_space.contains(market.action_space.sample())

    def test_a_spawned_process_steps_alike(self, stepper):
        market = env.MarketVectorEnv(SYSTEM, 3, backend=stepper)
        market.reset(seed=3)
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            found = pool.apply(env.MarketVectorEnv.step, (market, np.zeros((3, 5, 2))))
        assert repr(found) == repr(market.step(np.zeros((3, 5, 2))))

    @pytest.mark.parametrize("copied", [by_pickle, copy.deepcopy])
    def test_agents_in_turn(self, stepper, copied):
        market = market_v0.env(SYSTEM, backend=stepper)
        market.reset(seed=3)
        other = copied(market)
        for one in (market, other):
            for agent in one.possible_agents:
                assert one.agent_selection == agent
                one.step(np.float32([0, 0]))
        assert market.rewards == other.rewards

    @pytest.mark.parametrize("copied", [by_pickle, copy.deepcopy])
    def test_systems_stay_unchangeable(self, copied):
        other = copied(SYSTEM)
        assert (other.names, other.first_hour) == (SYSTEM.names, SYSTEM.first_hour)
        for name in ("capacities", "costs", "demand"):
            assert np.array_equal(getattr(other, name), getattr(SYSTEM, name))
            with pytest.raises(ValueError, match="read-only"):
                getattr(other, name)[0] = 1.0

    @pytest.mark.parametrize("copied", [by_pickle, copy.deepcopy, env.EnvState.copy])
    def test_parts_of_a_state_stay_views_of_it(self, copied):
        state = copied(env.EnvState.at_start(3))
        state.hours[1] = 7
        assert state.words.tolist() == [[0, 0, 0], [0, 0, 0], [0, 7, 0]]


class TestSeeds:
    def test_a_vector_tells_its_seed(self):
        vector = env.MarketVectorEnv(SYSTEM, 3)
        assert vector.np_random_seed is None
        for seed, told in ((7, 7), ([7, 8, 9], 7), ([7, 9, 8], (7, 9, 8)), (0, 0)):
            vector.reset(seed=seed)
            assert vector.np_random_seed == told
            vector.reset()
            assert vector.np_random_seed == told

    @pytest.mark.parametrize("markets", [1, 3])
    def test_a_seed_that_was_drawn_repeats_the_episode(self, markets):
        vector = env.MarketVectorEnv(SYSTEM, markets)
        first, _ = vector.reset()
        again, _ = env.MarketVectorEnv(SYSTEM, markets).reset(seed=vector.np_random_seed)
        assert np.array_equal(first, again)

    def test_a_single_market_tells_its_seed(self):
        market = env.MarketEnv(SYSTEM)
        first, _ = market.reset()
        again, _ = env.MarketEnv(SYSTEM).reset(seed=market.np_random_seed)
        assert np.array_equal(first, again)
        for seed in (7, None, 2**40):
            market.reset(seed=seed)
            assert market.np_random_seed == (seed or 7)


class TestConformance:
    def test_gymnasium(self, stepper):
        single = env.MarketEnv(SYSTEM, backend=stepper, render_mode="rgb_array")
        with warnings.catch_warnings():
            # That it was not made by name.
            warnings.filterwarnings("ignore", message=".*not within the observation space.*")
            warnings.filterwarnings("ignore", category=UserWarning, module="gymnasium")
            check_env(single, skip_render_check=False)

    def test_pettingzoo(self, stepper):
        parallel_api_test(env.MarketParallelEnv(SYSTEM, backend=stepper), num_cycles=1000)
        max_cycles_test(
            types.SimpleNamespace(
                parallel_env=partial(market_v0.parallel_env, backend=stepper),
                env=partial(market_v0.env, backend=stepper),
            )
        )

    def test_pettingzoo_rendering(self):
        def make(render_mode):
            # The test asks for a window, which is not among the declared modes.
            mode = None if render_mode == "human" else render_mode
            return market_v0.env(SYSTEM, render_mode=mode)

        render_test(make)

    def test_pictures_and_tables_show_the_hour(self):
        picture = env.MarketParallelEnv(SYSTEM, render_mode="rgb_array")
        assert picture.render() is None
        picture.reset(seed=0)
        before = picture.render()
        picture.step(dict.fromkeys(picture.agents, np.array([0.5, 0.4])))
        after = picture.render()
        assert before.shape == after.shape == (480, 640, 3)
        assert len(np.unique(after)) > 10
        assert np.any(before != after)
        text = env.MarketEnv(SYSTEM, render_mode="ansi")
        text.reset(seed=0)
        _, _, _, _, info = text.step([0.0, 0.0])
        shown = text.render()
        assert f"Demand {info['demand']:,.1f} MW, price {info['price']:,.2f}" in shown
        assert all(name in shown for name in SYSTEM.names)
        assert env.MarketEnv(SYSTEM).render() is None

    def test_wrappers_of_gymnasium_take_the_rewards_of_one_agent(self):
        markets = RecordEpisodeStatistics(NormalizeReward(env.AgentVectorEnv(SYSTEM, 3)))
        assert markets.action_space.shape == (3, 2)
        markets.reset(seed=0)
        for _ in range(5):
            _, rewards, _, _, infos = markets.step(markets.action_space.sample())
            assert rewards.shape == (3,)
        assert infos["episode"]["l"].tolist() == [5, 5, 5]

    def test_the_vector_declares_how_it_resets(self):
        vector = env.MarketVectorEnv(SYSTEM, 2)
        assert vector.metadata["autoreset_mode"] is AutoresetMode.SAME_STEP
        assert vector.observation_space.shape == (2, 5, 4)
        assert vector.action_space.shape == (2, 5, 2)
        vector.action_space.seed(0)
        observations, _ = vector.reset(seed=0)
        for _ in range(6):
            assert vector.observation_space.contains(observations)
            observations = vector.step(vector.action_space.sample())[0]

    @pytest.mark.parametrize("observer", env.OBSERVERS)
    def test_observations_stay_in_their_space(self, observer):
        system = env.System.rts79(hours=30)
        vector = env.MarketVectorEnv(system, 20, observer=observer, demand_noise=1.0)
        observations, _ = vector.reset(seed=2)
        for _ in range(35):
            assert vector.observation_space.contains(observations)
            observations, *_, infos = vector.step(np.zeros((20, 32, 2)))
            if "final_obs" in infos:
                assert vector.observation_space.contains(infos["final_obs"])


class TestAbuse:
    def test_bad_actions_are_named_and_change_nothing(self, stepper):
        vector = env.MarketVectorEnv(SYSTEM, 2, backend=stepper)
        vector.reset(seed=0)
        before = copy.deepcopy(vector.state)
        for place, value, words in (
            ((1, 3, 1), np.nan, r"actions\[1, 3, 1\] = nan: must be in \[-10, 10\]"),
            ((0, 4, 0), -0.1, r"actions\[0, 4, 0\] = -0.1: must be in \[0, 1\]"),
            ((0, 0, 1), np.inf, r"actions\[0, 0, 1\] = inf: must be in \[-10, 10\]"),
        ):
            actions = np.zeros((2, 5, 2))
            actions[place] = value
            with pytest.raises(ValueError, match=words):
                vector.step(actions)
        for wrong in (np.zeros((2, 5)), np.zeros((3, 5, 2))):
            with pytest.raises(ValueError, match=r"actions: must have shape \(2, 5, 2\)"):
                vector.step(wrong)
        for wrong in (
            np.zeros((2, 5, 2), dtype=bool),
            np.zeros((2, 5, 2), dtype=complex),
            np.ma.array(np.zeros((2, 5, 2)), mask=True),
            [[1], [2, 3]],
            "x",
        ):
            with pytest.raises(TypeError, match="actions: must be real numbers"):
                vector.step(wrong)
        now = vector.state
        assert np.array_equal(
            [now.seeds, now.episodes, now.hours], [before.seeds, before.episodes, before.hours]
        )

    @pytest.mark.parametrize(
        ("wrong", "error", "words"),
        [
            ([0, 11], ValueError, r"\[1\] = 11.0: must be in \[-10, 10\]"),
            ([np.nan, 0], ValueError, r"\[0\] = nan: must be in \[0, 1\]"),
            ([0, 0, 0], ValueError, r": must have shape \(2,\), got \(3,\)"),
            ([[0], [0, 0]], TypeError, ": must be real numbers, got list that NumPy cannot read"),
            (["x", "y"], TypeError, ": must be real numbers, got list of dtype <U1"),
            ([True, False], TypeError, ": must be real numbers, got list of dtype bool"),
            (np.ma.array([0.0, 0.0], mask=[1, 0]), TypeError, ": .* none of them masked"),
        ],
    )
    def test_actions_have_the_names_that_the_caller_gave(self, stepper, wrong, error, words):
        single = env.MarketEnv(SYSTEM, "unit_1", backend=stepper)
        single.reset(seed=0)
        with pytest.raises(error, match="^action" + words):
            single.step(wrong)
        parallel = env.MarketParallelEnv(SYSTEM, backend=stepper)
        parallel.reset(seed=0)
        with pytest.raises(error, match=r"^actions\['unit_1'\]" + words):
            parallel.step({**dict.fromkeys(parallel.agents, (0, 0)), "unit_1": wrong})
        # Neither has moved.
        one = env.MarketEnv(SYSTEM, "unit_1", backend=stepper)
        one.reset(seed=0)
        expected = one.step([0, 0])
        other = parallel.step(dict.fromkeys(parallel.agents, (0, 0)))
        assert np.array_equal(single.step([0, 0])[0], expected[0])
        assert np.array_equal(other[0]["unit_1"], expected[0])

    def test_the_length_of_an_episode_has_the_name_that_the_caller_gave(self):
        for wrong in (0, 337):
            with pytest.raises(ValueError, match=f"^max_cycles = {wrong}: must be in 1 to 336"):
                market_v0.parallel_env(max_cycles=wrong)

    @pytest.mark.parametrize(
        ("asked", "error", "words"),
        [
            (np.full((5, 2), 1.5), ValueError, r"^others\(...\)\[1, 0\] = 1.5: must be in"),
            (np.zeros((4, 2)), ValueError, r"^others\(...\): must have shape \(5, 2\), got"),
            (None, TypeError, r"^others\(...\): must be real numbers, got NoneType of dtype obj"),
            (
                np.ma.array(np.zeros((5, 2)), mask=np.eye(5, 2)),
                TypeError,
                r"^others\(...\): must be real numbers, none of them masked",
            ),
        ],
    )
    def test_actions_of_the_others_are_told_from_ones_own(self, stepper, asked, error, words):
        single = env.MarketEnv(SYSTEM, others=lambda _: asked, backend=stepper)
        single.reset(seed=0)
        with pytest.raises(error, match=words):
            single.step([0, 0])

    def test_actions_of_a_vector_have_the_names_that_the_caller_gave(self, stepper):
        asked = np.zeros((2, 5, 2))
        markets = env.AgentVectorEnv(SYSTEM, 2, others=lambda _: asked, backend=stepper)
        with pytest.raises(RuntimeError, match="call reset first"):
            markets.step(np.zeros((2, 2)))
        markets.reset(seed=0)
        before = markets.state.words
        with pytest.raises(ValueError, match=r"^actions\[1, 0\] = 2.0: must be in"):
            markets.step([[0, 0], [2, 0]])
        with pytest.raises(ValueError, match=r"^actions: must have shape \(2, 2\)"):
            markets.step([0, 0])
        asked[1, 3, 1] = 11
        with pytest.raises(ValueError, match=r"^others\(...\)\[1, 3, 1\] = 11.0: must be in"):
            markets.step(np.zeros((2, 2)))
        assert np.array_equal(markets.state.words, before)

    def test_the_others_are_asked_nothing_for_the_one_that_learns(self, stepper):
        asked = np.full((5, 2), 0.5)
        asked[2] = np.nan
        single = env.MarketEnv(SYSTEM, 2, others=lambda _: asked, backend=stepper)
        single.reset(seed=0)
        with pytest.raises(ValueError, match=r"^action\[0\] = 2.0"):
            single.step([2, 0])
        single.step([0, 0])
        assert np.isnan(asked[2]).all()

    def test_order_of_calls(self, stepper):
        vector = env.MarketVectorEnv(SYSTEM, 2, backend=stepper)
        with pytest.raises(RuntimeError, match="call reset first"):
            vector.step(np.zeros((2, 5, 2)))
        single = env.MarketEnv(SYSTEM, backend=stepper)
        with pytest.raises(RuntimeError, match="call reset first"):
            single.step([0, 0])
        single.reset(seed=0)
        for _ in range(5):
            single.step([0, 0])
        with pytest.raises(RuntimeError, match="the episode is over"):
            single.step([0, 0])
        parallel = env.MarketParallelEnv(SYSTEM, backend=stepper)
        with pytest.raises(RuntimeError, match="call reset first"):
            parallel.step({})
        parallel.reset(seed=0)
        with pytest.raises(ValueError, match=r"missing or unknown.*unit_0"):
            parallel.step({"unit_1": [0, 0]})

    @pytest.mark.parametrize(
        ("wrong", "words"),
        [
            ({"observer": "x"}, "observer = 'x': must be one of"),
            ({"max_bid_delta": -1}, "max_bid_delta = -1.0: must be finite and >= 0"),
            ({"max_bid_delta": 1.7e308}, r"max_bid_delta = 1.7e\+308: must be at most 1e\+100"),
            ({"price_cap": -1e200}, r"price_cap = -1e\+200: must be at most 1e\+100 in size"),
            ({"demand_noise": np.nan}, "demand_noise = nan"),
            ({"ties": "x"}, "ties = 'x': must be"),
            ({"price_cap": np.inf}, "price_cap = inf: must be finite"),
            ({"backend": "x"}, "backend = 'x': must be one of"),
            ({"threads": 0}, "threads = 0: must be a positive integer"),
            ({"num_envs": 0}, "num_envs = 0: must be in 1 to"),
            ({"num_envs": 2**63}, f"num_envs = {2**63}: must be in 1 to"),
        ],
    )
    def test_parameters(self, wrong, words):
        with pytest.raises(ValueError, match=words):
            env.MarketVectorEnv(SYSTEM, **{"num_envs": 1, **wrong})

    @pytest.mark.parametrize(
        ("threads", "error", "words"),
        [
            (0, ValueError, "threads = 0: must be a positive integer or None"),
            ("abc", TypeError, "threads: must be a positive integer or None, got str"),
            (True, TypeError, "threads: must be a positive integer or None, got bool"),
        ],
    )
    def test_threads(self, stepper, threads, error, words):
        with pytest.raises(error, match=words):
            env.MarketVectorEnv(SYSTEM, 2, backend=stepper, threads=threads)

    def test_more_threads_than_can_be_counted(self, stepper):
        actions = np.zeros((2000, 5, 2))
        found = []
        for threads in (1, 10**30):
            vector = env.MarketVectorEnv(SYSTEM, 2000, backend=stepper, threads=threads)
            vector.reset(seed=0)
            found.append(vector.step(actions)[1])
        assert np.array_equal(*found)

    @pytest.mark.parametrize(
        ("wrong", "words"),
        [
            (([-1.0], [1.0], [1.0]), r"capacities\[0\] = -1.0: must be finite and >= 0"),
            (([1.0], [np.nan], [1.0]), r"costs\[0\] = nan: must be finite"),
            (([1.0], [1.0, 2.0], [1.0]), "costs: must have 1 generators like capacities, got 2"),
            (([1.0], [1.0], []), "demand: must hold at least one hour"),
            (([], [], [1.0]), "capacities: must hold at least one generator"),
            (([1.0], [1e-200], [1e-200]), "costs: one at least must be >= 1e-100"),
            (([1e308] * 2, [1.0, 1.0], [1e308]), r"capacities\[0\] = 1e\+308: must be at most"),
            (([1.0, 1.0], [1.0, -1e308], [1.0]), r"costs\[1\] = -1e\+308: must be at most"),
            (([1.0], [1.0], [1.0], (), -1), "first_hour = -1: must be at least 0"),
            (([0.0], [1.0], [1.0]), "capacities: one at least must be >= 1e-100"),
            (([1.0], [1.0], [1.0], ["a", "b"]), "names: must be 1 different ones"),
        ],
    )
    def test_systems(self, wrong, words):
        with pytest.raises(ValueError, match=words):
            env.System(*wrong)

    @pytest.mark.parametrize(
        ("make", "words"),
        [
            (lambda: env.System([1], [1], [1], "a"), "names = 'a': must be a sequence of strings"),
            (lambda: env.System([1], [1], [1], [1]), r"names\[0\] = 1: must be a string"),
            (
                lambda: env.System([1], [1], [1], first_hour=2.7),
                "first_hour: must be a whole number, got float",
            ),
            (lambda: env.System.rts79(week=1.5), "week: must be a whole number, got float"),
            (lambda: env.System.rts79(hours=2.5), "hours: must be a whole number, got float"),
            (lambda: env.System.random(1.0), "generators: must be a whole number, got float"),
            (lambda: env.Model(SYSTEM, markup_penalty=True), "markup_penalty: must be real"),
            (lambda: env.Model(SYSTEM, demand_noise="x"), "demand_noise: must be real"),
        ],
    )
    def test_what_is_no_number_and_no_name(self, make, words):
        with pytest.raises(TypeError, match=words):
            make()

    @pytest.mark.parametrize(
        ("make", "words"),
        [
            (lambda: env.System.rts79(week=53), "week = 53: must be in 1 to 52"),
            (lambda: env.System.rts79(week=52, hours=169), "hours = 169: must be in 1 to 168"),
            (lambda: env.System.random(-1), "generators = -1: must be at least 1"),
            (lambda: env.System.random(1, hours=0), "hours = 0: must be at least 1"),
            (lambda: env.System.random(1, seed=-1), "seed = -1: must be a whole number"),
        ],
    )
    def test_systems_that_are_made(self, make, words):
        with pytest.raises(ValueError, match=words):
            make()

    def test_numbers_may_be_those_of_numpy(self, stepper):
        rules = {
            "max_bid_delta": np.int64(5),
            "markup_penalty": np.float32(0.5),
            "price_cap": np.int32(90),
        }
        found = []
        for given in (rules, {name: float(value) for name, value in rules.items()}):
            vector = env.MarketVectorEnv(SYSTEM, 2, backend=stepper, **given)
            vector.reset(seed=0)
            found.append(vector.step(np.full((2, 5, 2), 0.5))[1])
        assert np.array_equal(*found)

    def test_the_largest_systems_step_alike(self):
        large = env.System([1e100, 1e100], [1e100, -1e100], [1e100])
        found = []
        for backend in env.available_steppers():
            vector = env.MarketVectorEnv(large, 2, backend=backend, max_bid_delta=1e100)
            vector.reset(seed=0)
            found.append(vector.step(np.full((2, 2, 2), 0.5)))
        for other in found[1:]:
            assert np.allclose(other[1], found[0][1], rtol=1e-9)
            assert np.allclose(other[4]["price"], found[0][4]["price"], rtol=1e-9)
        assert np.isfinite(found[0][1]).all()

    def test_the_hour_may_be_any_later_one(self):
        late = env.System([1.0], [1.0], [1.0], first_hour=168 * 10**30 + 5)
        assert env.Model(late).template.time[0] == 5 / 24

    def test_seeds(self):
        vector = env.MarketVectorEnv(SYSTEM, 2)
        for wrong in (-1, 2**63):
            with pytest.raises(ValueError, match="must be a whole number"):
                vector.reset(seed=wrong)
        with pytest.raises(ValueError, match="seed: must be 2 seeds, got 3"):
            vector.reset(seed=[1, 2, 3])
        with pytest.raises(ValueError, match=r"seed\[1\] = -1: must be a whole number in"):
            vector.reset(seed=[1, -1])
        last = 2**63 - 1
        with pytest.raises(ValueError, match=rf"seed = {last}: .* in \[0, 2\*\*63 - 1\)"):
            vector.reset(seed=last)
        vector.reset(seed=last - 1)
        assert vector.state.seeds.tolist() == [last - 1, last]
        with pytest.raises(ValueError, match="reset_mask: must be 2 booleans"):
            vector.reset(options={"reset_mask": [True]})
        for wrong in ([1, 0], ["x", "y"], np.ma.array([True, True], mask=[0, 1])):
            with pytest.raises(TypeError, match="reset_mask: must be booleans"):
                vector.reset(options={"reset_mask": wrong})

    @pytest.mark.parametrize("wrong", [-1, 1.5, True, "7", 2**63, np.bool_(True)])
    def test_what_is_no_seed_changes_nothing(self, wrong):
        reset = {"seed": 4}
        for market in (
            env.MarketVectorEnv(SYSTEM, 2),
            env.MarketEnv(SYSTEM),
            env.MarketParallelEnv(SYSTEM),
        ):
            words = f"seed = {re.escape(repr(wrong))}: must be a whole number in"
            with pytest.raises(ValueError, match=words):
                market.reset(seed=wrong)
            with pytest.raises(RuntimeError, match="call reset first"):
                market.step({} if isinstance(market, env.MarketParallelEnv) else [0, 0])
            market.reset(**reset)
        assert env.MarketEnv(SYSTEM).reset(seed=np.int64(3))[0].shape == (4,)

    def test_markets_without_a_seed_draw_one(self):
        drawn = []
        for _ in range(2):
            vector = env.MarketVectorEnv(SYSTEM, 3)
            vector.reset(seed=[None, 5, None])
            assert vector.state.seeds[1] == 5
            assert not vector.state.episodes.any()
            drawn += [vector.state.seeds[0], vector.state.seeds[2]]
        assert len(set(drawn)) == 4

    @pytest.mark.parametrize(
        ("wrong", "words"),
        [
            (-1, " = -1: must be in 0 to 4"),
            (5, " = 5: must be in 0 to 4"),
            ("unit_5", " = 'unit_5': must be an index or one of .*'unit_4'"),
            (0.5, ": must be a whole number, got float"),
            (None, ": must be a whole number, got NoneType"),
            (True, ": must be a whole number, got bool"),
        ],
    )
    def test_agents_that_are_not_there(self, wrong, words):
        with pytest.raises((TypeError, ValueError), match=f"^agent{words}"):
            env.MarketEnv(SYSTEM, wrong)

    def test_others_that_are_no_policy(self):
        with pytest.raises(TypeError, match="others: must be a policy to call, got NoneType"):
            env.MarketEnv(SYSTEM, others=None)

    def test_results_are_ones_own_unless_shared_ones_are_asked_for(self, stepper):
        for shares in (False, True):
            vector = env.MarketVectorEnv(SYSTEM, 2, backend=stepper, copy=not shares)
            first, _ = vector.reset(seed=0)
            second = vector.step(np.zeros((2, 5, 2)))[0]
            assert (first is second) == shares


SETTINGS = {
    "capacities": [10.0, 20.0],
    "costs": [1.0, 2.0],
    "demand": [5.0, 6.0, 7.0],
    "noise": (1.0, -1.0, 1.0),
    "max_bid_delta": 5.0,
    "markup_penalty": 0.0,
    "unserved_penalty": 0.0,
    "reward_scale": 1.0,
    "pro_rata": False,
    "price_cap": None,
    "template": [0.0] * 6,
    "demand_scale": 1.0,
    "time": [0.0] * 4,
    "autoreset": False,
}


@pytest.mark.skipif("rust" not in env.available_steppers(), reason="not there")
class TestTheExtensionByItself:
    """What the package never does, and a caller might."""

    def make(self, **changed):
        from rust_market import Environment

        return Environment(**{**SETTINGS, **changed})

    def arrays(self, markets=3):
        state = np.zeros((3, markets), dtype=np.uint64)
        shown = [np.zeros((markets, 2, 3)) for _ in range(2)]
        rewards, dispatch = np.zeros((markets, 2)), np.zeros((markets, 2))
        ended, demand, prices = np.zeros(markets, dtype=bool), np.zeros(markets), np.zeros(markets)
        actions = np.zeros((markets, 2, 2))
        return [state, actions, *shown, rewards, ended, demand, prices, dispatch]

    @pytest.mark.parametrize(
        "wrong",
        [
            {"costs": [1.0]},
            {"capacities": [-1.0, 1.0]},
            {"capacities": [], "costs": []},
            {"demand": [1.0, np.nan, 1.0]},
            {"noise": (1.0, 2.0, 1.0)},
            {"noise": (1.0, -6.0, 1.0)},
            {"noise": (np.inf, -1.0, 1.0)},
            {"template": [0.0] * 5},
            {"time": [0.0] * 12},
            {"price_cap": np.inf},
        ],
    )
    def test_settings_that_do_not_fit(self, wrong):
        with pytest.raises(ValueError, match="settings: do not fit together"):
            self.make(**wrong)

    def test_arrays_that_do_not_fit(self):
        environment = self.make()
        environment.step(*self.arrays(), 2)
        for at, wrong, kind, words in (
            (0, np.zeros((3, 3)), TypeError, "state: must be an array of dtype uint64"),
            (0, np.zeros(9, dtype=np.uint64), ValueError, "state: must be 3 rows"),
            (1, np.zeros((3, 2)), ValueError, "actions: must hold 12 values, got 6"),
            (2, np.zeros((3, 2, 6))[:, :, ::2], ValueError, "observations: must be contiguous"),
            (2, np.asfortranarray(np.zeros((3, 2, 3))), ValueError, "must be contiguous"),
            (5, np.zeros(3), TypeError, "ended: must be an array of dtype bool"),
            (7, np.zeros(2), ValueError, "prices: must hold 3 values, got 2"),
            (0, np.full((3, 3), 3, dtype=np.uint64), ValueError, "hours: 3 is after the end"),
        ):
            arrays = self.arrays()
            arrays[at] = wrong
            with pytest.raises(kind, match=words):
                environment.step(*arrays, 1)
        shut = self.arrays()
        shut[4].flags.writeable = False
        with pytest.raises(ValueError, match="rewards: "):
            environment.step(*shut, 1)
        shared = self.arrays()
        shared[8] = shared[4]
        with pytest.raises(ValueError, match="dispatch: "):
            environment.step(*shared, 1)
