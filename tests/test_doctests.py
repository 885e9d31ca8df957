"""The examples in docstrings run, and print what they say."""

import doctest
import importlib
from pathlib import Path

import pytest

import market_py

FOLDER = Path(market_py.__file__).parent
MODULES = [
    ".".join(("market_py", *path.relative_to(FOLDER).with_suffix("").parts)).removesuffix(
        ".__init__"
    )
    for path in sorted(FOLDER.rglob("*.py"))
    if ">>> " in path.read_text()
]


@pytest.mark.parametrize("name", MODULES)
def test_examples(name):
    if name == "market_py.env.sb3":
        pytest.importorskip("stable_baselines3")
    failed, tried = doctest.testmod(
        importlib.import_module(name), optionflags=doctest.NORMALIZE_WHITESPACE
    )
    assert tried > 0
    assert failed == 0


@pytest.mark.parametrize("name", market_py.__all__)
def test_public_functions_have_an_example(name):
    assert ">>> " in getattr(market_py, name).__doc__
