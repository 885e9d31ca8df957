"""Run a target of the Makefile from a notebook, and raise an error if it fails."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from market_py.extension import REPOSITORY, status

NO_CARGO = """\
Rust is not installed, so the extension cannot be built here. Everything but Rust works without it.
To install it: https://rustup.rs, then restart JupyterLab and run this cell again."""


class BuildError(RuntimeError):
    """A verb of the Makefile failed."""


def make(verb: str) -> None:
    """Run ``make verb`` for the Python of this kernel and stream what it prints.

    Raises
    ------
    BuildError
        It failed, or there is no ``make``.
    """
    if verb == "build-rust" and shutil.which("cargo", path=environment()["PATH"]) is None:
        print(NO_CARGO)
        return
    if shutil.which("make") is None:
        raise BuildError("make is not installed: see the README's troubleshooting section")
    with subprocess.Popen(
        ["make", "--no-print-directory", verb],
        cwd=REPOSITORY,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            print(line, end="", flush=True)
    if process.returncode != 0:
        raise BuildError(f"make {verb} failed with status {process.returncode}; see above")
    if verb == "build-rust":
        _report()


def environment() -> dict[str, str]:
    """Environment in which make finds the environment of this kernel, and cargo."""
    # Those of a `make lab` that runs above must not reach this make.
    inherited = {"MAKEFLAGS", "MFLAGS", "MAKELEVEL", "VIRTUAL_ENV", "CONDA_PREFIX"}
    environment = {name: value for name, value in os.environ.items() if name not in inherited}
    conda = (Path(sys.prefix) / "conda-meta").is_dir()
    environment["CONDA_PREFIX" if conda else "VIRTUAL_ENV"] = sys.prefix
    rustup = os.path.expanduser("~/.cargo/bin")  # noqa: PTH111 - never raises without a HOME
    environment["PATH"] = os.pathsep.join([environment.get("PATH", ""), rustup])
    return environment


def _report() -> None:
    """Say what a new process sees, and whether this one must be restarted to see it too."""
    fresh = subprocess.run(
        [sys.executable, "-m", "market_py.extension"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    print(f"In a fresh process:\n  {fresh.stdout.strip()}")
    if fresh.returncode != 0:
        raise BuildError("make build-rust succeeded, but its extension is not what Python imports")
    # A module that is loaded stays as it was; only a new process loads the new one.
    if "rust_market" in sys.modules:
        current, sentence = status()
        if not current:
            print("In this kernel:", sentence)
            print("Restart the kernel (Kernel > Restart) to use the new build.")
