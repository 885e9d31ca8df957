"""Proximal policy optimization: all generators of all markets learn at once.

The interface has the names of CleanRL and of Stable-Baselines3. S. Huang, R. Dossa, A. Raffin,
A. Kanervisto, W. Wang, "The 37 implementation details of proximal policy optimization" (ICLR blog
track, 2022); S. Huang, R. Dossa, C. Ye, J. Braga, D. Chakraborty, K. Mehta, J. Araújo, "CleanRL:
high-quality single-file implementations of deep reinforcement learning algorithms", JMLR 23 (2022)
no. 274.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from market_py.env import EnvState, MarketVectorEnv, System
from market_py.env.model import MARKUP
from market_py.env.system import LARGEST
from market_py.learning import numpy_ppo, rust_ppo
from market_py.learning.actions import WITHHELD_AT_FIRST, squash
from market_py.learning.actor_critic import Shape
from market_py.learning.arrays import Float32Array, Floats, check_positive, require
from market_py.learning.checkpoint import load_checkpoint, save_checkpoint
from market_py.learning.evaluation import EVALUATION_SEED, LARGEST_COUNT, Evaluation, evaluate
from market_py.learning.gae import compute_gae
from market_py.learning.numpy_ppo import LOG_ROOT, Losses, Samples, Settings
from market_py.learning.policy import Activation, MLPPolicy
from market_py.learning.replay import chosen_backend
from market_py.validation import (
    Float64Array,
    check_array,
    check_integer,
    check_scalar,
    check_seed,
    check_threads,
)

FORMAT = 1
"""Version of the files."""
ACTIONS = 2
"""Values of an action."""
UPDATES = {"rust": rust_ppo.update, "numpy": numpy_ppo.update}
NOISE, SHUFFLES = 1, 2
"""Streams of random numbers."""


class Rollout(NamedTuple):
    """What all agents of B markets saw, did and got in T hours."""

    observations: Float32Array
    """Shape (T, B, N, F)."""
    actions: Float32Array
    """Actions before they are squashed, shape (T, B, N, 2)."""
    log_probs: Float32Array
    """Logarithms of the probability densities of the actions, shape (T, B, N)."""
    rewards: Float64Array
    """Shape (T, B, N)."""
    values: Float32Array
    """What the critics expect from each observation, shape (T, B, N)."""
    last_values: Float32Array
    """What they expect from the observations after the last hour, shape (B, N)."""
    ended: NDArray[np.bool_]
    """Whether an episode ended with the hour, shape (T, B)."""
    final_values: Float32Array
    """What they expect from the final observations of these episodes, else 0; shape (T, B, N)."""
    prices: Float64Array
    """Prices, €/MWh, shape (T, B)."""
    dispatch: Float64Array
    """Dispatch, MW, shape (T, B, N)."""


class Learned(NamedTuple):
    """What an update changes; replaced as a whole, so that no interruption leaves half of it."""

    parameters: Float32Array
    """Shape (sets, size)."""
    moments: Float32Array
    """Adam's moments, shape (2, sets, size)."""
    steps: int
    """Steps of Adam so far."""
    updates: int
    """Updates so far."""


class Update(NamedTuple):
    """Results of a rollout, and of the update that followed."""

    number: int
    """Number of the update, from 0."""
    losses: Losses
    rewards: Float64Array
    """Mean reward of an hour, shape (N,)."""
    markups: Float64Array
    """Mean markup, €/MWh, shape (N,)."""
    withheld: Float64Array
    """Mean capacity withheld, MW, shape (N,)."""
    price: float
    """Mean price, €/MWh."""


class PPO:
    """Learners that share a market, one for each generator.

    Each agent has an actor and a critic of its own, or all share one of each. The actor gives the
    mean of a normal distribution, from which two numbers are drawn; `squash` turns them into an
    action. The squashing stays outside the density.

    Parameters
    ----------
    system, threads, **rules
        As for `market_py.env.MarketVectorEnv`. No result depends on the number of threads.
    num_envs : int
        Number of markets, B.
    num_steps : int
        Hours of a rollout, T.
    hidden : sequence of int
        Sizes of the hidden layers of actor and critic.
    activation : {"tanh", "relu"}
        Function between the layers.
    shared : bool
        Whether all agents share one actor and one critic.
    learning_rate : float
        Step size of Adam; > 0.
    gamma, gae_lambda : float
        As for `compute_gae`.
    clip_coef : float
        How far the ratio of the new probability of an action to the old one may leave one.
    vf_coef, ent_coef : float
        Weights of the critic's loss, and of the entropy of the actions.
    max_grad_norm : float
        Largest norm of the gradient of an agent's networks; > 0.
    update_epochs : int
        How often an update goes through the rollout.
    minibatch_size : int
        Samples of a minibatch, of each actor.
    markup : float
        First mean of the markup, before ``tanh``; from -10 to 10.
    seed : int
        Seed of the first networks, the actions, the shuffles and the markets.
    backend : str, optional
        "rust" or "numpy"; by default the fastest one that is installed. They agree up to rounding.

    Examples
    --------
    >>> learner = PPO(System([100, 50], [10, 30], [60, 120]), num_envs=4, num_steps=8)
    >>> [done.number for done in learner.train(2)]
    [0, 1]
    >>> learner.evaluate(markets=3).prices.shape
    (2, 3)
    """

    def __init__(
        self,
        system: System,
        *,
        num_envs: int = 64,
        num_steps: int = 128,
        hidden: Sequence[int] = (64, 64),
        activation: Activation = "tanh",
        shared: bool = False,
        learning_rate: float = 3e-4,
        gamma: float = 0.99,
        gae_lambda: float = 0.95,
        clip_coef: float = 0.2,
        vf_coef: float = 0.5,
        ent_coef: float = 0.0,
        max_grad_norm: float = 0.5,
        update_epochs: int = 4,
        minibatch_size: int = 2048,
        markup: float = 0.0,
        seed: int = 0,
        backend: str | None = None,
        threads: int | None = None,
        **rules: Any,
    ) -> None:
        num_envs = check_integer("num_envs", num_envs, 1, LARGEST_COUNT)
        self.num_steps = check_integer("num_steps", num_steps, 1, LARGEST_COUNT)
        self.update_epochs = check_integer("update_epochs", update_epochs, 1, LARGEST_COUNT)
        markup = check_scalar("markup", markup, negative=True, most=MARKUP[1])
        self.seed = check_seed(seed, room=num_envs - 1)
        self.backend = chosen_backend(backend)
        self.gamma = check_scalar("gamma", gamma, negative=False, most=1)
        self.gae_lambda = check_scalar("gae_lambda", gae_lambda, negative=False, most=1)
        self.settings = Settings(
            check_positive("learning_rate", learning_rate),
            check_scalar("clip_coef", clip_coef, negative=False, most=LARGEST),
            check_scalar("vf_coef", vf_coef, negative=False, most=LARGEST),
            check_scalar("ent_coef", ent_coef, negative=False, most=LARGEST),
            check_positive("max_grad_norm", max_grad_norm),
            check_integer("minibatch_size", minibatch_size, 1, LARGEST_COUNT),
        )
        self._threads = check_threads(threads)
        self._rules = {"threads": threads, **rules}
        self._markets = MarketVectorEnv(system, num_envs, **self._rules)
        model = self._markets.model
        sizes = tuple(check_integer(f"hidden[{at}]", h, 1, 2**16) for at, h in enumerate(hidden))
        if activation not in ("tanh", "relu"):
            raise ValueError(f"activation = {activation!r}: must be 'tanh' or 'relu'")
        self.shape = Shape(model.features, sizes, ACTIONS, activation)
        self.shared = bool(shared)
        sets = 1 if self.shared else model.agents
        parameters = self.shape.draw(sets, self._random(0, 0))
        self.shape.split(parameters).actor[-1].biases[...] = WITHHELD_AT_FIRST, markup
        self._learned = Learned(parameters, np.zeros((2, *parameters.shape), np.float32), 0, 0)
        actor, critic = self._layers()
        options: dict[str, Any] = {"activation": activation, "backend": self.backend}
        self.policy = MLPPolicy(*actor, threads=threads, **options)
        """The actors: the means of the actions before squashing."""
        self._critic = MLPPolicy(*critic, threads=threads, **options)
        self.seconds_stepping = 0.0
        """Time that the steps of the markets took so far, s."""
        self._markets.reset(seed=self.seed)

    def train(self, updates: int, *, checkpoint: Path | str | None = None) -> Iterator[Update]:
        """Learn, one update with each result that is taken from the iterator.

        An interrupted update leaves no trace: the learner is as after the last complete one.

        Parameters
        ----------
        updates : int
            Number of updates; >= 0.
        checkpoint : path, optional
            Where to save the learner in the end, also if it is interrupted.
        """
        return self._train(check_integer("updates", updates, 0, LARGEST_COUNT), checkpoint)

    def _train(self, updates: int, checkpoint: Path | str | None) -> Iterator[Update]:
        try:
            for _ in range(updates):
                state, learned = self._markets.state, self._learned
                try:
                    batch = self.rollout()
                    losses = self.update(batch)
                except BaseException:
                    if self._learned is learned:
                        self._markets.state = state
                    self._rebuild()
                    raise
                yield self._describe(learned.updates, batch, losses)
        finally:
            if checkpoint is not None:
                self.save(checkpoint)

    def _describe(self, number: int, batch: Rollout, losses: Losses) -> Update:
        actions, model = squash(batch.actions), self._markets.model
        return Update(
            number,
            losses,
            batch.rewards.mean(axis=(0, 1)),
            np.tanh(actions[..., 1]).mean(axis=(0, 1)) * model.max_bid_delta,
            actions[..., 0].mean(axis=(0, 1)) * model.system.capacities,
            float(batch.prices.mean()),
        )

    @property
    def parameters(self) -> Float32Array:
        """Parameters of all networks, shape (sets, size): a set for each agent, or one."""
        return self._learned.parameters

    @property
    def updates(self) -> int:
        """Number of updates that are complete."""
        return self._learned.updates

    def rollout(self) -> Rollout:
        """Let all agents act in all markets for ``num_steps`` hours."""
        markets, model = self._markets, self._markets.model
        rows = self.num_steps, markets.num_envs, model.agents
        noise = self._random(NOISE, self.updates).standard_normal((*rows, ACTIONS), np.float32)
        log_std = self.shape.split(self.parameters).log_std
        spread = np.exp(log_std)
        observations = np.empty((*rows, model.features), np.float32)
        actions = np.empty((*rows, ACTIONS), np.float32)
        rewards, dispatch = np.empty(rows), np.empty(rows)
        prices, ended = np.empty(rows[:2]), np.empty(rows[:2], bool)
        final_values = np.zeros(rows, np.float32)
        seen = markets.observations
        for hour in range(self.num_steps):
            observations[hour] = seen
            actions[hour] = self.policy(observations[hour]) + spread * noise[hour]
            asked = squash(actions[hour])
            start = time.perf_counter()
            seen, rewards[hour], _, ended[hour], infos = markets.step(asked)
            self.seconds_stepping += time.perf_counter() - start
            prices[hour], dispatch[hour] = infos["price"], infos["dispatch"]
            if ended[hour].any():
                final = self._critic(infos["final_obs"][ended[hour]])
                final_values[hour, ended[hour]] = final[..., 0]
        return Rollout(
            observations,
            actions,
            -(noise**2 / 2 + log_std + LOG_ROOT).sum(axis=3),
            rewards,
            self._critic(observations)[..., 0],
            self._critic(seen)[..., 0],
            ended,
            final_values,
            prices,
            dispatch,
        )

    def update(self, batch: Rollout) -> Losses:
        """Improve all networks by a rollout; rewards may have been changed before.

        Returns
        -------
        Losses
            Means over the update; arrays with a value for each agent, or one if all share.

        Raises
        ------
        ValueError
            A value is not finite, and the message names where it is: the last index of rewards is
            the agent. Nothing has changed then.
        """
        samples = self.samples(batch)
        number = len(samples.returns)
        rng = self._random(SHUFFLES, self.updates)
        order = np.array([rng.permutation(number) for _ in range(self.update_epochs)], np.uint32)
        before = self._learned
        # Copies: an interrupted update changes nothing.
        parameters, moments = before.parameters.copy(), before.moments.copy()
        given = self.shape, parameters, moments, before.steps, samples, order, self.settings
        losses = UPDATES[self.backend](*given, self._threads)
        require("parameters", parameters, np.isfinite(parameters), "finite")
        steps = self.update_epochs * -(-number // self.settings.minibatch_size)
        self._learned = Learned(parameters, moments, before.steps + steps, before.updates + 1)
        self._rebuild()
        return losses

    def samples(self, batch: Rollout) -> Samples:
        """Check a rollout, and sort it by sets of networks: what an update learns from."""
        agents = self._markets.model.agents
        rows = (*batch.ended.shape, agents)
        shapes = {
            "observations": (*rows, self.shape.inputs),
            "actions": (*rows, ACTIONS),
            "last_values": rows[1:],
        }
        given = {}
        for name in ("observations", "actions", "log_probs", "rewards", "values", "last_values"):
            shape = shapes.get(name, rows)
            given[name] = check_array(name, getattr(batch, name), np.float32, shape=shape)
            require(name, given[name], np.isfinite(given[name]), "finite")
        advantages, returns = compute_gae(
            given["rewards"],
            given["values"],
            given["last_values"],
            batch.ended,
            batch.final_values,
            self.gamma,
            self.gae_lambda,
        )
        require("advantages", advantages, np.abs(advantages) < np.finfo(np.float32).max, "finite")
        learned = given["observations"], given["actions"], given["log_probs"], advantages, returns
        sets = len(self.parameters)
        return Samples(
            *(values.astype(np.float32).reshape(-1, sets, *values.shape[3:]) for values in learned)
        )

    def evaluate(self, markets: int = 64, seed: int = EVALUATION_SEED) -> Evaluation:
        """Let the actors bid for an episode, with the mean of their actions, in other markets.

        Parameters
        ----------
        markets : int
            Number of markets; >= 1.
        seed : int
            Seed of their noise.
        """

        def act(observations: Float64Array) -> Float64Array:
            return squash(self.policy(observations))

        return evaluate(act, self._markets.model.system, self._rules, markets, seed)

    def save(self, path: Path | str) -> None:
        """Write a checkpoint, whole or not at all; a learner that loads it goes on as this one."""
        save_checkpoint(
            path,
            FORMAT,
            self._markets.model,
            **self._learned._asdict(),
            seed=self.seed,
            state=self._markets.state.words,
        )

    def load(self, path: Path | str) -> None:
        """Take over a checkpoint of a learner with the same system, rules, networks and markets.

        Raises
        ------
        FileNotFoundError
            There is no such file.
        ValueError
            The file is not such a checkpoint, or damaged; nothing has changed then.
        """
        with load_checkpoint(path, FORMAT, self._markets.model) as kept:
            for name in ("parameters", "moments"):
                here = getattr(self._learned, name)
                kept[name] = check_array(name, kept[name], np.float32, shape=here.shape)
                require(name, kept[name], np.isfinite(kept[name]), "finite")
            require("moments", kept["moments"][1], kept["moments"][1] >= 0, ">= 0")
            steps = check_integer("steps", kept["steps"][()], 0)
            updates = check_integer("updates", kept["updates"][()], 0)
            seed = check_seed(kept["seed"][()])
            # The last check, since it changes the markets.
            self._markets.state = EnvState(kept["state"])
        self._learned = Learned(kept["parameters"], kept["moments"], steps, updates)
        self.seed = seed
        self._rebuild()

    def _rebuild(self) -> None:
        """Give the parameters to the networks that act and judge."""
        actor, critic = self._layers()
        self.policy.assign(*actor)
        self._critic.assign(*critic)

    def _layers(self) -> list[tuple[list[Floats], list[Floats]]]:
        """Weights and biases of actor and critic; those that all share have no axis of agents."""
        networks = self.shape.split(self.parameters)
        own = 0 if self.shared else ...
        return [
            ([layer.weights[own] for layer in layers], [layer.biases[own] for layer in layers])
            for layers in (networks.actor, networks.critic)
        ]

    def _random(self, stream: int, number: int) -> np.random.Generator:
        """Random numbers that depend on the seed, the stream and a number, and on nothing else."""
        key = np.array([self.seed, stream], np.uint64)
        counter = np.array([0, 0, number, 0], np.uint64)
        return np.random.Generator(np.random.Philox(key=key, counter=counter))
