"""numba's cache notices changes in other files, may be missing, and may be switched off."""

import importlib
import os
import pkgutil
import shutil
import subprocess
import sys
import types
from pathlib import Path

import pytest

import market_py
from market_py.extension import REPOSITORY

numba = pytest.importorskip("numba")

CONSTANTS = "SHARE, UNUSED = {share}, 'a'\n"
KERNELS = """
from constants import SHARE
from market_py.backends.compilation import compiled

@compiled()
def price(bid):
    return bid * SHARE + {extra}
"""
CALLER = """
from kernels import price
from market_py.backends.compilation import compiled

@compiled()
def twice(bid):
    return 2 * price(bid)

if __name__ == "__main__":
    import numba
    answer = twice(10.0)
    hits = 0 if numba.config.DISABLE_JIT else sum(twice.stats.cache_hits.values())
    print(answer, hits)
"""


def run(folder, *arguments, **environment):
    """Run Python in a folder, with this checkout and what is in the environment."""
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": f"{folder}{os.pathsep}{REPOSITORY}"} | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def write(folder, share=1.0, extra=0.0):
    (folder / "constants.py").write_text(CONSTANTS.format(share=share))
    (folder / "kernels.py").write_text(KERNELS.format(extra=extra))
    (folder / "caller.py").write_text(CALLER)


@pytest.mark.long
def test_what_other_files_hold_invalidates_the_cache(tmp_path):
    answers = []
    for change in ({}, {}, {"share": 0.5}, {"share": 0.5, "extra": 3.25}):
        write(tmp_path, **change)
        # The caller's own file is as it was: numba compares its time and size.
        os.utime(tmp_path / "caller.py", (1, 1))
        done = run(tmp_path, "-W", "error", "caller.py")
        answers.append(done.stdout.strip() or done.stderr)
    assert answers == ["20.0 0", "20.0 1", "10.0 0", "16.5 0"]


@pytest.mark.long
def test_where_no_cache_can_be_written(tmp_path):
    write(tmp_path)
    # Files in the way of folders stop the administrator too, whom permissions do not.
    (tmp_path / "__pycache__").touch()
    places = {"HOME": os.devnull, "XDG_CACHE_HOME": os.devnull, "LOCALAPPDATA": os.devnull}
    done = run(tmp_path, "-W", "always", "caller.py", **places)
    assert done.stdout == "20.0 0\n", done.stderr
    assert done.stderr.count("RuntimeWarning: numba cannot write its cache") == 1
    assert "set NUMBA_CACHE_DIR to a folder" in done.stderr
    done = run(tmp_path, "-W", "error", "caller.py", NUMBA_CACHE_DIR=str(tmp_path / "c"), **places)
    assert done.stdout == "20.0 0\n", done.stderr


@pytest.mark.long
def test_the_backend_where_no_cache_can_be_written(tmp_path):
    folder = shutil.copytree(
        Path(market_py.__file__).parent,
        tmp_path / "market_py",
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    for inside in (folder / "backends", folder / "variants"):
        (inside / "__pycache__").touch()
    code = """
    import market_py
    for name in market_py.available_backends():
        print(market_py.market_clearing([10, 20], [50, 50], 70, backend=name)[0])
    """
    places = {"HOME": os.devnull, "XDG_CACHE_HOME": os.devnull, "PYTHONPATH": str(tmp_path)}
    done = run(tmp_path, "-W", "always", "-c", "if 1:" + code, **places)
    assert set(done.stdout.split()) == {"20.0"}, done.stderr
    assert done.stderr.count("numba cannot write its cache") == 1


NEED_OTHERS = (
    "market_py.__main__",
    "market_py.backends.rust",
    "market_py.env.sb3",
    "market_py.variants.rust",
)
"""A program, and modules of what may not be installed; nothing in them is compiled by numba."""
MODULES = [
    importlib.import_module(module.name)
    for module in pkgutil.walk_packages(market_py.__path__, "market_py.")
    if module.name not in NEED_OTHERS
]
CACHED = {
    value
    for module in MODULES
    for value in vars(module).values()
    if numba.extending.is_jitted(value) and value._cache.cache_path
}


def test_cached_functions_use_only_what_invalidates_their_cache():
    assert len(CACHED) > 40
    for dispatcher in CACHED:
        function = dispatcher.py_func
        assert "-" in function.__qualname__, f"{function} is not made by `compiled`"
        module = sys.modules[function.__module__]
        own = compile(Path(module.__file__).read_text(), module.__file__, "exec").co_names
        for name in set(function.__code__.co_names) & set(function.__globals__):
            value = function.__globals__[name]
            if isinstance(value, types.ModuleType):
                assert not value.__name__.startswith("market_py"), (function, name)
            elif numba.extending.is_jitted(value):
                assert "-" in value.py_func.__qualname__, (function, name)
            elif not isinstance(value, int | float | tuple):
                assert name in own, (function, name)


LARGE = """
import numpy as np, market_py
rng = np.random.default_rng(1)
market = rng.integers(0, 99, 33_000) * 1.0, rng.integers(0, 9, 33_000) * 1.0, 66_000.0
rows = [array[:1_000].reshape(10, 100) for array in market[:2]]
wide = market_py.get_backend("numba").market_clearing_batch(*rows, [100.0] * 10, threads=3)
price, dispatch = market_py.get_backend("numba").market_clearing(*market)
print(type(price).__name__, price, dispatch.sum(), wide[0].tolist(), wide[1].sum())
backend = market_py.get_backend("numba")
for orders in ([array[:300] for array in market[:2]], market[:2]):
    price, sold, bought = backend.auction_clearing(*orders, orders[0] + 30, orders[1])
    print(type(price).__name__, price, sold.sum(), bought.sum())
rows = backend.auction_clearing_batch(*rows, *rows, k=0.5, threads=3)
print(rows[0].tolist(), *(part.sum() for part in rows[1:]))
"""


@pytest.mark.long
def test_without_compilation():
    """`NUMBA_DISABLE_JIT=1`, as people debug and measure coverage: right, and no warnings."""
    answers = [
        run(REPOSITORY, "-W", "error", "-c", code, NUMBA_DISABLE_JIT="1")
        for code in (LARGE, LARGE.replace('"numba"', '"numpy"'))
    ]
    assert answers[0].stdout == answers[1].stdout != "", answers[0].stderr
    done = run(
        REPOSITORY,
        *("-W", "error", "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "-k", "numba"),
        *("tests/backends/test_arrays.py", "tests/backends/test_contract.py::test_known_markets"),
        NUMBA_DISABLE_JIT="1",
    )
    assert done.returncode == 0, done.stdout
