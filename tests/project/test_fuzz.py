"""A short fuzz of the Rust core finds nothing."""

import re
import shutil

import pytest

from helpers.project import make, posix
from market_py.extension import CRATE

TARGETS = {path.stem for path in (CRATE / "fuzz" / "tests").glob("*.rs")}


@posix
@pytest.mark.long
@pytest.mark.skipif(shutil.which("cargo") is None, reason="no cargo")
def test_every_target_runs():
    done = make("fuzz", "SECONDS=10")
    assert done.returncode == 0, done.stdout + done.stderr
    found = re.findall(r"(\w+) \.\.\.\trun time: .*rng inputs: (\d+)", done.stderr)
    executions = {target: int(number) for target, number in found}
    assert executions.keys() == TARGETS
    assert {"auction", "batch", "clearing", "exact_sums", "replay"} <= TARGETS
    assert min(executions.values()) > 0, executions
