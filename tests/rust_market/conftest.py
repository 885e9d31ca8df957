"""What the tests of the extension share: skipped as a whole where it is not built."""

import subprocess
import sys

import pytest

import market_py

if "rust" not in market_py.available_backends():
    collect_ignore_glob = ["test_*.py"]


@pytest.fixture
def in_process():
    """Run a script in a process of its own, since it may crash or hang; return what it prints."""

    def run(script: str, *arguments: str, seconds: float = 60) -> str:
        command = [sys.executable, "-W", "ignore", "-c", script, *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=seconds)
        assert done.returncode == 0, f"ended with {done.returncode}:\n{done.stderr}"
        return done.stdout

    return run
