"""The files that set up an environment agree, and the targets of the Makefile do what they say."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
import venv
from pathlib import Path

import nbformat
import numpy as np
import pytest
import yaml
from nbconvert import ScriptExporter

from helpers.project import (
    NAME,
    ODD,
    PROJECT,
    make,
    posix,
    requirements,
    stand_in,
    tracked_files,
)
from market_py import extension
from market_py.extension import CRATE, REPOSITORY
from market_py.workshop import build

EVERYTHING = requirements("workshop", "book", "test")


def test_the_conda_environment_agrees_with_pyproject():
    environment = yaml.safe_load((REPOSITORY / "environment.yml").read_text())
    listed = []
    for entry in environment["dependencies"]:
        listed += entry["pip"] if isinstance(entry, dict) else [entry]
    conda = {NAME.match(line)[0]: line.replace(" ", "") for line in listed}
    # What pip users bring themselves.
    tools = {"pip", "make", "c-compiler", "rust", "python"}
    assert {name: line for name, line in conda.items() if name not in tools} == EVERYTHING
    assert conda["python"] == f"python{PROJECT['requires-python']}"
    cargo = tomllib.loads((CRATE / "Cargo.toml").read_text())["workspace"]["package"]
    assert conda["rust"] == f"rust>={cargo['rust-version']}"
    assert environment["channels"][0] == "conda-forge"


def test_the_lock_file_pins_everything_and_names_no_host():
    lock = (REPOSITORY / "requirements.lock").read_text()
    pins = {}
    for line in lock.splitlines():
        pin = re.fullmatch(r"([a-z0-9.-]+)==([A-Za-z0-9.]+)( ; .+)?", line)
        assert pin, line
        pins.setdefault(pin[1], []).append(pin[2])
    assert {name.lower() for name in EVERYTHING} <= pins.keys()
    assert "://" not in lock
    # The other extras are large, and asked for by name.
    assert not {"stable-baselines3", "torch"} & pins.keys()


def test_the_versions_agree():
    cargo = tomllib.loads((CRATE / "Cargo.toml").read_text())
    assert cargo["workspace"]["package"]["version"] == PROJECT["version"]


def test_no_file_is_large_or_binary():
    for path in tracked_files():
        if path.is_file():
            content = path.read_bytes()
            assert len(content) < 900_000, path
            # The animated picture of the README is made by `make picture`.
            assert b"\0" not in content or path.suffix == ".webp", path


def test_help_is_the_default_and_lists_every_verb():
    done = make()
    assert done.returncode == 0
    verbs = re.findall(r"^([a-z-]+):.*## ", (REPOSITORY / "Makefile").read_text(), re.M)
    assert {"setup", "build-rust", "lab", "run", "book", "app", "wheelhouse", "test"} <= set(verbs)
    for verb in verbs:
        assert re.search(rf"^  make {verb} +\w", done.stdout, re.M), verb


@posix
def test_an_active_environment_is_used():
    assert "'/some where/bin/python'" in make("-n", "setup", VIRTUAL_ENV="/some where").stdout
    conda = make("-n", "setup", CONDA_PREFIX="/conda/env").stdout
    assert "'/conda/env/bin/python' -m pip install -e \".[workshop,book,test]\"" in conda
    assert (
        "'.venv/bin/python' -m pip install -r requirements.lock -e ." in make("-n", "setup").stdout
    )
    # maturin refuses when both kinds are announced.
    assert (
        "env -u MAKEFLAGS -u MFLAGS -u VIRTUAL_ENV '/conda/env"
        in make("-n", "build-rust", CONDA_PREFIX="/conda/env").stdout
    )


def copy_of_the_makefile(folder):
    """The real Makefile in another folder, with an environment whose Python only counts."""
    for name in ("Makefile", "pyproject.toml", "requirements.lock"):
        shutil.copy(REPOSITORY / name, folder)
    (folder / ".venv" / "bin").mkdir(parents=True)
    (folder / ".venv" / "pyvenv.cfg").touch()
    python = folder / ".venv" / "bin" / "python"
    python.write_text('#!/bin/sh\nprintf "%s\\n" "$0 $*" >> calls\n')
    python.chmod(0o755)


@posix
@pytest.mark.parametrize("name", ODD)
@pytest.mark.parametrize("is_active", [False, True])
def test_set_up_in_any_path_is_idempotent(name, is_active, tmp_path):
    folder = tmp_path / name
    folder.mkdir()
    copy_of_the_makefile(folder)
    active = {"VIRTUAL_ENV": str(folder / ".venv")} if is_active else {}
    for _ in range(3):
        done = make("setup", folder=folder, **active)
        assert done.returncode == 0, done.stderr
    (call,) = (folder / "calls").read_text().splitlines()
    python = f"{folder}/.venv/bin/python" if is_active else ".venv/bin/python"
    assert call == f"{python} -m pip install -r requirements.lock -e ."
    (folder / "requirements.lock").write_text("numpy==1\n")
    assert make("setup", folder=folder, **active).returncode == 0
    assert len((folder / "calls").read_text().splitlines()) == 2
    shutil.move(folder, moved := tmp_path / "moved")
    assert make("setup", folder=moved, VIRTUAL_ENV=str(moved / ".venv")).returncode == 0
    assert len((moved / "calls").read_text().splitlines()) == 3


@posix
@pytest.mark.parametrize("name", ODD)
def test_the_build_cell_in_any_path(name, tmp_path, monkeypatch, capsys):
    """Through a make that calls another."""
    folder = tmp_path / name
    (folder / "bin").mkdir(parents=True)
    copy_of_the_makefile(folder)
    (folder / "bin" / "cargo").write_text("#!/bin/sh\n")
    (folder / "bin" / "cargo").chmod(0o755)
    monkeypatch.setattr(build, "REPOSITORY", folder)
    monkeypatch.setattr(sys, "prefix", str(folder / ".venv"))
    monkeypatch.setenv("PATH", f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}")
    build.make("build-rust-if-possible")
    called = [call for call in (folder / "calls").read_text().splitlines() if "extension" in call]
    assert called == [f"{folder}/.venv/bin/python -m market_py.extension"]
    assert "not installed" not in capsys.readouterr().out


@posix
def test_without_cargo_there_is_one_clear_message(tmp_path):
    for tool in ("sh", "env", "cat", "cksum", "tr", "id", "make"):
        (tmp_path / tool).symlink_to(shutil.which(tool))
    without = {"PATH": str(tmp_path), "HOME": str(tmp_path), "VIRTUAL_ENV": stand_in(tmp_path)}
    done = make("build-rust", **without)
    assert done.returncode != 0
    assert "Rust is not installed: get it from https://rustup.rs" in done.stderr
    done = make("build-rust-if-possible", **without)
    assert done.returncode == 0
    assert "All the rest works without it." in done.stderr


@posix
@pytest.mark.skipif(shutil.which("cargo") is None, reason="no cargo")
@pytest.mark.skipif(not extension.status()[0], reason="no current build")
def test_building_again_does_nothing(tmp_path):
    done = make("build-rust", VIRTUAL_ENV=stand_in(tmp_path))
    assert done.returncode == 0
    assert done.stdout.splitlines()[-1].startswith("the Rust extension is current")


@pytest.mark.long
@pytest.mark.skipif(shutil.which("cargo") is None, reason="no cargo")
def test_the_wheel_needs_only_numpy(tmp_path):
    """The stand-alone wheel, installed in an empty environment, clears a market."""
    wheels = tmp_path / "wheels"
    built = subprocess.run(
        [sys.executable, "-m", "maturin", "build", "--release", "--out", wheels],
        cwd=CRATE,
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stderr
    (wheel,) = wheels.glob("rust_market-*.whl")
    venv.create(tmp_path / "empty")
    python = tmp_path / "empty" / ("Scripts" if os.name == "nt" else "bin") / "python"
    # NumPy from here: nothing is downloaded.
    (there,) = (tmp_path / "empty").rglob("site-packages")
    for part in Path(np.__file__).parents[1].glob("numpy*"):
        shutil.copytree(part, there / part.name, ignore=shutil.ignore_patterns("tests"))
    install = "pip", "--python", python, "install", "--quiet", "--no-index", wheel
    subprocess.run([sys.executable, "-m", *install], check=True)
    script = (
        "import importlib.metadata as m, pathlib, rust_market as r\n"
        "print(r.market_clearing([30, 10, 20], [100, 100, 100], 150))\n"
        "print(sorted({d.name for d in m.distributions()} - {'pip', 'setuptools'}))\n"
        "print(sorted(p.name for p in m.files('rust_market') if p.suffix in ('.pyi', '.typed')))\n"
    )
    done = subprocess.run(
        [python, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    market, installed, typed = done.stdout.splitlines()
    assert market == "(20.0, array([  0., 100.,  50.]))"
    assert installed == "['numpy', 'rust_market']"
    assert typed == "['__init__.pyi', 'py.typed']"


@posix
def test_binder_builds_the_extension_in_its_environment(tmp_path):
    """With the real script, and a make and a Python that only say what they are asked."""
    script = REPOSITORY / "postBuild"
    assert os.access(script, os.X_OK)
    assert script.read_text().startswith("#!/bin/bash\n") and "\nset -e\n" in script.read_text()
    for tool in ("make", "python"):
        (tmp_path / tool).write_text(f'#!/bin/sh\necho "{tool} $@ in $CONDA_PREFIX$VIRTUAL_ENV"\n')
        (tmp_path / tool).chmod(0o755)
    environment = {
        "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}",
        "NB_PYTHON_PREFIX": "/srv/conda/envs/notebook",
        "CONDA_PREFIX": "/srv/conda",
        "VIRTUAL_ENV": "/elsewhere",
    }

    def run():
        return subprocess.run(
            [script], env=environment, capture_output=True, text=True, check=False
        )

    done = run()
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0] == "make build-rust in /srv/conda/envs/notebook"
    (tmp_path / "make").write_text("#!/bin/sh\nexit 3\n")
    assert run().returncode == 3


def test_notebooks_say_their_language_and_hold_no_widgets():
    """`nbconvert --to script` writes Python; the state of widgets is saved, but not committed."""
    paths = sorted((REPOSITORY / "notebooks").glob("*.ipynb"))
    for path in paths:
        metadata = nbformat.read(path, as_version=4).metadata
        assert set(metadata) == {"kernelspec", "language_info"}, path
        assert metadata.language_info.name == "python", path
    source, resources = ScriptExporter().from_filename(str(paths[0]))
    assert resources["output_extension"] == ".py"
    compile(source, paths[0].name, "exec")


def test_the_lab_saves_the_state_of_widgets():
    """Otherwise a notebook that is opened again says "model not found" for each of them."""
    settings = json.loads((REPOSITORY / "notebooks" / ".lab" / "overrides.json").read_text())
    name = "@jupyter-widgets/jupyterlab-manager:plugin"
    assert settings[name] == {"saveState": True}
    # The extension knows this setting.
    extensions = Path(sys.prefix) / "share" / "jupyter" / "labextensions"
    (schema,) = extensions.glob(f"*/*/schemas/{name.replace(':', '/')}.json")
    assert "saveState" in json.loads(schema.read_text())["properties"]


GROUP = """
import os, pathlib, pytest

@pytest.mark.xdist_group("one")
@pytest.mark.parametrize("number", range(6))
def test_it(number):
    pathlib.Path(__file__).with_name(os.environ["PYTEST_XDIST_WORKER"]).touch()
"""


def test_the_tests_of_a_group_share_a_worker(tmp_path):
    """Not so with every pair of versions of pytest and pytest-xdist."""
    (tmp_path / "test_group.py").write_text(GROUP)
    command = [sys.executable, "-m", "pytest", "-n2", "--dist=loadgroup", f"--rootdir={tmp_path}"]
    subprocess.run([*command, tmp_path], cwd=tmp_path, check=True, capture_output=True)
    assert len(list(tmp_path.glob("gw*"))) == 1
