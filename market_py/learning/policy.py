"""Neural network policies: compute the actions of all agents of all markets in one call."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import partial
from itertools import pairwise
from typing import Any, Literal, SupportsIndex

import numpy as np
from numpy.typing import ArrayLike, NDArray

from market_py import extension
from market_py.learning.arrays import Float32Array, require
from market_py.learning.replay import chosen_backend
from market_py.validation import check_array, check_integer, check_threads

Activation = Literal["tanh", "relu"]


class MLPPolicy:
    """Dense layers in single precision with tanh or ReLU between them.

    For weights as training yields them, answers are within ``1e-5 * max(1, |answer|)`` of those of
    double precision. The policy can be pickled and copied.

    Parameters
    ----------
    weights : sequence of array_like
        Weights of each layer, shape (outputs, inputs) as in PyTorch. With shape (N, outputs,
        inputs) each of N agents has a network of its own.
    biases : sequence of array_like
        Biases of each layer, shape (outputs,) or (N, outputs).
    activation : {"tanh", "relu"}
        Function between the layers; the last layer has none.
    backend : str, optional
        "rust" or "numpy"; by default the fastest one that is installed.
    threads : int, optional
        Largest number of threads that work if the backend is Rust; by default the number of cores.
        The answers do not depend on it.

    Raises
    ------
    TypeError, ValueError
        Layers do not fit together, or a value is not finite as a float32.

    Examples
    --------
    >>> policy = MLPPolicy([np.ones((3, 4)), np.ones((2, 3))], [np.zeros(3), np.zeros(2)])
    >>> policy(np.zeros((5, 4))).shape
    (5, 2)
    """

    def __init__(
        self,
        weights: Sequence[ArrayLike],
        biases: Sequence[ArrayLike],
        *,
        activation: Activation = "tanh",
        backend: str | None = None,
        threads: SupportsIndex | None = None,
    ) -> None:
        if activation not in ("tanh", "relu"):
            raise ValueError(f"activation = {activation!r}: must be 'tanh' or 'relu'")
        self.activation = activation
        self.backend = chosen_backend(backend)
        self._threads = check_threads(threads)
        self.weights, self.biases = _check_layers(weights, biases)
        self._build()

    def assign(self, weights: Sequence[ArrayLike], biases: Sequence[ArrayLike]) -> None:
        """Replace the weights and biases by others of the same shapes, as training does.

        Raises
        ------
        TypeError, ValueError
            As for the class, or a shape differs; nothing has changed then.
        """
        matrices, vectors = _check_layers(weights, biases)
        expected, got = ([layer.shape for layer in own] for own in (self.weights, matrices))
        if got != expected:
            raise ValueError(f"weights: must have shapes {expected}, got {got}")
        self.weights, self.biases = matrices, vectors
        self._build()

    def _build(self) -> None:
        first, last = self.weights[0], self.weights[-1]
        self.agents = first.shape[0] if first.ndim == 3 else None
        self.inputs, self.outputs = first.shape[-1], last.shape[-2]
        self._own = (self.inputs,) if self.agents is None else (self.agents, self.inputs)
        self._network: NumPyNetwork
        if self.backend == "rust":
            self._network = extension.load().MLP(
                self.weights, self.biases, agents=self.agents or 1, relu=self.activation == "relu"
            )
        else:
            self._network = NumPyNetwork(self.weights, self.biases, self.activation)

    def __reduce__(self) -> tuple[Any, ...]:
        # A copy builds its network again: the extension's cannot be pickled.
        make = partial(
            type(self), activation=self.activation, backend=self.backend, threads=self._threads
        )
        return make, (self.weights, self.biases)

    @classmethod
    def from_state_dict(cls, state: Mapping[str, Any], **options: Any) -> MLPPolicy:
        """Make a policy of the layers of a `torch.nn.Sequential`, in the order of their numbers.

        Parameters
        ----------
        state : mapping
            Maps names such as "0.weight" and "0.bias" to tensors or arrays. All names may begin
            with the same prefix. If the mapping has several networks, as Stable-Baselines3's has,
            pass the part of one.
        **options
            As for `MLPPolicy`.

        Raises
        ------
        ValueError
            A name has another form, there are several networks, or a layer lacks its weight or its
            bias.
        """
        layers: dict[tuple[int, ...], dict[str, Any]] = {}
        prefixes: dict[str, None] = {}
        for name, values in state.items():
            found = re.fullmatch(r"((?:.*?\.)?)(\d+(?:\.\d+)*)\.(weight|bias)", name)
            if not found:
                raise ValueError(f"state[{name!r}]: is not the weight or the bias of a layer")
            prefixes[found[1]] = None
            number = tuple(map(int, found[2].split(".")))
            layers.setdefault(number, {})[found[3]] = _to_array(values)
        if len(prefixes) > 1:
            raise ValueError(
                f"state: holds layers of {' and of '.join(map(repr, prefixes))}: "
                "pass only the part of the dict that is wanted"
            )
        ordered = [layers[number] for number in sorted(layers)]
        for number in sorted(layers):
            if len(layers[number]) != 2:
                name = f"{''.join(prefixes)}{'.'.join(map(str, number))}"
                raise ValueError(f"state: the layer {name!r} has only {[*layers[number]]}")
        return cls(
            [layer["weight"] for layer in ordered], [layer["bias"] for layer in ordered], **options
        )

    def state_dict(self, agent: SupportsIndex | None = None) -> dict[str, Float32Array]:
        """Return copies of the layers, named as those of a `torch.nn.Sequential`.

        There, the function between the layers has a number too, so that the layers are 0, 2, and so
        on. ``from_state_dict`` reads this, and so does ``load_state_dict`` of PyTorch after
        ``torch.from_numpy``.

        Parameters
        ----------
        agent : int, optional
            The agent whose network it is, if each has its own.
        """
        if self.agents is None and agent is not None:
            raise ValueError(f"agent = {agent!r}: all agents share the network")
        if self.agents is not None:
            agent = check_integer("agent", agent, 0, self.agents - 1)
        state: dict[str, Float32Array] = {}
        for at, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            state[f"{2 * at}.weight"] = (weight if agent is None else weight[agent]).copy()
            state[f"{2 * at}.bias"] = (bias if agent is None else bias[agent]).copy()
        return state

    def __call__(self, observations: ArrayLike) -> Float32Array:
        """Compute the answers to observations.

        Parameters
        ----------
        observations : array_like, shape (..., inputs)
            Real numbers that are finite as a float32. If each agent has its own network, the shape
            is (..., N, inputs).

        Returns
        -------
        ndarray of float32, shape (..., outputs)
        """
        given = check_array("observations", observations, np.float32)
        shape = given.shape
        if shape[-len(self._own) :] != self._own:
            expected = ", ".join(map(str, self._own))
            raise ValueError(f"observations: must have shape (..., {expected}), got {shape}")
        answers = np.empty((*shape[:-1], self.outputs), np.float32)
        self._network.answer(given, answers, self._threads)
        return answers


class NumPyNetwork:
    """Dense layers as matrix products."""

    def __init__(
        self, weights: list[Float32Array], biases: list[Float32Array], activation: Activation
    ) -> None:
        self._layers = [
            (np.ascontiguousarray(np.swapaxes(weight, -1, -2)), bias[..., None, :])
            for weight, bias in zip(weights, biases, strict=True)
        ]
        self._own = weights[0].ndim == 3
        self._activation = activation

    def answer(self, observations: Float32Array, answers: Float32Array, threads: int) -> None:
        """Fill answers, shape (..., outputs), to finite observations, shape (..., inputs).

        NumPy's BLAS chooses its number of threads itself.
        """
        require("observations", observations, np.isfinite(observations), "finite")
        rows = observations.shape[-2:] if self._own else observations.shape[-1:]
        values = observations.reshape(-1, *rows)
        if self._own:  # The agents' axis first: `@` then multiplies agent by agent.
            values = values.swapaxes(0, 1)
        for depth, (weight, bias) in enumerate(self._layers):
            if depth and self._activation == "tanh":
                np.tanh(values, out=values)
            elif depth:
                np.maximum(values, 0, out=values)
            values = values @ weight
            values += bias if self._own else bias[0]
        answers[...] = (values.swapaxes(0, 1) if self._own else values).reshape(answers.shape)


def _check_layers(
    weights: Sequence[ArrayLike], biases: Sequence[ArrayLike]
) -> tuple[list[Float32Array], list[Float32Array]]:
    """Check that layers follow each other."""
    if len(weights) != len(biases) or not len(weights):
        raise ValueError(
            f"biases: must be as many as weights and at least one, "
            f"got {len(biases)} and {len(weights)}"
        )
    matrices = [_layer(f"weights[{at}]", layer, (2, 3)) for at, layer in enumerate(weights)]
    vectors = [_layer(f"biases[{at}]", layer, (1, 2)) for at, layer in enumerate(biases)]
    for at, (matrix, vector) in enumerate(zip(matrices, vectors, strict=True)):
        if vector.shape != matrix.shape[:-1]:
            raise ValueError(
                f"biases[{at}]: must have shape {matrix.shape[:-1]} like the weights, "
                f"got {vector.shape}"
            )
    for at, (before, after) in enumerate(pairwise(matrices), start=1):
        if after.shape[:-2] != before.shape[:-2] or after.shape[-1] != before.shape[-2]:
            wanted = (*before.shape[:-2], after.shape[-2], before.shape[-2])
            raise ValueError(f"weights[{at}]: must have shape {wanted}, got {after.shape}")
    return matrices, vectors


def _layer(name: str, values: ArrayLike, axes: tuple[int, int]) -> Float32Array:
    array = check_array(name, values, np.float32)
    if array.ndim not in axes or not array.size:
        raise ValueError(f"{name}: must have {axes[0]} or {axes[1]} axes, got shape {array.shape}")
    require(name, array, np.isfinite(array), "finite")
    return array


def _to_array(values: Any) -> NDArray[Any]:
    """Convert a tensor to an array without importing torch."""
    for step in ("detach", "cpu", "numpy"):
        values = getattr(values, step)() if hasattr(values, step) else values
    return np.asanyarray(values)
