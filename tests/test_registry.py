"""Finding backends and variants, and what happens where the extension is missing or stale."""

import os
import subprocess
import sys
import textwrap
import types

import numpy as np
import pytest

import market_py
from market_py import extension
from market_py.registry import BACKENDS, VARIANTS

MISSING = "raise ImportError('simulated: not built')"
FAKE = "BUILD_ID, BUILD_PROFILE, __version__ = {build!r}, {profile!r}, '0'\n" + textwrap.dedent(
    """
    def market_clearing(*args, **kwargs): pass
    def market_clearing_batch(*args, **kwargs): pass
    def market_clearing_into(*args, **kwargs): pass
    def simulate_years(*args, **kwargs): pass
    def auction_clearing(*args, **kwargs): pass
    def auction_clearing_batch(*args, **kwargs): pass
    class Environment: pass
    class ReplayBuffer: pass
    class MLP: pass
    """
)
FAKE_BUILD = FAKE.format(build="0", profile="release")


def run_with_extension(folder, source, code):
    """Run Python code in a process in which `rust_market` is what the source says."""
    (folder / "rust_market.py").write_text(source)
    environment = os.environ | {"PYTHONPATH": str(folder)}
    return subprocess.run(
        [sys.executable, "-W", "always", "-c", textwrap.dedent(code)],
        env=environment,
        cwd=extension.REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )


def test_backends_have_a_name_and_two_functions(backend):
    assert backend.name in BACKENDS
    assert callable(backend.market_clearing)
    assert callable(backend.market_clearing_batch)
    assert backend is market_py.get_backend(backend.name)


def test_the_fastest_backend_is_first_and_the_default(monkeypatch):
    available = market_py.available_backends()
    assert available == [name for name in BACKENDS if name in available]
    assert available[-1] == "python"
    assert market_py.get_backend().name == available[0]


def test_unknown_names():
    with pytest.raises(ValueError, match="backend = 'fortran': must be one of 'rust', 'numba'"):
        market_py.get_backend("fortran")
    with pytest.raises(ValueError, match="backend = 'fortran'"):
        market_py.market_clearing([1.0], [1.0], 1.0, backend="fortran")
    with pytest.raises(ValueError, match="variant = 'quick': must be one of 'numba-sort'"):
        market_py.get_variant("quick")
    with pytest.raises(AttributeError, match="no attribute 'quick'"):
        market_py.quick  # noqa: B018


def test_the_front_door_forwards(backend):
    arguments = [10.0, 20.0], [50.0, 50.0], 150.0
    for door, room in (
        (market_py.market_clearing, backend.market_clearing),
        (market_py.market_clearing_batch, backend.market_clearing_batch),
    ):
        through = door(*arguments, ties="pro_rata", price_cap=99.0, backend=backend.name)
        inside = room(*arguments, ties="pro_rata", price_cap=99.0)
        assert np.array_equal(through[0], inside[0])
        assert np.array_equal(through[1], inside[1])
    assert market_py.market_clearing(*arguments)[0] == 20.0


@pytest.mark.parametrize("backend", ["rust"], indirect=True)
def test_the_drop_in_is_the_backend(backend):
    import rust_market

    assert rust_market.market_clearing is backend.market_clearing
    assert rust_market.market_clearing_batch is backend.market_clearing_batch


@pytest.mark.parametrize("name", VARIANTS)
def test_variants_keep_the_published_shape(name):
    if name not in market_py.available_variants():
        pytest.skip(f"{name} is not installed")
    clear = market_py.get_variant(name)
    price, dispatch = clear(np.array([30.0, 10.0, 20.0]), np.full(3, 100.0), 150.0)
    assert (price, list(dispatch)) == (20.0, [0.0, 100.0, 50.0])
    lists = ("rust-naive", "rust-naive-unchecked", "rust-select-list")
    assert type(dispatch) is (list if name in lists else np.ndarray)
    # In the variants that sort floating sums decide, as in the published function; a search that
    # does not sort has no order to add up in, and decides as the contract does.
    market = np.array([10.0, 20.0, 1000.0]), np.array([0.7, 0.1, 1.0]), 0.8
    words = "select", "unchecked", "filled", "out"
    searches = any(word in name for word in words) and "naive" not in name
    assert clear(*market)[0] == (20.0 if searches else 1000.0)
    assert clear(np.array([10.0, 20.0]), np.full(2, 50.0), 150.0)[0] == 20.0


def test_a_missing_extension_breaks_nothing_else(tmp_path):
    done = run_with_extension(
        tmp_path,
        MISSING,
        """
        import market_py
        print(market_py.available_backends(), market_py.available_variants())
        print(market_py.market_clearing([10, 20], [50, 50], 70))
        for ask in (market_py.get_backend, market_py.get_variant):
            try:
                ask("rust" if ask is market_py.get_backend else "rust-naive")
            except ImportError as error:
                print(error)
        """,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("['numba', 'numpy', 'python'] ['numba-sort', ")
    assert "rust-" not in done.stdout.splitlines()[0]
    assert done.stdout.splitlines()[1].startswith("(20.0, array(")
    assert done.stdout.count("run `make build-rust`") == 2


def test_an_extension_built_meanwhile_is_found(tmp_path):
    """Looking for it before it is built imports the source folder, and must forget it."""
    done = subprocess.run(
        [
            sys.executable,
            "-S",
            "-c",
            textwrap.dedent(
                """
            import pathlib, sys
            sys.path.insert(0, sys.argv[1])
            from market_py import extension
            assert not extension.status()[0]
            assert "rust_market" not in sys.modules
            names = "market_clearing = market_clearing_batch = market_clearing_into = print"
            names += "; auction_clearing = auction_clearing_batch = simulate_years = print"
            names += "; Environment = ReplayBuffer = MLP = object"
            build = f"BUILD_ID, BUILD_PROFILE = {extension.source_id()!r}, 'release'"
            source = f"{names}; {build}; __version__ = '0'"
            pathlib.Path(sys.argv[1], "rust_market.py").write_text(source)
            print(*extension.status())
            """
            ),
            tmp_path,
        ],
        cwd=extension.REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("True the Rust extension is current")


@pytest.mark.parametrize(
    "old",
    [
        "def market_clearing(*args): return 'old'",
        pytest.param(FAKE_BUILD.replace("class MLP", "class Other"), marks=pytest.mark.long),
        pytest.param(
            FAKE_BUILD.replace("class ReplayBuffer", "class Other"), marks=pytest.mark.long
        ),
    ],
)
def test_an_old_build_without_todays_names_counts_as_none(tmp_path, old):
    done = run_with_extension(
        tmp_path,
        old,
        """
        import market_py
        print(market_py.available_backends())
        print(market_py.market_clearing([10, 20], [50, 50], 70)[0])
    """,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "['numba', 'numpy', 'python']\n20.0\n"


def test_the_package_brings_its_modules_and_functions(tmp_path):
    assert set(market_py.__all__) <= set(dir(market_py))
    names = ", ".join(f"market_py.{name}" for name in market_py.__all__)
    done = run_with_extension(tmp_path, MISSING, f"import market_py; print({names})")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("build", "profile", "words"),
    [
        (extension.source_id(), "release", None),
        (extension.source_id(), "debug", "is a debug build, many times slower"),
        ("00000000", "release", "is older than its sources"),
    ],
)
def test_a_debug_or_stale_build_warns(tmp_path, build, profile, words):
    source = FAKE.format(build=build, profile=profile)
    done = run_with_extension(tmp_path, source, "import market_py; market_py.get_backend('rust')")
    assert done.returncode == 0, done.stderr
    if words is None:
        assert done.stderr == ""
    else:
        assert f"RuntimeWarning: the Rust extension {words}" in done.stderr
        assert "run `make build-rust`" in done.stderr


@pytest.mark.parametrize("backend", ["rust"], indirect=True)
def test_the_built_extension_is_current(backend):
    assert extension.find_problem(extension.load()) is None
    assert extension.status()[0]


def test_where_there_are_no_sources_no_build_is_stale(monkeypatch, tmp_path):
    monkeypatch.setattr(extension, "CRATE", tmp_path)
    installed = types.SimpleNamespace(BUILD_ID="12345678", BUILD_PROFILE="release")
    assert extension.source_id() is None
    assert extension.find_problem(installed) is None
