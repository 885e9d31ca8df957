"""A typed program of a user passes type checkers, which see the stubs of the extension."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from helpers.project import make
from market_py.extension import REPOSITORY

PROGRAM = Path(__file__).with_name("typed_program.py")
WRONG = {
    "rust_market.market_clearing(None, [1.0], 1.0)": "arg-type",
    'rust_market.market_clearing([1.0], [1.0], 1.0, ties="none")': "arg-type",
    "price: Prices = rust_market.market_clearing([1.0], [1.0], 1.0)[0]": "assignment",
    "market_py.market_clearing([1.0], [1.0])": "call-arg",
    'market_py.auction_clearing([1.0], [1.0], [1.0], [1.0], k="half")': "arg-type",
}
"""Lines that a type checker refuses, and what it says of them."""


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
def test_mypy_refuses_what_is_wrong(tmp_path):
    wrong = tmp_path / "wrong.py"
    right = PROGRAM.read_text()
    wrong.write_text("\n".join([right, *WRONG, ""]))
    status, said = checked(wrong)
    first = right.count("\n") + 2
    expected = [(str(first + at), error) for at, error in enumerate(WRONG.values())]
    assert (status, re.findall(r"wrong\.py:(\d+): error: .*\[([a-z-]+)\]", said)) == (1, expected)


@pytest.mark.long
def test_pyright_accepts_it():
    """The target installs pyright where it is not yet."""
    done = make("typecheck", VIRTUAL_ENV=sys.prefix)
    if "No matching distribution" in done.stderr:
        pytest.skip("pyright cannot be installed without internet")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 errors" in done.stdout
