"""Generalised advantage estimation: by how much actions were better than expected."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from market_py.env.system import LARGEST
from market_py.learning.arrays import require
from market_py.validation import Float64Array, check_array, check_kind, check_scalar


def compute_gae(
    rewards: ArrayLike,
    values: ArrayLike,
    last_values: ArrayLike,
    ended: ArrayLike,
    final_values: ArrayLike,
    gamma: float,
    gae_lambda: float,
) -> tuple[Float64Array, Float64Array]:
    """Estimate the advantage of each action of a rollout, and the return that its value predicts.

    Episodes are truncated, not terminated: the value of an episode's final observation stands for
    what would have followed.

    Parameters
    ----------
    rewards, values : array_like, shape (T, ...)
        Rewards of T steps, and the values of the observations before them; all numbers are from
        -1e100 to 1e100.
    last_values : array_like, shape (...)
        Values of the observations after the last step.
    ended : array_like of bool, shape (T, ...)
        Whether an episode ended with a step; it may lack the last axes of ``rewards``.
    final_values : array_like, shape (T, ...)
        Values of the final observations of the episodes that ended; other entries are not used.
    gamma : float
        Discount of what a step later is worth; from 0 to 1.
    gae_lambda : float
        From 0 (trust the values: the advantage is the error of one step) to 1 (trust the rewards:
        it is the discounted sum of all that follows, less the value).

    Returns
    -------
    advantages, returns : ndarray, shape (T, ...)
        The returns are the advantages plus the values.

    References
    ----------
    J. Schulman, P. Moritz, S. Levine, M. Jordan, P. Abbeel, "High-dimensional continuous control
    using generalized advantage estimation" (ICLR 2016).

    Examples
    --------
    >>> advantages, returns = compute_gae([1, 1], [0, 0], 0, [False, False], [0, 0], 0.5, 1)
    >>> advantages.tolist()
    [1.5, 1.0]
    """
    over = check_kind("ended", ended, "b", "booleans")
    if not over.size:
        raise ValueError(f"ended: must have at least one step, got shape {over.shape}")
    paid = check_array("rewards", rewards)
    if not over.ndim or paid.shape[: over.ndim] != over.shape:
        raise ValueError(
            f"rewards: must have the steps and first axes of ended, {over.shape}, got shape "
            f"{paid.shape}"
        )
    judged = check_array("values", values, shape=paid.shape)
    final = check_array("final_values", final_values, shape=paid.shape)
    after = check_array("last_values", last_values, shape=paid.shape[1:])
    given = {"rewards": paid, "values": judged, "final_values": final, "last_values": after}
    for name, array in given.items():
        require(name, array, np.abs(array) <= LARGEST, f"finite and at most {LARGEST:g} in size")
    gamma = check_scalar("gamma", gamma, negative=False, most=1)
    gae_lambda = check_scalar("gae_lambda", gae_lambda, negative=False, most=1)

    over = over.reshape(over.shape + (1,) * (paid.ndim - over.ndim))
    advantages = np.empty(paid.shape)
    following = np.zeros(paid.shape[1:])
    for step in reversed(range(len(paid))):
        following = np.where(over[step], 0.0, following)
        error = paid[step] + gamma * np.where(over[step], final[step], after) - judged[step]
        advantages[step] = following = error + gamma * gae_lambda * following
        after = judged[step]
    return advantages, advantages + judged
