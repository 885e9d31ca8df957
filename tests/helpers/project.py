"""The repository's files, and the verbs of its Makefile."""

import os
import shutil
import subprocess

import pytest

from market_py.extension import REPOSITORY

posix = pytest.mark.skipif(os.name == "nt", reason="paths and tools of POSIX")


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
