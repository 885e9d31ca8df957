"""The arrays of learners: checks of their values, and the files that hold them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from market_py.env.system import LARGEST
from market_py.validation import check_scalar

Float32Array = NDArray[np.float32]
Floats = NDArray[np.floating[Any]]


def require(name: str, values: NDArray[Any], allowed: NDArray[np.bool_], must: str) -> None:
    """Raise a ValueError that names the first value that is not allowed, if there is one."""
    if not allowed.all():
        at = tuple(map(int, np.argwhere(~allowed)[0]))
        raise ValueError(f"{name}{[*at]} = {values[at].item()!r}: must be {must}")


def check_positive(name: str, value: float) -> float:
    """Check that a number is > 0 and at most 1e100."""
    checked = check_scalar(name, value, negative=False, most=LARGEST)
    if not checked:
        raise ValueError(f"{name} = {value}: must be > 0")
    return checked


@contextmanager
def load_arrays(path: Path | str, what: str) -> Iterator[dict[str, NDArray[Any]]]:
    """Read the arrays of a file; errors in the block say that it is not ``what``."""
    try:
        # NumPy leaves a damaged file open that it opens itself.
        with Path(path).open("rb") as opened, np.load(opened, allow_pickle=False) as file:
            yield {name: file[name] for name in file.files}
    except (FileNotFoundError, ImportError, MemoryError):
        raise
    except Exception as error:  # The errors of zipfile have no other base class in common.
        raise ValueError(f"{path}: is not {what}: {error}") from error
