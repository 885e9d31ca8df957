"""Train one generator with PPO of Stable-Baselines3; the others bid at marginal cost.

``python docs/examples/stable_baselines.py`` trains the pivotal generator (see
`market_py.learning.theory`) in sixteen markets, and compares it with bidding at marginal cost; this
takes half a minute. Only training needs Stable-Baselines3, which the extra ``rl`` installs. All
generators learn at once by `market_py.learning.PPO`.

J. Schulman, F. Wolski, P. Dhariwal, A. Radford, O. Klimov, "Proximal policy optimization
algorithms" (2017); A. Raffin, A. Hill, A. Gleave, A. Kanervisto, M. Ernestus, N. Dormann,
"Stable-Baselines3: reliable reinforcement learning implementations", JMLR 22 (2021) no. 268.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from market_py.env import AgentVectorEnv
from market_py.env.model import MARKUP
from market_py.extras import explain_missing
from market_py.learning.evaluation import EVALUATION_SEED, LARGEST_COUNT
from market_py.learning.theory import PIVOTAL
from market_py.validation import Float64Array, check_integer, check_seed

with explain_missing():
    from gymnasium.vector import VectorEnv
    from gymnasium.wrappers.vector import RescaleAction

if TYPE_CHECKING:
    from stable_baselines3 import PPO

Markets = VectorEnv[Any, Any, Any]
TRAINED_ON, COMPARED_ON = 16, 64
"""Numbers of markets."""
ROLLOUT = 128
"""Hours of each market between two updates."""
AT_COST = 0.0, 0.0
"""The action that withholds nothing and asks for no markup."""
AT_MOST = 0.0, MARKUP[1]
"""The action that withholds nothing and asks for the largest markup, the best one in `PIVOTAL`."""


def normalized(markets: Markets) -> Markets:
    """Rescale actions to [-1, 1], the range in which a new policy of PPO explores."""
    return RescaleAction(markets, np.float32(-1), np.float32(1))


def train(markets: Markets, steps: int = 10_000, seed: int = 0) -> PPO:
    """Train an agent.

    PyTorch uses one thread meanwhile: more only wait for each other in networks of this size.

    Parameters
    ----------
    markets : gymnasium.vector.VectorEnv
        A `market_py.env.AgentVectorEnv`, best `normalized`.
    steps : int
        Hours to learn from, >= 1; rounded up to whole rollouts of 128 hours of each market.
    seed : int
        Seed of the markets' noise, of the first policy, and of its exploration; in [0, 2**32).

    Returns
    -------
    stable_baselines3.PPO
        The trained agent, the same for the same seed on one machine.

    Raises
    ------
    TypeError, ValueError
        A parameter is outside its domain.
    ImportError
        Stable-Baselines3 is not installed.
    """
    steps = check_integer("steps", steps, 1, LARGEST_COUNT)
    seed = check_seed(seed, bits=32)
    with explain_missing():
        import torch
        from stable_baselines3 import PPO

        from market_py.env.sb3 import SB3VecEnv
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        # A bid affects the reward of its own hour only; later rewards would add noise.
        options: dict[str, Any] = {"gamma": 0.0, "n_steps": ROLLOUT, "device": "cpu"}
        return PPO("MlpPolicy", SB3VecEnv(markets), seed=seed, **options).learn(steps)
    finally:
        torch.set_num_threads(threads)


def mean_reward(
    markets: Markets, policy: Callable[[Float64Array], ArrayLike], seed: int = EVALUATION_SEED
) -> float:
    """Return the mean reward of an episode.

    Parameters
    ----------
    markets : gymnasium.vector.VectorEnv
        A `market_py.env.AgentVectorEnv`, wrapped or not.
    policy : callable
        Maps observations of all markets, shape (B, F), to actions, shape (B, 2) or (2,).
    seed : int
        Seed of the markets' noise; by default one on which no learner trains.
    """
    observations, _ = markets.reset(seed=seed)
    total, ended = 0.0, np.array(False)
    while not ended.all():
        actions = np.broadcast_to(policy(observations), (markets.num_envs, 2))
        observations, rewards, _, ended, _ = markets.step(actions)
        total += float(rewards.mean())
    return total


def main(arguments: list[str] | None = None) -> int:
    """Train, compare, and return the exit status."""
    parser = argparse.ArgumentParser(
        description="Let a generator learn to bid, and compare it with bidding at marginal cost. "
        "This takes half a minute.",
    )
    parser.add_argument("--steps", type=int, default=10_000, help="hours to learn from")
    parser.add_argument("--seed", type=int, default=0, help="seed of the training")
    chosen = parser.parse_args(arguments)
    print(f"Training for {chosen.steps:,} hours.", file=sys.stderr, flush=True)
    try:
        agent = train(normalized(AgentVectorEnv(PIVOTAL, TRAINED_ON)), chosen.steps, chosen.seed)
    except (ImportError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2

    def learned(observations: Float64Array) -> Float64Array:
        return np.asarray(agent.predict(observations, deterministic=True)[0])

    print(f"Trained for {agent.num_timesteps:,} hours, with seed {chosen.seed}.")
    print("Mean reward of an episode, in episodes that were not trained on:")
    markets = AgentVectorEnv(PIVOTAL, COMPARED_ON)
    for name, found in (
        ("at marginal cost", mean_reward(markets, lambda _: AT_COST)),
        ("trained", mean_reward(normalized(markets), learned)),
        ("at the largest markup", mean_reward(markets, lambda _: AT_MOST)),
    ):
        print(f"  {name:<22}{found:7.3f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
