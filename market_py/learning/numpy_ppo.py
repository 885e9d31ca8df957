"""Proximal policy optimization in NumPy: the loss, its gradient, and Adam.

J. Schulman, F. Wolski, P. Dhariwal, A. Radford, O. Klimov, "Proximal policy optimization
algorithms" (2017); D. P. Kingma, J. Ba, "Adam: a method for stochastic optimization" (ICLR 2015).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from market_py.learning.actor_critic import Layer, Shape
from market_py.learning.arrays import Floats
from market_py.learning.policy import Activation

DECAYS = 0.9, 0.999
"""Decay rates of Adam's two moments (Kingma and Ba)."""
EPSILON = 1e-5
"""Avoids a division by zero in Adam's step; the value that implementations of PPO use."""
NORM_EPSILON = 1e-6
"""Added to the norm of a gradient, as PyTorch does."""
LOG_ROOT = math.log(2 * math.pi) / 2
"""Part of the logarithm of a normal density: that of the root of 2 pi."""
SPREAD_EPSILON = 1e-8
"""Added to the standard deviation of advantages."""


class Settings(NamedTuple):
    """What an update aims at, and how fast it goes; see `market_py.learning.PPO`."""

    learning_rate: float
    clip_coef: float
    vf_coef: float
    ent_coef: float
    max_grad_norm: float
    minibatch_size: int


class Samples(NamedTuple):
    """What agents saw, did and got, for each set of networks."""

    observations: Floats
    """Shape (samples, sets, inputs)."""
    actions: Floats
    """Actions before they are squashed, shape (samples, sets, actions)."""
    log_probs: Floats
    """Logarithms of the probability densities of the actions, shape (samples, sets)."""
    advantages: Floats
    """Shape (samples, sets)."""
    returns: Floats
    """What the critic is to predict, shape (samples, sets)."""


class Losses(NamedTuple):
    """Means over the samples of each set of networks; arrays of shape (sets,)."""

    policy: Floats
    value: Floats
    entropy: Floats
    approx_kl: Floats
    """Approximate Kullback-Leibler divergence of the new policy from the old one."""
    clip_fraction: Floats
    """Share of the samples whose ratio of probabilities left its range."""


def update(
    shape: Shape,
    parameters: Floats,
    moments: Floats,
    steps: int,
    samples: Samples,
    order: NDArray[np.uint32],
    settings: Settings,
    threads: int = 1,
) -> Losses:
    """Change parameters, shape (sets, size), and moments, shape (2, sets, size), in place.

    Each row of ``order`` has the indices of all samples; each minibatch of a row is a step of Adam.
    Return the mean losses. NumPy's BLAS chooses its number of threads itself.
    """
    losses = []
    for indices in order:
        for start in range(0, len(indices), settings.minibatch_size):
            chosen = indices[start : start + settings.minibatch_size]
            minibatch = Samples(*(values[chosen] for values in samples))
            loss, gradient = differentiate(shape, parameters, minibatch, settings)
            steps += 1
            step(parameters, moments, steps, gradient, settings)
            losses.append(loss)
    return Losses(*np.mean(losses, axis=0))


def differentiate(
    shape: Shape, parameters: Floats, samples: Samples, settings: Settings
) -> tuple[Losses, Floats]:
    """Return the losses of a minibatch, and the gradient of their weighted sum."""
    # The axis of the sets first: `@` then multiplies set by set.
    observations, actions, log_probs, advantages, returns = (
        np.swapaxes(values, 0, 1) for values in samples
    )
    number = observations.shape[1]
    networks = shape.split(parameters)
    acted = _forwards(networks.actor, observations, shape.activation)
    judged = _forwards(networks.critic, observations, shape.activation)

    log_std = networks.log_std[:, None, :]
    distances = (actions - acted[-1]) * np.exp(-log_std)
    new_log_probs = -(distances**2 / 2 + log_std + LOG_ROOT).sum(axis=2)
    log_ratios = new_log_probs - log_probs
    ratios = np.exp(log_ratios)
    spread = advantages.std(axis=1, keepdims=True) + SPREAD_EPSILON
    advantages = (advantages - advantages.mean(axis=1, keepdims=True)) / spread
    low, high = 1 - settings.clip_coef, 1 + settings.clip_coef
    unclipped, clipped = -advantages * ratios, -advantages * np.clip(ratios, low, high)
    errors = judged[-1][:, :, 0] - returns
    entropy = (networks.log_std + LOG_ROOT + 0.5).sum(axis=1)
    losses = Losses(
        policy=np.maximum(unclipped, clipped).mean(axis=1),
        value=(errors**2 / 2).mean(axis=1),
        entropy=entropy,
        approx_kl=(ratios - 1 - log_ratios).mean(axis=1),
        clip_fraction=(np.abs(ratios - 1) > settings.clip_coef).mean(axis=1),
    )

    # Where the clipped loss is the larger one, nothing changes it.
    by_log_probs = np.where(unclipped >= clipped, unclipped, 0)[:, :, None] / number
    by_means = by_log_probs * distances * np.exp(-log_std)
    by_values = (settings.vf_coef / number * errors)[:, :, None]
    gradient = np.empty_like(parameters)
    slopes = shape.split(gradient)
    _backwards(networks.actor, acted, by_means, shape.activation, slopes.actor)
    _backwards(networks.critic, judged, by_values, shape.activation, slopes.critic)
    slopes.log_std[...] = (by_log_probs * (distances**2 - 1)).sum(axis=1) - settings.ent_coef
    return losses, gradient


def _forwards(layers: list[Layer], observations: Floats, activation: Activation) -> list[Floats]:
    """Return the observations and what each layer returns, shape (sets, samples, outputs)."""
    values = [observations]
    for layer in layers:
        out = values[-1] @ layer.weights.swapaxes(1, 2) + layer.biases[:, None, :]
        if layer is not layers[-1]:
            out = np.tanh(out) if activation == "tanh" else np.maximum(out, 0)
        values.append(out)
    return values


def _backwards(
    layers: list[Layer],
    values: list[Floats],
    derivatives: Floats,
    activation: Activation,
    slopes: list[Layer],
) -> None:
    """Fill the gradient of each layer, given the derivatives of the loss by the last outputs."""
    for depth in reversed(range(len(layers))):
        inputs = values[depth]
        slopes[depth].weights[...] = derivatives.swapaxes(1, 2) @ inputs
        slopes[depth].biases[...] = derivatives.sum(axis=1)
        if depth:
            slope = 1 - inputs**2 if activation == "tanh" else inputs > 0
            derivatives = derivatives @ layers[depth].weights * slope


def step(
    parameters: Floats, moments: Floats, steps: int, gradient: Floats, settings: Settings
) -> None:
    """Take step number ``steps`` of Adam, in place; the gradient of a set has a largest norm."""
    norms = np.sqrt((gradient.astype(np.float64) ** 2).sum(axis=1))
    if not np.isfinite(norms).all():
        first = int(np.flatnonzero(~np.isfinite(norms))[0])
        raise ValueError(f"gradient norm[{first}] = {norms[first].item()!r}: must be finite")
    scale = np.minimum(settings.max_grad_norm / (norms + NORM_EPSILON), 1)
    gradient = gradient * scale[:, None].astype(gradient.dtype)
    first, second = moments
    first += (1 - DECAYS[0]) * (gradient - first)
    second += (1 - DECAYS[1]) * (gradient**2 - second)
    # The moments begin at zero: their early values are too small by these factors.
    rate = settings.learning_rate / (1 - DECAYS[0] ** steps)
    root = math.sqrt(1 - DECAYS[1] ** steps)
    parameters -= rate * first / (np.sqrt(second) / root + EPSILON)
