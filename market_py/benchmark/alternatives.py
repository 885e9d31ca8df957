"""Alternatives to the replay buffer and policies of this project; extra ``alternatives``.

Each is used as its documentation says, filled by the quickest way that it offers, and asked for the
same work. Those that are not installed do not race.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib.util import find_spec
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from market_py.learning.arrays import Float32Array

ALPHA, BETA = 0.6, 0.4
"""Exponents of the priorities, and of what makes up for them."""


class Transitions(NamedTuple):
    """What every buffer is filled with: a row each."""

    observations: Float32Array
    actions: Float32Array
    rewards: Float32Array
    next_observations: Float32Array
    done: NDArray[np.bool_]


Draw = Callable[[int], tuple[Any, Any, Any, Any, Any]]
"""Draws so many transitions, in the order of the parts of `Transitions`."""
Update = Callable[[NDArray[np.int64], NDArray[np.float64]], object]
"""Changes the priorities of some."""


def has(module: str) -> bool:
    """Whether a other is installed."""
    return find_spec(module) is not None


def uniform(transitions: Transitions) -> Iterator[tuple[str, Draw]]:
    """Make the alternatives in uniform draws, by name; `numpy-take` first."""
    yield "numpy-take", _numpy_take(transitions)
    for module, name, make in (
        ("stable_baselines3", "sb3", _sb3),
        ("cpprb", "cpprb", _cpprb),
        ("tianshou", "tianshou", _tianshou),
    ):
        if has(module):
            yield name, make(transitions)


def prioritised(transitions: Transitions) -> Iterator[tuple[str, Draw, Update]]:
    """Make the alternatives in draws by priority, by name."""
    for module, name, make in (
        ("tianshou", "tianshou", _tianshou_prioritised),
        ("cpprb", "cpprb", _cpprb_prioritised),
    ):
        if has(module):
            yield name, *make(transitions)


def _numpy_take(transitions: Transitions) -> Draw:
    """What one writes without a library."""
    rng = np.random.default_rng(0)
    parts = [part.copy() for part in transitions]

    def draw(number: int) -> tuple[Any, ...]:
        indices = rng.integers(0, len(parts[0]), number)
        return tuple(part.take(indices, axis=0) for part in parts)

    return draw


def _sb3(transitions: Transitions) -> Draw:
    from gymnasium.spaces import Box
    from stable_baselines3.common.buffers import ReplayBuffer

    boxes = [Box(-1, 1, part.shape[1:]) for part in transitions[:2]]
    buffer = ReplayBuffer(len(transitions.rewards), *boxes, device="cpu")
    for part, name in zip(transitions, ("observations", "actions", "rewards"), strict=False):
        getattr(buffer, name)[:, 0] = part
    buffer.next_observations[:, 0] = transitions.next_observations
    buffer.dones[:, 0] = transitions.done
    buffer.full = True

    def draw(number: int) -> tuple[Any, ...]:
        drawn = buffer.sample(number)
        parts = drawn.observations, drawn.actions, drawn.rewards[:, 0], drawn.next_observations
        return *parts, drawn.dones[:, 0]

    return draw


def _cpprb_layout(transitions: Transitions) -> dict[str, dict[str, int]]:
    observation, action = (part.shape[1] for part in transitions[:2])
    sizes = {"obs": {"shape": observation}, "act": {"shape": action}, "rew": {}}
    return {**sizes, "next_obs": {"shape": observation}, "done": {}}


def _cpprb_fill(buffer: Any, transitions: Transitions) -> None:
    names = "obs", "act", "rew", "next_obs", "done"
    buffer.add(**dict(zip(names, transitions, strict=True)))


def _cpprb_parts(drawn: dict[str, Any]) -> tuple[Any, ...]:
    columns = drawn["rew"][:, 0], drawn["next_obs"], drawn["done"][:, 0]
    return drawn["obs"], drawn["act"], *columns


def _cpprb(transitions: Transitions) -> Draw:
    from cpprb import ReplayBuffer

    buffer = ReplayBuffer(len(transitions.rewards), _cpprb_layout(transitions))
    _cpprb_fill(buffer, transitions)
    return lambda number: _cpprb_parts(buffer.sample(number))


def _cpprb_prioritised(transitions: Transitions) -> tuple[Draw, Update]:
    from cpprb import PrioritizedReplayBuffer

    size, layout = len(transitions.rewards), _cpprb_layout(transitions)
    buffer = PrioritizedReplayBuffer(size, layout, alpha=ALPHA)
    _cpprb_fill(buffer, transitions)
    return lambda number: _cpprb_parts(buffer.sample(number, beta=BETA)), buffer.update_priorities


def _tianshou_fill(buffer: Any, transitions: Transitions) -> None:
    from tianshou.data import Batch

    observations, actions, rewards, next_observations, done = (part.copy() for part in transitions)
    buffer.set_batch(
        Batch(
            obs=observations,
            act=actions,
            rew=rewards,
            obs_next=next_observations,
            terminated=done,
            truncated=np.zeros_like(done),
            done=done.copy(),
        )
    )
    buffer._size = len(rewards)  # As its own `from_data` does.


def _tianshou_draw(buffer: Any) -> Draw:
    def draw(number: int) -> tuple[Any, ...]:
        drawn, _ = buffer.sample(number)
        return drawn.obs, drawn.act, drawn.rew, drawn.obs_next, drawn.done

    return draw


def _tianshou(transitions: Transitions) -> Draw:
    from tianshou.data import ReplayBuffer

    buffer = ReplayBuffer(len(transitions.rewards))
    _tianshou_fill(buffer, transitions)
    return _tianshou_draw(buffer)


def _tianshou_prioritised(transitions: Transitions) -> tuple[Draw, Update]:
    from tianshou.data import PrioritizedReplayBuffer

    buffer = PrioritizedReplayBuffer(len(transitions.rewards), alpha=ALPHA, beta=BETA)
    _tianshou_fill(buffer, transitions)
    buffer.init_weight(np.arange(len(transitions.rewards)))
    return _tianshou_draw(buffer), buffer.update_weight


Answer = Callable[[Float32Array], Any]
Layers = tuple[list[Float32Array], list[Float32Array]]
"""Weights, (outputs, inputs) each, and biases."""


def policies(layers: Layers, rows: int) -> Iterator[tuple[str, Answer]]:
    """Make the alternatives in inference, tanh between the layers, by name.

    The `predict` of Stable-Baselines3 is asked for one row only, as it is when an agent acts.
    """
    if has("numba"):
        yield "numba", _numba(layers)
    if has("torch"):
        yield "torch", _torch(layers)
    if has("stable_baselines3") and rows == 1:
        yield "sb3 predict", _sb3_predict(layers)


def _numba(layers: Layers) -> Answer:
    """Loops over rows, with a tanh that is vectorised."""
    from market_py.benchmark.numba_policy import answer

    weights = tuple(np.ascontiguousarray(weight.T) for weight in layers[0])
    biases = tuple(layers[1])
    return lambda observations: answer(observations, weights, biases)


def _torch_network(layers: Layers) -> Any:
    import torch

    modules: list[Any] = []
    for weight, bias in zip(*layers, strict=True):
        linear = torch.nn.Linear(weight.shape[1], weight.shape[0])
        linear.load_state_dict({"weight": torch.tensor(weight), "bias": torch.tensor(bias)})
        modules += [linear, torch.nn.Tanh()]
    return torch.nn.Sequential(*modules[:-1])


def _torch(layers: Layers) -> Answer:
    import torch

    network = _torch_network(layers)

    def answer(observations: Float32Array) -> Any:
        with torch.inference_mode():
            return network(torch.from_numpy(observations)).numpy()

    return answer


def _sb3_predict(layers: Layers) -> Answer:
    import gymnasium
    from gymnasium.spaces import Box
    from stable_baselines3.common.policies import ActorCriticPolicy

    inputs, outputs = layers[0][0].shape[1], layers[0][-1].shape[0]
    hidden = [len(bias) for bias in layers[1][:-1]]
    spaces: list[gymnasium.spaces.Box] = [Box(-100, 100, (size,)) for size in (inputs, outputs)]
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
