"""numba's cache looks at the file of a function, not at what the function calls."""

import importlib
import pkgutil

import pytest

import market_py

pytest.importorskip("numba")
from numba.core.dispatcher import Dispatcher

MODULES = [
    importlib.import_module(module.name)
    for module in pkgutil.walk_packages(market_py.__path__, "market_py.")
    if module.name
    not in ("market_py.__main__", "market_py.backends.rust", "market_py.variants.rust")
]
CACHED = {
    dispatcher
    for module in MODULES
    for dispatcher in vars(module).values()
    if isinstance(dispatcher, Dispatcher) and dispatcher._cache.cache_path
}


def test_cached_functions_call_compiled_functions_of_their_own_file_only():
    assert len(CACHED) > 20
    for dispatcher in CACHED:
        function = dispatcher.py_func
        for name in function.__code__.co_names:
            called = function.__globals__.get(name)
            if isinstance(called, Dispatcher):
                assert called.py_func.__module__ == function.__module__, (function, name)
