"""Other libraries that replay buffers, policies and updates of this project are compared with.

Each library is used as its documentation says, and buffers are filled in the fastest way that it
offers. The extra ``alternatives`` installs the libraries; those that are missing are left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from importlib.util import find_spec
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from market_py.learning.actor_critic import Layer, Shape
from market_py.learning.arrays import Float32Array
from market_py.learning.numpy_ppo import EPSILON, LOG_ROOT, NORM_EPSILON, SPREAD_EPSILON, Samples
from market_py.learning.numpy_ppo import Settings as PPOSettings

ALPHA, BETA = 0.6, 0.4
"""Exponents of the priorities and of the importance weights (Schaul et al. 2016)."""


class Transitions(NamedTuple):
    """What every buffer is filled with, one transition per row."""

    observations: Float32Array
    actions: Float32Array
    rewards: Float32Array
    next_observations: Float32Array
    done: NDArray[np.bool_]


Draw = Callable[[int], tuple[Any, ...]]
"""Draws so many transitions, in the order of the parts of `Transitions`."""
Buffer = tuple[Draw, Callable[..., object]]
"""How to draw, and how to update priorities by index."""


def has(module: str) -> bool:
    """Say whether an alternative is installed."""
    return find_spec(module) is not None


def buffers(transitions: Transitions, prioritised: bool) -> dict[str, Buffer]:
    """Fill the alternatives to our replay buffer, by name; NumPy's and SB3's draw uniformly."""
    make = {"cpprb": _cpprb, "tianshou": _tianshou, "numpy-take": _numpy_take, "sb3": _sb3}
    modules = {"numpy-take": "numpy", "sb3": "stable_baselines3"}
    # The first candidate is the one that others are compared with.
    order = ("tianshou", "cpprb") if prioritised else ("numpy-take", "sb3", "cpprb", "tianshou")
    return {
        name: make[name](transitions, prioritised) for name in order if has(modules.get(name, name))
    }


def _no_priorities(*_: object) -> None:
    raise TypeError("this buffer has no priorities")


def _numpy_take(transitions: Transitions, prioritised: bool) -> Buffer:
    """Draw as one writes it without a library."""
    rng = np.random.default_rng(0)
    parts = [part.copy() for part in transitions]

    def draw(number: int) -> tuple[Any, ...]:
        indices = rng.integers(0, len(parts[0]), number)
        return tuple(part.take(indices, axis=0) for part in parts)

    return draw, _no_priorities


def _sb3(transitions: Transitions, prioritised: bool) -> Buffer:
    from gymnasium.spaces import Box
    from stable_baselines3.common.buffers import ReplayBuffer

    boxes = [Box(-1, 1, part.shape[1:]) for part in transitions[:2]]
    buffer = ReplayBuffer(len(transitions.rewards), *boxes, device="cpu")
    names = "observations", "actions", "rewards", "next_observations", "dones"
    for part, name in zip(transitions, names, strict=True):
        getattr(buffer, name)[:, 0] = part
    buffer.full = True

    def draw(number: int) -> tuple[Any, ...]:
        drawn = buffer.sample(number)
        parts = drawn.observations, drawn.actions, drawn.rewards[:, 0], drawn.next_observations
        return *parts, drawn.dones[:, 0]

    return draw, _no_priorities


def _cpprb(transitions: Transitions, prioritised: bool) -> Buffer:
    import cpprb

    names = "obs", "act", "rew", "next_obs", "done"
    parts = dict(zip(names, transitions, strict=True))
    layout = {name: {"shape": part.shape[1:] or 1} for name, part in parts.items()}
    size = len(transitions.rewards)
    if prioritised:
        buffer = cpprb.PrioritizedReplayBuffer(size, layout, alpha=ALPHA)
        sample, update = partial(buffer.sample, beta=BETA), buffer.update_priorities
    else:
        buffer = cpprb.ReplayBuffer(size, layout)
        sample, update = buffer.sample, _no_priorities
    buffer.add(**parts)

    def draw(number: int) -> tuple[Any, ...]:
        drawn = sample(number)
        columns = drawn["rew"][:, 0], drawn["next_obs"], drawn["done"][:, 0]
        return drawn["obs"], drawn["act"], *columns

    return draw, update


def _tianshou(transitions: Transitions, prioritised: bool) -> Buffer:
    from tianshou.data import Batch, PrioritizedReplayBuffer, ReplayBuffer

    observations, actions, rewards, next_observations, done = (part.copy() for part in transitions)
    size = len(rewards)
    buffer = (
        PrioritizedReplayBuffer(size, alpha=ALPHA, beta=BETA) if prioritised else ReplayBuffer(size)
    )
    stored = Batch(obs=observations, act=actions, rew=rewards, obs_next=next_observations)
    stored.update(terminated=done, truncated=np.zeros_like(done), done=done.copy())
    buffer.set_batch(stored)
    buffer._size = size  # As its own `from_data` does.
    if prioritised:
        buffer.init_weight(np.arange(size))

    def draw(number: int) -> tuple[Any, ...]:
        drawn, _ = buffer.sample(number)
        return drawn.obs, drawn.act, drawn.rew, drawn.obs_next, drawn.done

    return draw, buffer.update_weight if prioritised else _no_priorities


Layers = tuple[list[Float32Array], list[Float32Array]]
"""Weights of shape (outputs, inputs), and biases of shape (outputs,), of each layer."""


def policies(layers: Layers, rows: int) -> Iterator[tuple[str, Callable[[Float32Array], Any]]]:
    """Yield the alternatives to our inference by name, all with tanh between the layers.

    The `predict` of Stable-Baselines3 is timed for one row only, as when an agent acts.
    """
    if has("numba"):
        from market_py.benchmark.numba_policy import answer

        weights = tuple(np.ascontiguousarray(weight.T) for weight in layers[0])
        biases = tuple(layers[1])
        yield "numba", lambda observations: answer(observations, weights, biases)
    if has("torch"):
        yield "torch", _torch(layers)
    if has("stable_baselines3") and rows == 1:
        yield "sb3 predict", _sb3_predict(layers)


def _torch_network(layers: Layers) -> Any:
    import torch

    modules: list[Any] = []
    for weight, bias in zip(*layers, strict=True):
        linear = torch.nn.Linear(weight.shape[1], weight.shape[0])
        linear.load_state_dict({"weight": torch.tensor(weight), "bias": torch.tensor(bias)})
        modules += [linear, torch.nn.Tanh()]
    return torch.nn.Sequential(*modules[:-1])


def _torch(layers: Layers) -> Callable[[Float32Array], Any]:
    import torch

    network = _torch_network(layers)

    def answer(observations: Float32Array) -> Any:
        with torch.inference_mode():
            return network(torch.from_numpy(observations)).numpy()

    return answer


def _sb3_predict(layers: Layers) -> Callable[[Float32Array], Any]:
    from gymnasium.spaces import Box
    from stable_baselines3.common.policies import ActorCriticPolicy

    inputs, outputs = layers[0][0].shape[1], layers[0][-1].shape[0]
    hidden = [len(bias) for bias in layers[1][:-1]]
    spaces: list[Any] = [Box(-100, 100, (size,)) for size in (inputs, outputs)]
    policy = ActorCriticPolicy(*spaces, lambda _: 0.0, net_arch={"pi": hidden, "vf": hidden})
    ours = _torch_network(layers).state_dict()
    last = 2 * len(hidden)
    state = policy.state_dict()
    for name in ("weight", "bias"):
        for depth in range(0, last, 2):
            state[f"mlp_extractor.policy_net.{depth}.{name}"] = ours[f"{depth}.{name}"]
        state[f"action_net.{name}"] = ours[f"{last}.{name}"]
    policy.load_state_dict(state)
    return lambda observations: policy.predict(observations, deterministic=True)[0]


def ppo_update(shape: Shape, settings: PPOSettings) -> Callable[..., Float32Array]:
    """Make an update of PPO by PyTorch's differentiation and its Adam, on one thread.

    It takes parameters, samples and their order, as `market_py.learning.numpy_ppo.update`, and
    returns how the parameters change. The networks of all agents are multiplied together.
    """
    import torch

    def learn(before: Float32Array, samples: Samples, order: NDArray[np.uint32]) -> Float32Array:
        parameters = torch.tensor(before, requires_grad=True)
        adam = torch.optim.Adam([parameters], settings.learning_rate, eps=EPSILON)
        parts = [torch.from_numpy(part).swapaxes(0, 1).contiguous() for part in samples]
        for indices in torch.from_numpy(order.astype(np.int64)):
            for chosen in indices.split(settings.minibatch_size):
                minibatch = Samples(*(part[:, chosen] for part in parts))
                adam.zero_grad()
                _ppo_loss(torch, shape, parameters, minibatch, settings).backward()
                gradient = parameters.grad
                norms = gradient.norm(dim=1, keepdim=True)
                gradient *= (settings.max_grad_norm / (norms + NORM_EPSILON)).clamp(max=1)
                adam.step()
        change: Float32Array = parameters.detach().numpy() - before
        return change

    def on_one_thread(*arguments: Any) -> Float32Array:
        threads = torch.get_num_threads()
        torch.set_num_threads(1)
        try:
            return learn(*arguments)
        finally:
            torch.set_num_threads(threads)

    return on_one_thread


def _ppo_loss(
    torch: Any, shape: Shape, parameters: Any, samples: Samples, settings: PPOSettings
) -> Any:
    """Return the sum of the losses of all sets of networks."""

    def answer(layers: list[Layer], values: Any) -> Any:
        for layer in layers:
            values = torch.baddbmm(layer.biases[:, None, :], values, layer.weights.mT)
            if layer is not layers[-1]:
                values = torch.tanh(values) if shape.activation == "tanh" else torch.relu(values)
        return values

    networks = shape.split(parameters)
    log_std: Any = networks.log_std[:, None, :]
    distances = (samples.actions - answer(networks.actor, samples.observations)) * (-log_std).exp()
    log_probs = -(distances**2 / 2 + log_std + LOG_ROOT).sum(dim=2)
    ratios = (log_probs - samples.log_probs).exp()
    given: Any = samples.advantages
    spread, mean = torch.std_mean(given, dim=1, correction=0, keepdim=True)
    advantages = (given - mean) / (spread + SPREAD_EPSILON)
    low, high = 1 - settings.clip_coef, 1 + settings.clip_coef
    policy = torch.maximum(-advantages * ratios, -advantages * ratios.clamp(low, high))
    errors = answer(networks.critic, samples.observations)[:, :, 0] - samples.returns
    entropy = (log_std + LOG_ROOT + 0.5).sum()
    value = (errors**2 / 2).mean(dim=1).sum()
    return policy.mean(dim=1).sum() + settings.vf_coef * value - settings.ent_coef * entropy
