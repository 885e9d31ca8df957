"""Proximal policy optimization in Rust, as in `market_py.learning.numpy_ppo`."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from market_py import extension
from market_py.learning.actor_critic import Shape
from market_py.learning.arrays import Float32Array
from market_py.learning.numpy_ppo import Losses, Samples, Settings


def update(
    shape: Shape,
    parameters: Float32Array,
    moments: Float32Array,
    steps: int,
    samples: Samples,
    order: NDArray[np.uint32],
    settings: Settings,
    threads: int,
) -> Losses:
    """Change parameters and moments in place, as `market_py.learning.numpy_ppo.update`."""
    losses = np.empty((len(parameters), len(Losses._fields)))
    extension.load().ppo_update(
        parameters,
        moments,
        *samples,
        order,
        losses,
        **settings._asdict(),
        steps=steps,
        hidden=shape.hidden,
        relu=shape.activation == "relu",
        threads=threads,
    )
    return Losses(*losses.T)
