"""Every public number of the environment and of learning has a range, and errors name it."""

import inspect
import re

import numpy as np
import pytest

pytest.importorskip("gymnasium")
pytest.importorskip("pettingzoo")

import stable_baselines as example
from market_py import env, learning
from market_py.env import market_v0

SYSTEM = env.System([60.0, 40.0], [10.0, 20.0], [70.0, 90.0])
RESULTS = {"Batch", "Evaluation", "Generation", "Rollout"}
ROWS = {
    "observations": np.zeros((4, 3)),
    "actions": np.zeros((4, 2)),
    "rewards": np.zeros(4),
    "next_observations": np.zeros((4, 3)),
    "done": np.zeros(4, bool),
}


def buffer():
    made = learning.ReplayBuffer(9, 3, 2, prioritised=True)
    made.add(**ROWS)
    return made


def policy(**changed):
    return learning.MLPPolicy([np.zeros((2, 3))], [np.zeros(2)], **changed)


def after_reset(market):
    market.reset(seed=0)
    return market


CALLS = {
    "System": (env.System, {"capacities": [1], "costs": [1], "demand": [1], "first_hour": 0}),
    "System.rts79": (env.System.rts79, {"week": 3, "hours": 2}),
    "System.random": (env.System.random, {"generators": 2, "hours": 3, "seed": 1}),
    "Model": (
        lambda **given: env.Model(SYSTEM, **given),
        dict.fromkeys(
            ("max_bid_delta", "markup_penalty", "unserved_penalty", "demand_noise", "price_cap"), 1
        ),
    ),
    "EnvState.at_start": (env.EnvState.at_start, {"markets": 2, "remembered": 1}),
    "make_stepper": (
        lambda **given: env.make_stepper(env.Model(SYSTEM), autoreset=True, **given),
        {"threads": 1},
    ),
    "MarketVectorEnv": (
        lambda **given: env.MarketVectorEnv(SYSTEM, **given),
        {"num_envs": 2, "threads": 1},
    ),
    "MarketVectorEnv.reset": (env.MarketVectorEnv(SYSTEM, 2).reset, {"seed": 1}),
    "MarketVectorEnv.step": (
        after_reset(env.MarketVectorEnv(SYSTEM, 2)).step,
        {"actions": np.zeros((2, 2, 2))},
    ),
    "AgentVectorEnv": (
        lambda **given: env.AgentVectorEnv(SYSTEM, **given),
        {"num_envs": 2, "agent": 1},
    ),
    "AgentVectorEnv.reset": (env.AgentVectorEnv(SYSTEM, 2).reset, {"seed": 1}),
    "AgentVectorEnv.step": (
        after_reset(env.AgentVectorEnv(SYSTEM, 2)).step,
        {"actions": np.zeros((2, 2))},
    ),
    "MarketEnv": (lambda **given: env.MarketEnv(SYSTEM, **given), {"agent": 1}),
    "MarketEnv.reset": (env.MarketEnv(SYSTEM).reset, {"seed": 1}),
    "MarketEnv.step": (
        lambda action: after_reset(env.MarketEnv(SYSTEM)).step(action),
        {"action": [0, 0]},
    ),
    "MarketParallelEnv.reset": (env.MarketParallelEnv(SYSTEM).reset, {"seed": 1}),
    "MarketParallelEnv.step": (
        lambda actions: after_reset(env.MarketParallelEnv(SYSTEM)).step(
            {"unit_0": [0, 0], "unit_1": actions}
        ),
        {"actions": [0, 0]},
    ),
    "parallel_env": (market_v0.parallel_env, {"max_cycles": 3}),
    "EvolutionStrategy": (
        lambda **given: learning.EvolutionStrategy(SYSTEM, **{"markets": 2, **given}),
        {"seed": 1, "deviation": 1, "step_size": 1, "markup": 1, "threads": 1, "markets": 4},
    ),
    "EvolutionStrategy.train": (
        learning.EvolutionStrategy(SYSTEM, markets=2).train,
        {"generations": 1},
    ),
    "EvolutionStrategy.evaluate": (
        learning.EvolutionStrategy(SYSTEM, markets=2).evaluate,
        {"markets": 1, "seed": 3},
    ),
    "MLPPolicy": (
        lambda weights, biases, threads: learning.MLPPolicy([weights], [biases], threads=threads),
        {"weights": np.zeros((2, 3)), "biases": np.zeros(2), "threads": 1},
    ),
    "MLPPolicy.assign": (
        lambda weights, biases: policy().assign([weights], [biases]),
        {"weights": np.ones((2, 3)), "biases": np.ones(2)},
    ),
    "MLPPolicy.state_dict": (
        learning.MLPPolicy([np.ones((4, 2, 3))], [np.ones((4, 2))]).state_dict,
        {"agent": 3},
    ),
    "MLPPolicy.__call__": (policy(), {"observations": np.zeros(3)}),
    "PPO": (
        lambda **given: learning.PPO(SYSTEM, **{"num_envs": 2, "num_steps": 2, **given}),
        {
            **dict.fromkeys(("num_envs", "num_steps", "update_epochs", "minibatch_size"), 1),
            **dict.fromkeys(("learning_rate", "clip_coef", "vf_coef", "max_grad_norm"), 1.0),
            **dict.fromkeys(("gamma", "gae_lambda", "ent_coef", "markup"), 1.0),
            **{"hidden": [3], "seed": 1, "threads": 1},
        },
    ),
    "PPO.train": (learning.PPO(SYSTEM, num_envs=1, num_steps=1).train, {"updates": 1}),
    "PPO.evaluate": (
        learning.PPO(SYSTEM, num_envs=1, num_steps=1).evaluate,
        {"markets": 1, "seed": 3},
    ),
    "ReplayBuffer": (
        learning.ReplayBuffer,
        {"capacity": 3, "observation_size": 2, "action_size": 1, "alpha": 0.5, "seed": 1},
    ),
    "ReplayBuffer.add": (buffer().add, ROWS),
    "ReplayBuffer.sample": (buffer().sample, {"number": 2, "beta": 0.5}),
    "ReplayBuffer.update_priorities": (
        buffer().update_priorities,
        {"indices": [0], "priorities": [1.0]},
    ),
    "compute_gae": (
        learning.compute_gae,
        {
            **dict.fromkeys(("rewards", "values", "final_values"), np.zeros((3, 2))),
            **{"last_values": np.zeros(2), "ended": np.zeros(3, bool)},
            **{"gamma": 1.0, "gae_lambda": 1.0},
        },
    ),
    "mean_reward": (
        lambda **given: example.mean_reward(
            env.AgentVectorEnv(SYSTEM, 2), lambda _: [0, 0], **given
        ),
        {"seed": 3},
    ),
}
"""Public functions, and numbers that are right."""

WRONG = {
    "text": lambda right: "a",
    "texts": lambda right: np.full(np.shape(right), "1").tolist(),
    "nan": lambda right: np.full(np.shape(right), np.nan)[()],
    "infinite": lambda right: np.full(np.shape(right), -np.inf)[()],
    "complex": lambda right: np.full(np.shape(right), 1j)[()],
    "masked": lambda right: np.ma.array(right, mask=True),
    "object": lambda right: np.full(np.shape(right), object())[()],
    "too large": lambda right: np.full(np.shape(right), 1e300)[()],
    "shape": lambda right: np.zeros((1, 2, 3, 4)),
}


@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize("name", CALLS)
def test_what_is_wrong_is_named(name, wrong):
    call, given = CALLS[name]
    call(**given)
    for parameter, right in given.items():
        with pytest.raises((TypeError, ValueError), match=rf"^{parameter}\b") as caught:
            call(**{**given, parameter: WRONG[wrong](right)})
        assert "must" in str(caught.value)


NEGATIVE_IS_RIGHT = {"costs", "price_cap", "markup", "weights", "biases"} | {*ROWS}
NEGATIVE_IS_RIGHT |= {"values", "last_values", "final_values", "ended"}


@pytest.mark.parametrize("name", CALLS)
def test_negative_numbers_are_named(name):
    call, given = CALLS[name]
    for parameter in given.keys() - NEGATIVE_IS_RIGHT:
        wrong = np.full(np.shape(given[parameter]), -1)[()]
        with pytest.raises(ValueError, match=rf"^{parameter}\b.* = -1"):
            call(**{**given, parameter: wrong if np.ndim(wrong) else int(wrong)})


def public_functions():
    """Names of all public functions that are given numbers."""
    for module in (env, learning, market_v0, example):
        exported = getattr(module, "__all__", ["parallel_env", "mean_reward"])
        for name in set(exported) & set(dir(module)) - RESULTS:
            made = getattr(module, name)
            members = {name: made}
            if inspect.isclass(made):
                members |= {
                    f"{name}.{member}": getattr(made, member)
                    for member in vars(made)
                    if not member.startswith("_") or member == "__call__"
                }
            for full_name, member in members.items():
                if callable(member) and numbers(member):
                    yield full_name


def numbers(function):
    return [
        parameter.name
        for parameter in inspect.signature(function).parameters.values()
        if re.search(
            r"^(?!Callable).*\b(int|float|SupportsIndex|ArrayLike)\b", str(parameter.annotation)
        )
    ]


def test_all_are_tested():
    tested = {*CALLS}
    # Only other parts of the package call this.
    assert {*public_functions()} - {"EnvState.check"} <= tested
    for name in {*public_functions()} & tested:
        owner, _, member = name.partition(".")
        module = next(each for each in (env, learning, market_v0, example) if hasattr(each, owner))
        function = getattr(module, owner)
        function = getattr(function, member) if member else function
        assert {*numbers(function)} == {*CALLS[name][1]}, name
