"""Policy inference as a user of numba would write it, for comparison."""

from __future__ import annotations

import numpy as np

from market_py.backends.compilation import compiled

ONE_FROM = np.float32(9.0)
UPPER = tuple(map(np.float32, (1.33545e-8, 2.0609043e-5, 3.4955896e-3, 0.13381028, 1.0)))
LOWER = tuple(map(np.float32, (7.7765145e-7, 3.2856344e-4, 2.5876991e-2, 0.46714345, 1.0)))
"""Polynomials in x²; `mlp.rs` says where they are from."""


@compiled(fastmath=True, nogil=True)
def _layer(values, weights, biases, squashed, answers):  # type: ignore[no-untyped-def]
    for i in range(biases.size):
        answers[i] = biases[i]
    for k in range(weights.shape[0]):
        value, row = values[k], weights[k]
        for i in range(row.size):
            answers[i] += value * row[i]
    if squashed:
        for i in range(answers.size):
            x = min(max(answers[i], -ONE_FROM), ONE_FROM)
            s = x * x
            upper = (((UPPER[0] * s + UPPER[1]) * s + UPPER[2]) * s + UPPER[3]) * s + UPPER[4]
            lower = (((LOWER[0] * s + LOWER[1]) * s + LOWER[2]) * s + LOWER[3]) * s + LOWER[4]
            answers[i] = x * upper / lower


@compiled(nogil=True)
def answer(observations, weights, biases):  # type: ignore[no-untyped-def]
    """Answer rows of observations by three layers, tanh between them."""
    first = np.empty(biases[0].size, np.float32)
    second = np.empty(biases[1].size, np.float32)
    answers = np.empty((len(observations), biases[2].size), np.float32)
    for row in range(len(observations)):
        _layer(observations[row], weights[0], biases[0], True, first)
        _layer(first, weights[1], biases[1], True, second)
        _layer(second, weights[2], biases[2], False, answers[row])
    return answers
