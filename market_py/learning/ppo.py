"""A generator that learns to bid by PPO of Stable-Baselines3, while the others bid at cost.

``python -m market_py.learning.ppo`` trains the generator that cannot be done without (see
`market_py.learning.theory`), and sets it beside bidding at marginal cost. All but training counts
without Stable-Baselines3, which comes with ``pip install -e ".[rl]"``.

J. Schulman, F. Wolski, P. Dhariwal, A. Radford, O. Klimov, "Proximal policy optimization
algorithms" (2017); A. Raffin, A. Hill, A. Gleave, A. Kanervisto, M. Ernestus, N. Dormann,
"Stable-Baselines3: reliable reinforcement learning implementations", JMLR 22 (2021) no. 268.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

import gymnasium
import numpy as np
from gymnasium.wrappers import RescaleAction
from numpy.typing import ArrayLike

from market_py.env import MarketEnv
from market_py.env.model import MARKUP
from market_py.learning.evolution import EVALUATION_SEED
from market_py.learning.theory import PIVOTAL
from market_py.validation import Float64Array, check_seed

if TYPE_CHECKING:
    from stable_baselines3 import PPO

Market = gymnasium.Env[Float64Array, Float64Array]
AT_COST = 0.0, 0.0
"""Nothing withheld, no markup."""
AT_MOST = 0.0, MARKUP[1]
"""Nothing withheld, the largest markup: in `PIVOTAL` nothing pays better."""


def normalized(market: Market) -> Market:
    """Let the actions of a market go from -1 to 1, which is where a new policy of PPO begins."""
    return RescaleAction(market, np.float32(-1), np.float32(1))


def train(market: Market, steps: int = 20_000, seed: int = 0) -> PPO:
    """Train an agent.

    Parameters
    ----------
    market : gymnasium.Env
        A `market_py.env.MarketEnv`, best `normalized`.
    steps : int
        Hours to learn from, >= 1; rounded up to whole rollouts.
    seed : int
        Of the market's noise, of the policy at the beginning, and of its exploration; in
        [0, 2**32).

    Returns
    -------
    stable_baselines3.PPO
        On one machine the same for the same seed.

    Raises
    ------
    ValueError
        A parameter is outside its domain.
    ImportError
        Stable-Baselines3 is not installed.
    """
    if steps < 1:
        raise ValueError(f"steps = {steps}: must be at least 1")
    seed = check_seed(seed, bits=32)
    try:
        from stable_baselines3 import PPO
    except ModuleNotFoundError as error:
        raise ImportError(
            f'Stable-Baselines3 is not installed: run `pip install -e ".[rl]"` ({error})'
        ) from error
    # A bid changes no hour but its own: what is paid later would only be noise.
    return PPO("MlpPolicy", market, gamma=0.0, seed=seed, device="cpu").learn(steps)


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
        From an observation to an action.
    episodes : int
        How many, >= 1.
    seed : int
        Of the market's noise; by default one that nobody trains on.
    """
    total = 0.0
    for episode in range(episodes):
        # Without a seed, the next episode of the seed before.
        observation, _ = market.reset(seed=None if episode else seed)
        ended = False
        while not ended:
            observation, reward, _, ended, _ = market.step(np.asarray(policy(observation)))
            total += float(reward)
    return total / episodes


def main(arguments: list[str] | None = None) -> int:
    """Train, compare, and return the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m market_py.learning.ppo",
        description="Let a generator learn to bid, and set it beside bidding at marginal cost.",
    )
    parser.add_argument("--steps", type=int, default=20_000, help="hours to learn from")
    parser.add_argument("--seed", type=int, default=0, help="of the training")
    chosen = parser.parse_args(arguments)
    market = MarketEnv(PIVOTAL)
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
