"""Functions of learners: what is written into their files, and what is refused."""

import numpy as np
import pytest

from helpers.cells import GOOD, NUMBA, needs_cargo
from market_py import registry
from market_py.workshop.playground import collection
from market_py.workshop.playground import race as race_of
from market_py.workshop.playground.cell import CellError
from market_py.workshop.playground.verify import load

MARKET = np.array([20.0, 10.0]), np.array([50.0, 50.0]), 70.0


def written(shell, name, tmp_path):
    """The text of the file of a function, and the function that it holds."""
    path = collection.write(shell.names[name], tmp_path)
    return path.read_text(), load(path, path.stem)


class TestSource:
    def test_helpers_imports_and_constants_are_written(self, shell, tmp_path):
        shell.run(
            """
import numpy as np
from math import sqrt as root
from numba import njit
from market_py.variants.numba import numba_sort

LIMIT = 3
FAR = float("inf")
STEP = np.float64(0.5)
SIZES = (1, 2)
unused = 7

@njit
def half(x):
    return x * STEP

@njit
def uses_all(x):
    if x > FAR or x < LIMIT:
        return -1.0
    return half(root(x)) + SIZES[1] + np.floor(x)
"""
        )
        text, function = written(shell, "uses_all", tmp_path)
        assert function(16.0) == shell.names["uses_all"](16.0) == 20
        assert function(2.0) == -1
        assert "unused" not in text
        assert "numba_sort" not in text
        assert text.count("@njit(cache=True)") == 2

    @pytest.mark.parametrize("options", ["parallel=True", "fastmath=True", "nogil=True"])
    def test_options_are_kept(self, shell, tmp_path, options):
        shell.run(f"from numba import njit\n@njit({options})\ndef f(x):\n    return x + 1")
        text, function = written(shell, "f", tmp_path)
        decorator = f"@njit({options}, cache=True)"
        assert text == f"from numba import njit\n\n\n{decorator}\ndef f(x):\n    return x + 1\n"
        assert function.targetoptions == shell.names["f"].targetoptions

    def test_what_fastmath_allows_is_kept(self, shell, tmp_path):
        shell.run(
            "from numba import njit\n@njit(fastmath={'nsz', 'reassoc'})\ndef f(x):\n    return x"
        )
        _, function = written(shell, "f", tmp_path)
        assert function.targetoptions["fastmath"] == {"nsz", "reassoc"}

    def test_a_decorator_may_be_a_call(self, shell, tmp_path):
        shell.run(
            "from numba import njit\n\ndef slow(x):\n    return x + 1\n\n"
            "fast = njit(slow)\n\n@njit\ndef above(x):\n    return fast(x) + 1"
        )
        text, function = written(shell, "fast", tmp_path)
        assert "@njit(cache=True)\ndef slow(x):" in text
        assert function(1) == 2
        _, function = written(shell, "above", tmp_path)
        assert function(1) == 3

    @pytest.mark.parametrize(
        "line",
        [
            "from market_py.variants.numba import numba_sort",
            "import market_py.variants.numba as ours",
        ],
    )
    def test_what_uses_functions_of_ours_is_not_cached(self, shell, tmp_path, line):
        name = "numba_sort" if "from" in line else "ours.numba_sort"
        shell.run(
            f"from numba import njit\n{line}\n@njit\ndef f(b, q, d):\n    return {name}(b, q, d)"
        )
        text, _ = written(shell, "f", tmp_path)
        assert "cache=True" not in text

    def test_a_decorator_with_lines_of_its_own(self, shell, tmp_path):
        shell.run(
            "from numba import njit\n@njit(\n    nogil=True,\n)\n"
            "def f(\n    x,\n):\n    return x + 1"
        )
        _, function = written(shell, "f", tmp_path)
        assert function(1) == 2

    def test_local_names_shadow_global_ones(self, shell, tmp_path):
        shell.run(
            "from numba import njit\nmine = 'a global name'\n"
            "@njit\ndef f(x):\n    mine = x + 1\n    return mine"
        )
        text, function = written(shell, "f", tmp_path)
        assert "a global name" not in text
        assert function(1) == 2

    def test_names_in_a_comprehension_are_found(self, shell, tmp_path):
        shell.run(
            "from numba import njit\nLIMIT = 3\n"
            "@njit\ndef f(n):\n    return sum([i * LIMIT for i in range(n)])"
        )
        _, function = written(shell, "f", tmp_path)
        assert function(3) == 9

    def test_a_changed_function_is_written_anew(self, shell, tmp_path):
        for number in (1, 2):
            shell.run(f"from numba import njit\n@njit\ndef f(x):\n    return x + {number}")
            text, _ = written(shell, "f", tmp_path)
            assert f"x + {number}" in text


class TestAdd:
    @pytest.mark.long
    def test_a_numba_function_races_in_later_notebooks(self, shell, variants):
        shell.run(NUMBA)
        assert collection.add(shell.names["numba_test_sort"]) == "numba-test-sort"
        assert registry.added_variants() == ["numba-test-sort"]
        # Compiled in the process that verified it, and loaded here.
        assert registry.get_variant("numba-test-sort").stats.cache_path
        assert not shell.names["numba_test_sort"].signatures
        assert registry.get_variant("numba-test-sort")(*MARKET)[0] == 20
        assert sum(registry.get_variant("numba-test-sort").stats.cache_hits.values()) == 1
        self._is_loaded_again("numba-test-sort")

    @needs_cargo
    def test_a_rust_function_races_in_later_notebooks(self, shell, variants):
        shell.run(f"%%rust test_sort\n{GOOD}")
        assert collection.add(shell.names["test_sort"]) == "rust-test-sort"
        assert (variants / "test_sort.rs").read_text() == GOOD
        self._is_loaded_again("rust-test-sort")

    def _is_loaded_again(self, name):
        del registry.VARIANTS[name]
        collection.load_all()
        assert registry.added_variants() == [name]
        price, dispatch = registry.get_variant(name)(*MARKET)
        assert price == 20
        assert dispatch.tolist() == [20, 50]
        found = race_of("numba-sort", name, offers=5, rounds=2, show_progress=False)
        assert found.candidates == ["numba-sort", name]

    @pytest.mark.long
    def test_a_wrong_function_is_refused(self, shell, variants):
        shell.run(NUMBA.replace("price = bids[i]", "price = bids[i] + 1"))
        with pytest.raises(CellError, match=r"numba_test_sort\(\[.*\nexpected price .*\nyours "):
            collection.add(shell.names["numba_test_sort"])
        assert registry.added_variants() == []
        assert not list(variants.glob("*.py"))

    def test_a_function_without_a_compiler_is_refused(self, shell, variants):
        shell.run(NUMBA.replace("@njit", ""))
        for given in (shell.names["numba_test_sort"], None, [1]):
            with pytest.raises(CellError, match="is not compiled: write @njit above it"):
                collection.add(given)

    @pytest.mark.parametrize("name", ["numba_sort", "sort"])
    def test_names_of_ours_are_refused_before_anything_is_written(self, shell, variants, name):
        shell.run(NUMBA.replace("numba_test_sort", name))
        with pytest.raises(ValueError, match="there is one of this name already"):
            collection.keep(shell.names[name])
        assert not variants.exists()

    def test_a_file_with_a_name_of_ours_is_left_out(self, variants, capsys):
        variants.mkdir()
        (variants / "sort.py").write_text("not loaded")
        (variants / "notes.txt").write_text("not a function")
        collection.load_all()
        assert "sort.py is left out: name = 'numba-sort'" in capsys.readouterr().out
        assert registry.added_variants() == []


@pytest.mark.parametrize(
    ("language", "function", "name"),
    [
        ("numba", "my_sort", "numba-my-sort"),
        ("numba", "numba_my_sort", "numba-my-sort"),
        ("rust", "numba_like", "rust-numba-like"),
    ],
)
def test_names_begin_with_the_language(language, function, name):
    assert collection.variant_name(language, function) == name
