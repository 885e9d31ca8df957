"""A shell with the playground, and functions that clear markets."""

import pytest

from helpers.shell import Shell
from market_py import registry, workshop
from market_py.workshop.playground import collection


@pytest.fixture(scope="module")
def shell():
    """One for all tests of a module."""
    opened = Shell()
    workshop.register()
    yield opened
    opened.close()


@pytest.fixture
def variants(monkeypatch, tmp_path):
    """An empty folder of learners' functions, and the names known before the test."""
    monkeypatch.setenv("MARKET_PY_VARIANTS", str(tmp_path / "variants"))
    before = dict(registry.VARIANTS)
    yield collection.folder()
    registry.VARIANTS.clear()
    registry.VARIANTS.update(before)
