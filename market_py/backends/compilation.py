"""Compile functions with numba; cache the machine code if the cache folder is writable."""

from __future__ import annotations

import inspect
import sys
import warnings
import zlib
from collections.abc import Callable
from functools import cache
from typing import Any

import numba
import numpy as np
from numba.extending import is_jitted

# Untyped: the stubs of numba know neither all settings nor all ways to call `njit`.
config: Any = numba.config
njit: Any = numba.njit


def compiled(*signatures: Any, **options: Any) -> Callable[[Callable[..., Any]], Any]:
    """Decorate a function with `numba.njit`, with a cache that notices changes in other files.

    numba compiles a cached function again when its own file changes. It does not notice when a
    number or a compiled function that this file imports changes. numba names the file in the cache
    after ``__qualname__``, so the decorator appends a fingerprint of what is imported.

    If no folder for the cache can be written to, the decorator warns once. With
    ``NUMBA_DISABLE_JIT=1`` the function runs in Python. There, other than in machine code, NumPy's
    scalars warn when they overflow, as the algorithms expect them to: this is silenced.
    """

    def compile_function(function: Callable[..., Any]) -> Any:
        if config.DISABLE_JIT:
            return np.errstate(all="ignore")(function)
        function.__qualname__ += f"-{_fingerprint(function):08x}"
        try:
            return njit(*signatures, cache=True, **options)(function)
        except RuntimeError as error:
            if "no locator available" not in str(error):
                raise
            _warn_uncached()
            return njit(*signatures, **options)(function)

    return compile_function


def _fingerprint(function: Callable[..., Any]) -> int:
    """Checksum of the numbers and of the compiled functions that a function's module imports."""
    parts = []
    for name, value in function.__globals__.items():
        if isinstance(value, int | float | tuple | np.generic):
            parts.append(f"{name} = {value!r}")
        elif is_jitted(value) and value.py_func.__module__ != function.__module__:
            # The name has a fingerprint too, of what that module imports.
            parts += (
                value.py_func.__qualname__,
                inspect.getsource(sys.modules[value.py_func.__module__]),
            )
    return zlib.crc32("\n".join(parts).encode())


@cache
def _warn_uncached() -> None:
    warnings.warn(
        "numba cannot write its cache beside the sources or in the home folder, so each process "
        "compiles again, for about a minute: set NUMBA_CACHE_DIR to a folder that can be written",
        RuntimeWarning,
        stacklevel=4,
    )
