"""An evolution strategy: each generator learns to bid for its own reward.

Each generator has a policy that is linear in its observation. In each generation of the strategy,
many markets run side by side, each with its own random variation of every policy. The variations,
weighted by their rewards, estimate the gradient of the mean reward, and Adam updates the policies
with this estimate. No gradient of the market is needed, and one call steps all markets.

T. Salimans, J. Ho, X. Chen, S. Sidor, I. Sutskever, "Evolution strategies as a scalable alternative
to reinforcement learning" (2017); D. P. Kingma, J. Ba, "Adam: a method for stochastic optimization"
(ICLR 2015).
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from market_py.env import EnvState, MarketVectorEnv, System
from market_py.env.model import MARKUP
from market_py.env.system import LARGEST
from market_py.learning.actions import WITHHELD_AT_FIRST, squash
from market_py.learning.arrays import check_positive, require
from market_py.learning.checkpoint import load_checkpoint, save_checkpoint
from market_py.learning.evaluation import EVALUATION_SEED, LARGEST_COUNT, Evaluation, evaluate
from market_py.validation import Float64Array, check_array, check_integer, check_scalar, check_seed

DECAYS = np.array([0.9, 0.999]).reshape(2, 1, 1, 1)
"""Decay rates of Adam's two moments (Kingma and Ba), for all policies."""
TINY = 1e-8
"""Avoids a division by zero in Adam's step."""
FORMAT = 2
"""Version of the files."""


class Generation(NamedTuple):
    """Results of one generation with the policies it began with."""

    number: int
    """Number of the generation, from 0."""
    rewards: Float64Array
    """Mean reward of an episode, shape (N,)."""
    markups: Float64Array
    """Mean markup over the marginal cost, €/MWh, shape (N,)."""
    price: float
    """Mean price, €/MWh."""


class EvolutionStrategy:
    """Independent learners, one for each generator.

    Parameters
    ----------
    system, backend, threads, **rules
        As for `market_py.env.MarketVectorEnv`.
    markets : int
        Number of variations of the policies in each generation; even and at least 2.
    seed : int
        Seed of the variations and of the markets; >= 0.
    deviation : float
        Standard deviation of the variations; > 0 and at most 1e100.
    step_size : float
        Step size of Adam; > 0 and at most 1e100.
    markup : float
        First markup, before ``tanh``; from -10 to 10.

    Examples
    --------
    >>> learner = EvolutionStrategy(System([100, 50], [10, 30], [60, 120]), markets=8)
    >>> [done.number for done in learner.train(2)]
    [0, 1]
    >>> learner.evaluate(markets=4).prices.shape
    (2, 4)
    """

    def __init__(
        self,
        system: System,
        *,
        markets: int = 512,
        seed: int = 0,
        deviation: float = 0.05,
        step_size: float = 0.01,
        markup: float = 0.5,
        backend: str | None = None,
        threads: int | None = None,
        **rules: Any,
    ) -> None:
        if check_integer("markets", markets, 2, LARGEST_COUNT) % 2:
            raise ValueError(f"markets = {markets}: must be even")
        deviation = check_positive("deviation", deviation)
        step_size = check_positive("step_size", step_size)
        markup = check_scalar("markup", markup, negative=True, most=MARKUP[1])
        seed = check_seed(seed, room=markets - 1)
        self._rules = {"backend": backend, "threads": threads, "copy": False, **rules}
        self._markets = MarketVectorEnv(system, markets, **self._rules)
        self._deviation, self._step_size = deviation, step_size
        model = self._markets.model
        # A row for each feature, and a constant.
        self.policies = np.zeros((model.agents, model.features + 1, 2))
        self.policies[:, -1] = WITHHELD_AT_FIRST, markup
        self.generation = 0
        self.seconds_stepping = 0.0
        """Time that the steps of the markets took so far, s."""
        self._moments = np.zeros((2, *self.policies.shape))
        self._rng = np.random.Generator(np.random.PCG64DXSM(seed))
        self._markets.reset(seed=seed)

    def train(self, generations: int) -> Iterator[Generation]:
        """Learn, one generation with each result that is taken from the iterator.

        Parameters
        ----------
        generations : int
            Number of generations; >= 0.
        """
        number = check_integer("generations", generations, 0, LARGEST_COUNT)
        return (self._next_generation() for _ in range(number))

    def _next_generation(self) -> Generation:
        half = self._markets.num_envs // 2
        varied = self._rng.standard_normal((half, *self.policies.shape))
        # Antithetic sampling (Salimans et al., section 2.1): a variation and its negative share
        # what both are paid anyway, which cancels in the difference.
        varied = np.concatenate([varied, -varied])
        policies = self.policies + self._deviation * varied
        observations, _ = self._markets.reset()
        hours = self._markets.model.system.hours
        rewards = np.zeros((self._markets.num_envs, len(self.policies)))
        markups = np.zeros(len(self.policies))
        price = 0.0
        for _ in range(hours):
            actions = act(policies, observations)
            markups += self._markups(actions).mean(axis=0) / hours
            start = time.perf_counter()
            observations, paid, _, _, infos = self._markets.step(actions)
            self.seconds_stepping += time.perf_counter() - start
            rewards += paid
            price += float(infos["price"].mean()) / hours
        done = Generation(self.generation, rewards.mean(axis=0), markups, price)
        # Rewards in standard deviations make the step independent of their scale. The mean of
        # reward times variation is the gradient of the smoothed reward, but for a factor that
        # Adam removes.
        spread = rewards.std(axis=0)
        advantage = (rewards - rewards.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
        self._adam_step(np.einsum("bn,bnfk->nfk", advantage, varied) / len(varied))
        return done

    def _adam_step(self, direction: Float64Array) -> None:
        """Move the policies in a direction in which rewards grow, by Adam (Kingma and Ba)."""
        self.generation += 1
        self._moments += (1 - DECAYS) * (np.stack([direction, direction**2]) - self._moments)
        # The moments begin at zero: their early values are too small by this factor.
        first, second = self._moments / (1 - DECAYS**self.generation)
        self.policies += self._step_size * first / (np.sqrt(second) + TINY)

    def evaluate(self, markets: int = 64, seed: int = EVALUATION_SEED) -> Evaluation:
        """Let the policies bid for an episode, without variation, in other markets.

        Parameters
        ----------
        markets : int
            Number of markets; >= 1.
        seed : int
            Seed of their noise.
        """
        system = self._markets.model.system
        return evaluate(partial(act, self.policies), system, self._rules, markets, seed)

    def _markups(self, actions: Float64Array) -> Float64Array:
        """Return the markups of actions, €/MWh."""
        return np.asarray(np.tanh(actions[:, :, 1]) * self._markets.model.max_bid_delta)

    def save(self, path: Path | str) -> None:
        """Write a checkpoint, whole or not at all; a learner that loads it goes on as this one."""
        save_checkpoint(
            path,
            FORMAT,
            self._markets.model,
            policies=self.policies,
            moments=self._moments,
            generation=self.generation,
            random=json.dumps(self._rng.bit_generator.state),
            state=self._markets.state.words,
        )

    def load(self, path: Path | str) -> None:
        """Take over a checkpoint of a learner with the same system, rules and number of markets.

        Raises
        ------
        FileNotFoundError
            There is no such file.
        ValueError
            The file is not such a checkpoint, or damaged; nothing has changed then.
        """
        with load_checkpoint(path, FORMAT, self._markets.model) as kept:
            for name, here in (("policies", self.policies), ("moments", self._moments)):
                kept[name] = check_array(name, kept[name], shape=here.shape)
                require(name, kept[name], np.abs(kept[name]) <= LARGEST**2, "finite")
            require("moments", kept["moments"][1], kept["moments"][1] >= 0, ">= 0")
            generator = np.random.PCG64DXSM()
            generator.state = json.loads(str(kept["random"]))
            generation = check_integer("generation", kept["generation"][()], 0)
            # The last check, since it changes the markets.
            self._markets.state = EnvState(kept["state"])
        self.policies[:], self._moments[:] = kept["policies"], kept["moments"]
        self.generation, self._rng = generation, np.random.Generator(generator)


def act(policies: Float64Array, observations: Float64Array) -> Float64Array:
    """Compute actions, shape (B, N, 2), within their bounds, by linear policies.

    Observations have shape (B, N, F). Policies have shape (N, F + 1, 2), the same in all markets,
    or (B, N, F + 1, 2).
    """
    axes = "bnf,nfk->bnk" if policies.ndim == 3 else "bnf,bnfk->bnk"
    asked = np.einsum(axes, observations, policies[..., :-1, :])
    asked += policies[..., -1, :]
    return squash(asked)
