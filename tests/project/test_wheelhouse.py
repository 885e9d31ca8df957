"""`make wheelhouse` collects all that a machine without internet needs."""

import os
import shutil
import subprocess
import sys

import pytest

from helpers.project import ODD, make, posix, stand_in, tracked_files
from market_py.extension import REPOSITORY

OFFLINE = next(
    (
        command
        for command in (["unshare", "-n"], ["unshare", "-rn"])
        if shutil.which("unshare")
        and subprocess.run([*command, "true"], capture_output=True, check=False).returncode == 0
    ),
    None,
)
"""Runs a command that sees no network, not even loopback."""


@posix
@pytest.mark.parametrize("name", ODD)
def test_a_wheelhouse_is_all_that_set_up_looks_at(name, tmp_path):
    wheelhouse = tmp_path / name
    wheelhouse.mkdir()
    said = make("-n", "setup", WHEELHOUSE=str(wheelhouse)).stdout
    quoted = str(wheelhouse).replace("'", "'\\''")
    assert f"pip install --no-index --find-links '{quoted}' -r requirements.lock" in said
    assert said == make("-n", "setup", f"WHEELHOUSE={wheelhouse}").stdout
    # From a notebook's build cell the folder arrives in the environment.
    script = 'export:\n\t@echo "$$CARGO_HOME $$CARGO_NET_OFFLINE"\n'
    (tmp_path / "more.mk").write_text(script)
    files = "-f", "Makefile", "-f", tmp_path / "more.mk"
    done = make(*files, "export", WHEELHOUSE=str(wheelhouse))
    assert done.stdout.splitlines()[-1] == f"{wheelhouse}/cargo true", done.stderr


@posix
def test_a_wheelhouse_that_is_not_there_is_an_error():
    done = make("-n", "setup", "WHEELHOUSE=nowhere")
    assert done.returncode != 0
    assert "There is no folder WHEELHOUSE=nowhere" in done.stderr


@pytest.mark.long
@pytest.mark.skipif(OFFLINE is None, reason="may not take the network away from a process")
@pytest.mark.skipif(shutil.which("cargo") is None, reason="no cargo")
def test_set_up_and_build_without_network(tmp_path):
    wheelhouse, copy = tmp_path / "wheelhouse", tmp_path / "a copy"
    collected = make("wheelhouse", f"INTO={wheelhouse}", VIRTUAL_ENV=stand_in(tmp_path))
    assert collected.returncode == 0, collected.stderr
    for path in tracked_files():
        target = copy / path.relative_to(REPOSITORY)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in ("VIRTUAL_ENV", "CONDA_PREFIX") and not name.startswith(("PIP_", "CARGO_"))
    }
    environment |= {"WHEELHOUSE": str(wheelhouse), "PIP_NO_CACHE_DIR": "1"}

    def offline(*command):
        return subprocess.run(
            [*OFFLINE, *command],
            cwd=copy,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    refused = offline(sys.executable, "-m", "pip", "download", "--no-deps", "numpy")
    assert refused.returncode != 0, "there is a network"
    built = offline("make", "build-rust")
    assert built.returncode == 0, built.stdout[-2000:] + built.stderr[-2000:]
    script = (
        "import market_py, jupyterlab, sphinx, voila, pytest\n"
        "print(market_py.market_clearing([30, 10, 20], [100, 100, 100], 150, backend='rust')[0])\n"
        "print(market_py.__file__)\n"
    )
    price, where = offline(copy / ".venv" / "bin" / "python", "-c", script).stdout.splitlines()
    assert price == "20.0"
    assert where.startswith(str(copy))
    # A machine without Rust takes the extension as it was built here.
    bare = offline(
        copy / ".venv" / "bin" / "python",
        "-m",
        "pip",
        "install",
        "--no-index",
        "--find-links",
        wheelhouse,
        "--force-reinstall",
        "--no-deps",
        "rust_market",
    )
    assert bare.returncode == 0, bare.stderr
    checked = offline(copy / ".venv" / "bin" / "python", "-m", "market_py.extension")
    assert "is current" in checked.stdout
