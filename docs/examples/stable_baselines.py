"""Train one generator with PPO of Stable-Baselines3; the others bid at marginal cost.

``python docs/examples/stable_baselines.py`` trains the pivotal generator (see
`market_py.learning.theory`) and compares it with bidding at marginal cost; this takes minutes. Only
training needs Stable-Baselines3, which the extra ``rl`` installs. All generators learn at once by
`market_py.learning.PPO`.

J. Schulman, F. Wolski, P. Dhariwal, A. Radford, O. Klimov, "Proximal policy optimization
algorithms" (2017); A. Raffin, A. Hill, A. Gleave, A. Kanervisto, M. Ernestus, N. Dormann,
"Stable-Baselines3: reliable reinforcement learning implementations", JMLR 22 (2021) no. 268.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from market_py.env import MarketEnv
from market_py.env.model import MARKUP
from market_py.extras import explain_missing
from market_py.learning.evaluation import EVALUATION_SEED, LARGEST_COUNT
from market_py.learning.theory import PIVOTAL
from market_py.validation import Float64Array, check_integer, check_seed

with explain_missing():
    import gymnasium
    from gymnasium.wrappers import RescaleAction

if TYPE_CHECKING:
    from stable_baselines3 import PPO

Market = gymnasium.Env[Float64Array, Float64Array]
AT_COST = 0.0, 0.0
"""The action that withholds nothing and asks for no markup."""
AT_MOST = 0.0, MARKUP[1]
"""The action that withholds nothing and asks for the largest markup, the best one in `PIVOTAL`."""


def normalized(market: Market) -> Market:
    """Rescale a market's actions to [-1, 1], the range in which a new policy of PPO explores."""
    return RescaleAction(market, np.float32(-1), np.float32(1))


def train(market: Market, steps: int = 20_000, seed: int = 0) -> PPO:
    """Train an agent; 20,000 steps take minutes.

    PyTorch uses one thread meanwhile: more only wait for each other in networks of this size.

    Parameters
    ----------
    market : gymnasium.Env
        A `market_py.env.MarketEnv`, best `normalized`.
    steps : int
        Hours to learn from, >= 1; rounded up to whole rollouts.
    seed : int
        Seed of the market's noise, of the first policy, and of its exploration; in [0, 2**32).

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
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        # A bid affects the reward of its own hour only; later rewards would add noise.
        return PPO("MlpPolicy", market, gamma=0.0, seed=seed, device="cpu").learn(steps)
    finally:
        torch.set_num_threads(threads)


def mean_reward(
    market: Market,
    policy: Callable[[Float64Array], ArrayLike],
    episodes: int = 50,
    seed: int = EVALUATION_SEED,
) -> float:
    """Return the mean reward of an episode.

    Parameters
    ----------
    market : gymnasium.Env
        A `market_py.env.MarketEnv`, wrapped or not.
    policy : callable
        Maps an observation to an action.
    episodes : int
        Number of episodes; >= 1.
    seed : int
        Seed of the market's noise; by default one on which no learner trains.

    Raises
    ------
    TypeError, ValueError
        A parameter is outside its domain.
    """
    total = 0.0
    for episode in range(check_integer("episodes", episodes, 1, LARGEST_COUNT)):
        # Without a seed, the market begins the next episode of the seed before.
        observation, _ = market.reset(seed=None if episode else seed)
        ended = False
        while not ended:
            observation, reward, _, ended, _ = market.step(np.asarray(policy(observation)))
            total += float(reward)
    return total / episodes


def main(arguments: list[str] | None = None) -> int:
    """Train, compare, and return the exit status."""
    parser = argparse.ArgumentParser(
        description="Let a generator learn to bid, and compare it with bidding at marginal cost. "
        "This takes minutes.",
    )
    parser.add_argument("--steps", type=int, default=20_000, help="hours to learn from")
    parser.add_argument("--seed", type=int, default=0, help="seed of the training")
    chosen = parser.parse_args(arguments)
    market = MarketEnv(PIVOTAL)
    print(f"Training for {chosen.steps:,} hours: this takes minutes.", file=sys.stderr, flush=True)
    try:
        agent = train(normalized(market), chosen.steps, chosen.seed)
    except (ImportError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2

    def learned(observation: Float64Array) -> Float64Array:
        return np.asarray(agent.predict(observation, deterministic=True)[0])

    print(f"Trained for {agent.num_timesteps:,} hours, with seed {chosen.seed}.")
    print("Mean reward of an episode, in episodes that were not trained on:")
    for name, found in (
        ("at marginal cost", mean_reward(market, lambda _: AT_COST)),
        ("trained", mean_reward(normalized(market), learned)),
        ("at the largest markup", mean_reward(market, lambda _: AT_MOST)),
    ):
        print(f"  {name:<22}{found:7.3f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
