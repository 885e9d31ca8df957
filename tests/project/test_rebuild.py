"""A kernel says which build of the extension it runs, and when that is older than the sources."""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import KernelManager

from market_py import extension
from market_py.extension import CRATE, REPOSITORY
from market_py.workshop.publish.execution import connection

pytestmark = [
    pytest.mark.long,
    pytest.mark.filterwarnings("default"),
    pytest.mark.skipif(os.name == "nt", reason="links to tools of POSIX"),
    pytest.mark.skipif(shutil.which("cargo") is None, reason="no cargo to build with"),
    pytest.mark.skipif(not extension.status()[0], reason="no current build to begin with"),
]
EXAMINE = "from market_py.workshop.lessons.n00_start_here import panel\nprint(panel.examine())"


@pytest.fixture
def tree(tmp_path):
    """A copy of the sources, to be changed."""
    tree = tmp_path / "tree"
    skipped = shutil.ignore_patterns("target", "__pycache__")
    for folder in ("market_py", "rust_market"):
        shutil.copytree(REPOSITORY / folder, tree / folder, ignore=skipped)
    for file in ("Makefile", "pyproject.toml", "requirements.lock", "README.md", "LICENSE"):
        shutil.copy(REPOSITORY / file, tree)
    return tree


@pytest.fixture
def kernel(tree, tmp_path):
    """A kernel of an environment of its own, which sees that copy and all packages of this one."""
    place = tmp_path / "venv"
    venv.create(place, symlinks=True)
    (packages,) = place.glob("lib/python*/site-packages")
    (packages / "borrowed.pth").write_text(f"{tree}\n{sysconfig.get_path('purelib')}\n")
    maturin = "bin/maturin"
    (place / maturin).symlink_to(Path(sys.prefix) / maturin)
    # What `make setup` leaves: there is nothing to install.
    sums = subprocess.run(
        ["cksum", "pyproject.toml", "requirements.lock"],
        cwd=tree,
        capture_output=True,
        text=True,
        check=True,
    )
    state = f"{tree} " + sums.stdout.replace("\n", " ")
    (place / ".rust-market-setup").write_text(state + "\n")
    spec = {
        "argv": [
            *(str(place / "bin" / "python"), "-m", "ipykernel_launcher"),
            *("-f", "{connection_file}"),
        ],
        "display_name": "copy",
        "language": "python",
    }
    folder = tmp_path / "kernels" / "copy"
    folder.mkdir(parents=True)
    (folder / "kernel.json").write_text(json.dumps(spec))
    manager = KernelManager(
        kernel_name="copy",
        kernel_spec_manager=KernelSpecManager(kernel_dirs=[str(folder.parent)]),
        **connection(tmp_path),
    )
    outside = {"PYTHONPATH", "VIRTUAL_ENV", "CONDA_PREFIX"}
    environment = {name: value for name, value in os.environ.items() if name not in outside}
    manager.start_kernel(cwd=str(tmp_path), env=environment)
    yield manager
    manager.shutdown_kernel(now=True)


def run(kernel, source, seconds=60):
    """Execute a cell, and return what it prints or displays, warnings included."""
    client = kernel.client()
    client.start_channels()
    client.wait_for_ready(timeout=60)
    said = []

    def hear(message):
        if message["msg_type"] == "stream":
            said.append(message["content"]["text"])
        elif message["msg_type"] == "display_data":
            said.append(message["content"]["data"]["text/plain"])

    reply = client.execute_interactive(source, timeout=seconds, output_hook=hear)
    client.stop_channels()
    assert reply["content"]["status"] == "ok", "".join(said)
    return "".join(said)


def test_a_kernel_says_which_build_it_runs(kernel, tree, monkeypatch):
    old = extension.source_id()
    said = run(kernel, f"{EXAMINE}\nimport market_py; print(market_py.__file__)")
    assert str(tree) in said
    assert f"the Rust extension is current: {version()}, build {old}, release" in said

    with (tree / "rust_market" / "core" / "src" / "lib.rs").open("a") as source:
        source.write("// Another line.\n")
    monkeypatch.setattr(extension, "CRATE", tree / CRATE.name)
    new = extension.source_id()
    assert new != old
    stale = "the Rust extension is older than its sources: run `make build-rust`"
    assert stale in run(kernel, EXAMINE)
    kernel.restart_kernel(now=True)
    assert stale in run(kernel, "from market_py import get_backend\nget_backend('rust')")

    built = run(
        kernel, "from market_py.workshop.build import make\nmake('build-rust')", seconds=600
    )
    fresh, here = built.split("In this kernel:")
    assert f"build {new}" in fresh
    assert stale in here
    assert "Restart the kernel" in here
    kernel.restart_kernel(now=True)
    assert f"is current: {version()}, build {new}, release" in run(kernel, EXAMINE)
    # This environment has its own build still.
    done = subprocess.run(
        [sys.executable, "-m", "market_py.extension"], capture_output=True, text=True, check=True
    )
    assert f"build {old}" in done.stdout


def version():
    return extension.find().__version__
