"""The repository's files, and the targets of its Makefile."""

import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib

import pytest

from market_py.extension import REPOSITORY

posix = pytest.mark.skipif(os.name == "nt", reason="paths and tools of POSIX")


PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
NAME = re.compile(r"[A-Za-z0-9_.-]+")


def requirements(*extras):
    """What the project needs with these extras, by name; an extra may name others of its own."""
    todo = list(PROJECT["dependencies"])
    for extra in extras:
        todo += PROJECT["optional-dependencies"][extra]
    found = {}
    for line in todo:
        if own := re.fullmatch(rf"{PROJECT['name']}\[(.*)\]", line):
            found |= requirements(*own[1].split(","))
        else:
            found[NAME.match(line)[0]] = line.replace(" ", "")
    return found


def tracked_files():
    if shutil.which("git") is None:
        pytest.skip("no git")
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode != 0:
        pytest.skip("not a git checkout")
    return [REPOSITORY / line for line in listed.stdout.splitlines()]


def make(*arguments, folder=REPOSITORY, **environment):
    kept = {k: v for k, v in os.environ.items() if k not in ("VIRTUAL_ENV", "CONDA_PREFIX")}
    return subprocess.run(
        ["make", "--no-print-directory", *arguments],
        cwd=folder,
        env=kept | environment,
        capture_output=True,
        text=True,
        check=False,
    )


ODD = ["a path with spaces", "$HOME $x", 'a "quoted" one', "`pwd`", "it's; #1", "é & (b)"]
"""Names of folders that make or the shell would take for something else."""


def stand_in(folder):
    """An environment with the packages of this one, in which nothing is ever installed.

    Where the tests run in an environment that another checkout was set up in, make would install
    this one there instead.
    """
    python = folder / "environment" / "bin" / "python"
    python.parent.mkdir(parents=True)
    real = shlex.quote(sys.executable)
    python.write_text(f'#!/bin/sh\n[ "$2 $3" = "pip install" ] && exit\nexec {real} "$@"\n')
    python.chmod(0o755)
    return str(python.parent.parent)
