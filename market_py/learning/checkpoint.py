"""Checkpoints of learners: a file belongs to a system and to rules, and says so."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from market_py.env import Model
from market_py.files import write_atomically
from market_py.learning.arrays import load_arrays


def save_checkpoint(path: Path | str, version: int, model: Model, **kept: Any) -> None:
    """Write arrays, the system and the rules, whole or not at all."""
    described = json.dumps(_describe(model))
    write_atomically(path, lambda file: np.savez(file, format=version, model=described, **kept))


@contextmanager
def load_checkpoint(
    path: Path | str, version: int, model: Model
) -> Iterator[dict[str, NDArray[Any]]]:
    """Read the arrays of a checkpoint with the same system and rules.

    Errors in the block say that the file is no such checkpoint.
    """
    with load_arrays(path, "a checkpoint of this learner") as kept:
        if int(kept["format"]) != version:
            raise ValueError(f"format {int(kept['format'])}; {version} can be read")
        theirs, ours = json.loads(str(kept["model"])), _describe(model)
        if others := sorted(name for name in ours if theirs.get(name) != ours[name]):
            raise ValueError(f"it was trained with other {', '.join(others)}")
        yield kept


def _describe(model: Model) -> dict[str, Any]:
    """Return the rules and the system in types of JSON."""
    described = asdict(model)
    described |= described.pop("system")
    made: dict[str, Any] = json.loads(json.dumps(described, default=np.ndarray.tolist))
    return made
