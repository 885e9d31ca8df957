"""A typed program of a user passes type checkers, which see the stubs of the extension."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from helpers.project import make
from market_py.extension import REPOSITORY

PROGRAM = Path(__file__).with_name("typed_program.py")
WRONG = {
    "a text for prices": ('rust_market.market_clearing("a", [1.0], 1.0)', "arg-type"),
    "unknown ties": ('rust_market.market_clearing([1.0], [1.0], 1.0, ties="none")', "arg-type"),
    "a price as an array": (
        "price: Prices = rust_market.market_clearing([1.0], [1.0], 1.0)[0]",
        "assignment",
    ),
    "demand forgotten": ("rust_market.market_clearing([1.0], [1.0])", "call-arg"),
}


def checked(path):
    command = [sys.executable, "-m", "mypy", "--strict", "--no-incremental", path]
    done = subprocess.run(
        command, cwd=REPOSITORY, capture_output=True, text=True, check=False, timeout=300
    )
    return done.returncode, done.stdout


def test_the_program_runs(tmp_path):
    pytest.importorskip("rust_market")
    namespace = {"__name__": "typed_program"}
    exec(compile(PROGRAM.read_text(), PROGRAM, "exec"), namespace)
    prices, paid = namespace["clear_day"](
        np.array([10.0, 20.0]), np.array([50.0, 50.0]), np.array([30.0, 60.0])
    )
    assert (prices.tolist(), paid) == ([10.0, 20.0], 1500.0)
    assert namespace["clear_one"]("rust")[0] == namespace["clear_one"]("python")[0] == 30.0
    assert namespace["clear_auction"]()[0] == 15.0
    assert len(namespace["learn"](tmp_path / "kept.npz")) == 2
    assert namespace["lost_hours"](10) >= 0
    assert namespace["replay"]() == 4


@pytest.mark.long
def test_mypy_accepts_it():
    assert checked(PROGRAM)[0] == 0, checked(PROGRAM)[1]


@pytest.mark.long
@pytest.mark.parametrize(("line", "error"), WRONG.values(), ids=WRONG)
def test_mypy_refuses_a_wrong_one(line, error, tmp_path):
    wrong = tmp_path / "wrong.py"
    wrong.write_text(f"{PROGRAM.read_text()}\n\n{line}\n")
    status, said = checked(wrong)
    assert status == 1 and f"[{error}]" in said, said


@pytest.mark.long
def test_pyright_accepts_it():
    """The target installs pyright where it is not yet."""
    done = make("typecheck", VIRTUAL_ENV=sys.prefix)
    if "No matching distribution" in done.stderr:
        pytest.skip("pyright cannot be installed without internet")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 errors" in done.stdout
