"""The networks that PPO trains: an actor, the spread of its actions, and a critic."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from market_py.learning.arrays import Float32Array, Floats
from market_py.learning.policy import Activation


class Layer(NamedTuple):
    """A dense layer of some sets of networks."""

    weights: Floats
    """Shape (sets, outputs, inputs)."""
    biases: Floats
    """Shape (sets, outputs)."""


class Networks(NamedTuple):
    """Views of the parameters of some sets of networks."""

    actor: list[Layer]
    log_std: Floats
    """Logarithms of the standard deviations of the actions, shape (sets, actions)."""
    critic: list[Layer]


@dataclass(frozen=True)
class Shape:
    """Sizes of the networks of an agent.

    Actor and critic have the same hidden layers. All parameters lie in one vector: those of the
    actor, layer by layer, weights before biases; the logarithms of the standard deviations; then
    those of the critic.

    Parameters
    ----------
    inputs : int
        Values of an observation.
    hidden : tuple of int
        Outputs of the hidden layers.
    actions : int
        Values of an action.
    activation : {"tanh", "relu"}
        Function between the layers.
    """

    inputs: int
    hidden: tuple[int, ...]
    actions: int
    activation: Activation = "tanh"

    @property
    def size(self) -> int:
        """Number of parameters."""
        hidden = (self.inputs, *self.hidden)
        shared = 2 * sum((before + 1) * after for before, after in pairwise(hidden))
        return shared + (hidden[-1] + 1) * (self.actions + 1) + self.actions

    def split(self, parameters: Floats) -> Networks:
        """Return views of parameters of shape (sets, size)."""
        start = 0

        def take(*shape: int) -> Floats:
            nonlocal start
            first, start = start, start + int(np.prod(shape))
            return parameters[:, first:start].reshape(len(parameters), *shape)

        def network(outputs: int) -> list[Layer]:
            sizes = pairwise((self.inputs, *self.hidden, outputs))
            return [Layer(take(after, before), take(after)) for before, after in sizes]

        return Networks(network(self.actions), take(self.actions), network(1))

    def draw(self, sets: int, rng: np.random.Generator) -> Float32Array:
        """Draw first parameters of shape (sets, size), as is usual for PPO.

        Weights are orthogonal, biases zero. The last layer of the actor is small, so that the first
        actions are alike whatever is observed; their standard deviation is one. (M. Andrychowicz et
        al., "What matters in on-policy reinforcement learning?", ICLR 2021.)
        """
        parameters = np.zeros((sets, self.size), np.float32)
        networks = self.split(parameters)
        for layers, last in ((networks.actor, 0.01), (networks.critic, 1.0)):
            for layer in layers:
                gain = last if layer is layers[-1] else np.sqrt(2.0)
                for weights in layer.weights:
                    weights[...] = gain * _orthogonal(weights.shape, rng)
        return parameters


def _orthogonal(shape: tuple[int, ...], rng: np.random.Generator) -> Floats:
    """Draw a matrix with orthogonal rows or columns, whichever are fewer."""
    rows, columns = shape
    drawn = rng.standard_normal((max(shape), min(shape)))
    orthogonal, triangle = np.linalg.qr(drawn)
    # The decomposition is unique only with positive signs; then all matrices are equally likely.
    orthogonal *= np.sign(np.diag(triangle))
    return orthogonal if rows >= columns else orthogonal.T
