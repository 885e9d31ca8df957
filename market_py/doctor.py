"""Find out what is installed, what is missing, and how to get it; no package is needed."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Literal

from market_py import extension

MAKE = "install make (Debian: apt-get install make; macOS: xcode-select --install)"
RUSTUP = "install Rust from https://rustup.rs (then open a new terminal)"


@dataclass(frozen=True)
class Finding:
    """One thing looked at."""

    name: str
    state: Literal["ok", "missing", "optional"]
    detail: str
    remedy: str = ""

    def __str__(self) -> str:
        """Show it on a line, with the remedy on the next."""
        sign = {"ok": "ok     ", "missing": "MISSING", "optional": "absent "}[self.state]
        line = f"{sign}  {self.name:<16} {self.detail}"
        return redact_paths(line + (f"\n         -> {self.remedy}" if self.remedy else ""))


def redact_paths(text: str) -> str:
    """Shorten the paths in a text, which say who somebody is when they are pasted."""
    home = Path(os.path.expanduser("~"))  # noqa: PTH111 - Path.home() raises without a HOME
    for folder, short in ((extension.REPOSITORY, "."), (home, "~")):
        if folder.is_absolute() and folder != Path(folder.anchor):
            text = text.replace(str(folder), short)
    return text


def examine() -> list[Finding]:
    """Look at everything that the workshop uses; what cannot be looked at is missing."""
    return [
        _look("Python", _python),
        _look("environment", _environment),
        *(_look(name, _package, name) for name in packages()),
        _look("kernel", _kernel),
        _look("make", _tool, "make", MAKE),
        _look("cargo", _tool, "cargo", RUSTUP),
        _look("rust_market", _extension),
        _look("Chromium", _browser),
    ]


def _look(name: str, find: Callable[..., Finding], *arguments: str) -> Finding:
    """Return the finding, or the error of a search that fails (a broken tool, an odd folder)."""
    try:
        return find(*arguments)
    except Exception as error:
        return Finding(name, "missing", f"cannot be examined: {type(error).__name__}: {error}")


def packages() -> list[str]:
    """Names of the packages that the workshop needs, from the metadata of market-py.

    Where market-py is not installed: those that set-up installs first.
    """
    try:
        required = requires("market-py") or []
    except PackageNotFoundError:
        return ["numpy", "numba", "jupyterlab", "ipywidgets"]
    wanted = (line for line in required if ";" not in line or "workshop" in line.split(";")[1])
    return [re.split(r"[^\w.-]", line, maxsplit=1)[0] for line in wanted]


def report() -> int:
    """Print the findings, to be pasted at check-in; 1 if something is missing."""
    findings = examine()
    print(f"market-py {_own_version()} on {platform.platform()}, {os.cpu_count()} cores")
    for finding in findings:
        print(finding)
    missing = [finding.name for finding in findings if finding.state == "missing"]
    print("All is there." if not missing else f"Missing: {', '.join(missing)}.")
    return bool(missing)


def _own_version() -> str:
    """Version of the project, also where it is not installed."""
    try:
        return version("market-py")
    except PackageNotFoundError:
        return "(not installed)"


def _python() -> Finding:
    detail = f"{platform.python_version()} at {sys.executable}"
    if sys.version_info >= (3, 11):  # noqa: UP036 - people run it with older versions
        return Finding("Python", "ok", detail)
    return Finding("Python", "missing", detail, "install Python 3.11 or newer: www.python.org")


def _environment() -> Finding:
    conda = (Path(sys.prefix) / "conda-meta").is_dir()
    if conda or sys.prefix != sys.base_prefix:
        return Finding("environment", "ok", f"{'conda' if conda else 'venv'} {sys.prefix}")
    remedy = "run `make setup`, then use .venv/bin/python, or activate .venv"
    return Finding("environment", "optional", "no venv or conda environment is active", remedy)


def _package(name: str) -> Finding:
    try:
        return Finding(name, "ok", version(name))
    except PackageNotFoundError:
        return Finding(name, "missing", "not installed for this Python", "run `make setup`")


def _kernel() -> Finding:
    """Whether notebooks run in this Python."""
    remedy = "run `make lab`, and choose the kernel Python 3 (ipykernel)"
    try:
        from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel
    except ImportError:
        return Finding("kernel", "missing", "jupyter_client is not installed", "run `make setup`")
    try:
        command = KernelSpecManager().get_kernel_spec("python3").argv[0]
    except NoSuchKernel:
        return Finding("kernel", "missing", "there is no kernel python3", "run `make setup`")
    # Jupyter replaces a bare name by its own Python.
    found = sys.executable if command.startswith("python") else shutil.which(command)
    if found and Path(found).parent == Path(sys.executable).parent:
        return Finding("kernel", "ok", f"python3 runs {found}")
    return Finding("kernel", "missing", f"python3 runs {command}, not this Python", remedy)


def _tool(name: str, remedy: str) -> Finding:
    rustup = os.path.expanduser("~/.cargo/bin")  # noqa: PTH111 - never raises without a HOME
    path = shutil.which(name) or shutil.which(name, path=rustup)
    if path is None:
        return Finding(name, "missing", "not found", remedy)
    command = [path, "--version"]
    done = subprocess.run(
        command, capture_output=True, text=True, errors="replace", check=False, timeout=60
    )
    if done.returncode != 0:
        return Finding(name, "missing", f"{path} fails: {done.stderr.strip()[:200]}", remedy)
    return Finding(name, "ok", done.stdout.partition("\n")[0] or path)


def _extension() -> Finding:
    current, sentence = extension.status()
    if current:
        return Finding("rust_market", "ok", sentence)
    return Finding("rust_market", "missing", sentence, "run `make build-rust`")


def _browser() -> Finding:
    path = find_chromium()
    if path:
        return Finding("Chromium", "ok", f"{path} (drives the browser tests)")
    detail = "not found; only the browser tests need it"
    return Finding("Chromium", "optional", detail, CHROMIUM_REMEDY)


CHROMIUM_REMEDY = "Debian: apt-get install -y chromium fonts-dejavu-core"


def find_chromium() -> str | None:
    """Path of a Chromium that the browser tests can drive, or None."""
    names = ("chromium", "chromium-browser", "google-chrome", "chrome")
    which: Callable[[str], str | None] = shutil.which
    return next(filter(None, map(which, names)), None)
