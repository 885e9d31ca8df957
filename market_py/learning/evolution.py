"""Generators that learn to bid, each for itself, by an evolution strategy.

Every generator has a policy, linear in its observation. In each generation many markets run side by
side, in each of which every policy is varied at random; what paid is followed. No gradient of the
market is needed, and a step of all markets is one call.

T. Salimans, J. Ho, X. Chen, S. Sidor, I. Sutskever, "Evolution strategies as a scalable alternative
to reinforcement learning" (2017); D. P. Kingma, J. Ba, "Adam: a method for stochastic optimization"
(ICLR 2015).
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from market_py.env import EnvState, MarketVectorEnv, System
from market_py.env.actions import HIGH, LOW
from market_py.files import write_atomically
from market_py.validation import Float64Array, check_integer, check_seed

DECAYS = 0.9, 0.999
"""Of the moments of Adam."""
TINY = 1e-8
EVALUATION_SEED = 1 << 40
"""Markets that nobody trains on."""
FORMAT = 1
"""Version of the files."""


class Generation(NamedTuple):
    """What a generation brought, before its policies were changed by it."""

    number: int
    rewards: Float64Array
    """Mean reward of an episode, shape (N,)."""
    markups: Float64Array
    """Mean markup on the marginal cost, €/MWh, shape (N,)."""
    price: float
    """Mean price, €/MWh."""


class Evaluation(NamedTuple):
    """How the policies fare, unvaried, in markets that they were not trained on."""

    prices: Float64Array
    """€/MWh, shape (T, B)."""
    markups: Float64Array
    """€/MWh, shape (T, B, N)."""
    dispatch: Float64Array
    """MW, shape (T, B, N)."""
    rewards: Float64Array
    """Of an episode, shape (B, N)."""


class EvolutionStrategy:
    """Independent learners, one for each generator.

    Parameters
    ----------
    system : System
        The generators, and their demand.
    markets : int
        Variations of the policies in each generation; even.
    seed : int
        Of the variations and of the markets; not negative.
    deviation : float
        Standard deviation of the variations; > 0.
    step_size : float
        Of Adam; > 0.
    markup : float
        The markup to begin with, before it is squashed.
    backend : str, optional
        One of `market_py.env.available_steppers`; by default the fastest.
    threads : int, optional
        At most this many work; no result depends on it.
    **rules
        As for `market_py.env.Model`.

    Raises
    ------
    TypeError, ValueError, ImportError
        As for `market_py.env.MarketVectorEnv`; a parameter outside its domain.
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
        if check_integer("markets", markets, 0) < 2 or markets % 2:
            raise ValueError(f"markets = {markets}: must be even and at least 2")
        for name, value in (("deviation", deviation), ("step_size", step_size)):
            if not 0 < value < np.inf:
                raise ValueError(f"{name} = {value}: must be finite and > 0")
        seed = check_seed(seed, room=markets - 1)
        self._rules = {"backend": backend, "threads": threads, "copy": False, **rules}
        self._markets = MarketVectorEnv(system, markets, **self._rules)
        self._deviation, self._step_size = deviation, step_size
        model = self._markets.model
        # A row for each feature, and one that is added whatever is observed.
        self.policies = np.zeros((model.agents, model.features + 1, 2))
        self.policies[:, -1] = -3.0, markup
        self.generation = 0
        self.seconds_stepping = 0.0
        """That the markets have taken so far; the rest is the learner's own."""
        self._moments = np.zeros((2, *self.policies.shape))
        self._rng = np.random.Generator(np.random.PCG64DXSM(seed))
        self._markets.reset(seed=seed)

    def train(self, generations: int) -> Iterator[Generation]:
        """Learn for so many generations; to stop, stop asking.

        Parameters
        ----------
        generations : int
            Not negative.
        """
        for _ in range(generations):
            yield self._next_generation()

    def _next_generation(self) -> Generation:
        half = self._markets.num_envs // 2
        varied = self._rng.standard_normal((half, *self.policies.shape))
        # Each variation and its opposite: what both have in common cancels.
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
        spread = rewards.std(axis=0)
        advantage = (rewards - rewards.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
        self._adam_step(np.einsum("bn,bnfk->nfk", advantage, varied) / len(varied))
        return done

    def _adam_step(self, direction: Float64Array) -> None:
        """Follow a direction in which rewards grow (Adam)."""
        self.generation += 1
        first, second = self._moments
        first += (1 - DECAYS[0]) * (direction - first)
        second += (1 - DECAYS[1]) * (direction**2 - second)
        unbiased = [
            moment / (1 - decay**self.generation)
            for moment, decay in zip(self._moments, DECAYS, strict=True)
        ]
        self.policies += self._step_size * unbiased[0] / (np.sqrt(unbiased[1]) + TINY)

    def evaluate(self, markets: int = 64, seed: int = EVALUATION_SEED) -> Evaluation:
        """Let the policies bid for an episode, unvaried, in other markets.

        Parameters
        ----------
        markets : int
            How many.
        seed : int
            Of their noise.
        """
        system = self._markets.model.system
        others = MarketVectorEnv(system, markets, **{**self._rules, "copy": True})
        observations, _ = others.reset(seed=seed)
        rewards = np.zeros((markets, system.generators))
        prices, markups, dispatch = [], [], []
        for _ in range(system.hours):
            actions = act(self.policies, observations)
            observations, paid, _, _, infos = others.step(actions)
            rewards += paid
            prices.append(infos["price"])
            dispatch.append(infos["dispatch"])
            markups.append(self._markups(actions))
        return Evaluation(np.array(prices), np.array(markups), np.array(dispatch), rewards)

    def _markups(self, actions: Float64Array) -> Float64Array:
        """Markups that actions ask for, €/MWh."""
        return np.asarray(np.tanh(actions[:, :, 1]) * self._markets.model.max_bid_delta)

    def save(self, path: Path | str) -> None:
        """Write a checkpoint, whole or not at all, from which `load` goes on as this would have."""
        kept: dict[str, Any] = {
            "format": FORMAT,
            "policies": self.policies,
            "moments": self._moments,
            "generation": self.generation,
            "random": json.dumps(self._rng.bit_generator.state),
            "state": self._markets.state.words,
        }
        write_atomically(path, lambda file: np.savez(file, **kept))

    def load(self, path: Path | str) -> None:
        """Take over a checkpoint of a learner with the same system, markets and rules.

        Raises
        ------
        ValueError
            The file is not such a checkpoint; nothing has changed then.
        """
        try:
            with np.load(Path(path), allow_pickle=False) as file:
                kept = {name: file[name] for name in file.files}
            if int(kept["format"]) != FORMAT:
                raise ValueError(f"format {int(kept['format'])}; {FORMAT} can be read")
            for name, here in (("policies", self.policies), ("moments", self._moments)):
                if kept[name].shape != here.shape or not np.isfinite(kept[name]).all():
                    raise ValueError(f"{name} must be finite and of shape {here.shape}")
            generator = np.random.PCG64DXSM()
            generator.state = json.loads(str(kept["random"]))
            generation = check_integer("generation", kept["generation"][()], 0)
            # Last, since it is the first to change anything.
            self._markets.state = EnvState(kept["state"])
        except (OSError, EOFError, KeyError, TypeError, ValueError) as error:
            if isinstance(error, FileNotFoundError):
                raise
            raise ValueError(f"{path}: is not a checkpoint of this learner: {error}") from error
        except Exception as error:  # What zipfile raises has no other name in common.
            raise ValueError(f"{path}: is damaged: {error}") from error
        self.policies[:], self._moments[:] = kept["policies"], kept["moments"]
        self.generation, self._rng = generation, np.random.Generator(generator)


def act(policies: Float64Array, observations: Float64Array) -> Float64Array:
    """Turn observations into actions.

    Parameters
    ----------
    policies : ndarray, shape (N, F + 1, 2) or (B, N, F + 1, 2)
        The same for all markets, or for each.
    observations : ndarray, shape (B, N, F)

    Returns
    -------
    ndarray, shape (B, N, 2)
        Within their bounds.
    """
    axes = "bnf,nfk->bnk" if policies.ndim == 3 else "bnf,bnfk->bnk"
    asked = np.einsum(axes, observations, policies[..., :-1, :])
    asked += policies[..., -1, :]
    asked[:, :, 0] = 1 / (1 + np.exp(-asked[:, :, 0]))
    return np.asarray(np.clip(asked, LOW, HIGH))
