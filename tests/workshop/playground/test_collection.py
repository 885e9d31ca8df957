"""Learners' functions: gathered from a notebook, verified, kept, loaded again and raced."""

import math

import numpy as np
import pytest
from numba import njit, prange

from market_py import registry
from market_py.benchmark.timing import Race
from market_py.workshop.playground import add, assembly, collection, race, variants
from market_py.workshop.playground.cell import CellError

SCALE = 1.0


@njit
def rest(left, quantity):
    return min(left, quantity) * SCALE


@njit(fastmath={"reassoc"})
def numba_mine(bids, quantities, demand):
    dispatch = np.zeros(bids.size)
    left, price = demand, math.nan
    for i in np.argsort(bids):
        price = bids[i]
        dispatch[i] = rest(left, quantities[i])
        left -= dispatch[i]
        if left <= 0.0:
            break
    return price, dispatch


@njit
def numba_wrong(bids, quantities, demand):
    return bids[0], quantities.copy()


def plain(bids, quantities, demand):
    return bids[0], quantities


rest.py_func.__module__ = "__main__"


@pytest.fixture(autouse=True)
def _folder(tmp_path, monkeypatch):
    monkeypatch.setenv("MARKET_PY_VARIANTS", str(tmp_path))
    yield
    for name in registry.added_variants():
        del registry.VARIANTS[name]


def test_the_source_holds_what_the_function_uses(tmp_path):
    text = collection.source(numba_mine)
    (tmp_path / "copy.py").write_text(text)
    assert "SCALE = 1.0" in text
    assert "import math as math" in text
    assert text.index("def rest") < text.index("@njit(fastmath={'reassoc'})\ndef numba_mine")
    copy = collection.load(tmp_path / "copy.py", "numba_mine")
    price, _ = copy(np.array([10.0, 20.0]), np.array([50.0, 50.0]), 70.0)
    assert price == 20.0


def test_options_are_kept_where_the_decorator_is_a_call():
    def loop(n):
        total = 0
        for i in prange(n):
            total += i
        return total

    text = collection.source(njit(parallel=True)(loop))
    assert "@njit(parallel=True)\ndef loop" in text
    assert "import prange as prange" in text


def test_a_function_is_kept_and_found_by_another_notebook(tmp_path):
    assert add(numba_mine) == "numba-mine"
    assert variants() == ["numba-mine"]
    assert (tmp_path / "numba_mine.py").exists()
    del registry.VARIANTS["numba-mine"]
    collection.load_all()
    found = registry.get_variant("numba-mine")
    assert found is not numba_mine
    assert found(np.array([10.0, 20.0]), np.array([50.0, 50.0]), 70.0)[0] == 20.0
    assert "numba-mine" in registry.available_variants()


@pytest.mark.parametrize(
    ("function", "words"),
    [(numba_wrong, "numba_wrong([0.5], [9.0], 9.5)\nexpected"), (plain, "write @njit above it")],
)
def test_a_function_is_refused(function, words, tmp_path):
    with pytest.raises(CellError) as refused:
        add(function)
    assert words in str(refused.value) or "expected price" in str(refused.value)
    assert variants() == []
    assert [*tmp_path.glob("*.py")] == []


@pytest.mark.parametrize("name", ["rust", "numba-sort", "mine"])
def test_a_name_of_a_variant_is_refused(name):
    with pytest.raises(ValueError, match="name = "):
        registry.add_variant(name, "yours", lambda: plain)


def test_names_and_functions_race():
    found = race("numba-sort", numba_mine, None, offers=20, rounds=6)
    assert isinstance(found, Race)
    assert found.candidates == ["numba-sort", "numba_mine"]
    with pytest.raises(ValueError, match="none is left"):
        race(None)
    with pytest.raises(ValueError, match="neither a variant nor a backend"):
        race("numba-nothing")


@njit
def add_up(values):
    total = 0.0
    for value in values:
        total += value
    return total


def test_packed_instructions_are_counted():
    with pytest.raises(ValueError, match="call add_up once"):
        assembly(njit(add_up.py_func))
    with pytest.raises(TypeError, match="neither by numba"):
        assembly(plain)
    reordered = njit(fastmath={"reassoc", "nsz"})(add_up.py_func)
    for function in (add_up, reordered):
        function(np.ones(8))
    counts = [int(assembly(it).headline.split()[1]) for it in (add_up, reordered)]
    assert counts[0] < counts[1]
    assert "packed</strong>" in assembly(reordered)._repr_mimebundle_()["text/html"]
