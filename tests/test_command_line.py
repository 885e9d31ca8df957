"""``python -m market_py``, and the doctor above all."""

import doctest
import re
import subprocess
import sys

import pytest

import market_py.clearing
from market_py import doctor
from market_py.__main__ import main
from market_py.extension import REPOSITORY


def run(*arguments, python=(sys.executable,), **options):
    return subprocess.run(
        [*python, "-m", "market_py", *arguments],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
        **options,
    )


def test_the_doctor_finds_all(capsys):
    main(["doctor"])
    printed = capsys.readouterr().out
    for name in ("Python", "numpy", "numba", "jupyterlab", "ipywidgets", "kernel"):
        assert re.search(rf"^ok       {name} ", printed, re.M), name


def test_the_doctor_needs_nothing_but_python():
    """Isolated, without site-packages: all is missing, and each line says how to get it."""
    done = run("doctor", python=(sys.executable, "-S", "-E"))
    assert done.returncode == 1, done.stderr
    assert "MISSING  numpy" in done.stdout
    assert "-> run `make setup`" in done.stdout
    assert "Missing: numpy, numba" in done.stdout


def test_without_numpy_the_rest_says_what_is_missing():
    done = run("demo", python=(sys.executable, "-S", "-E"))
    assert done.returncode == 1
    assert "No module named" in done.stderr


def test_the_doctor_names_a_wrong_kernel(monkeypatch):
    from jupyter_client.kernelspec import KernelSpec, KernelSpecManager

    wrong = KernelSpec(argv=["/elsewhere/bin/python"])
    monkeypatch.setattr(KernelSpecManager, "get_kernel_spec", lambda *_: wrong)
    assert doctor._kernel().state == "missing"
    assert "/elsewhere/bin/python, not this Python" in doctor._kernel().detail


def test_the_demo_shows_both_backends(capsys):
    assert main(["demo"]) == 0
    printed = capsys.readouterr().out
    assert "80, 120, 0, 100, 10" in printed
    assert "empty call" in printed
    assert "from market_py import market_clearing" in printed


def test_bench_prints_a_table(capsys):
    assert main(["bench", "--sizes", "5"]) == 0
    printed = capsys.readouterr().out
    assert "numba-sort" in printed
    assert "(A/A)" in printed


def test_adequacy_prints_both_indices(capsys):
    assert main(["adequacy", "--years", "3", "--threads", "2"]) == 0
    printed = capsys.readouterr().out
    assert "9.394" in printed
    assert "1,176.3" in printed
    assert "hours at 1,000.00 $/MWh" in printed or "hours at 22.78 $/MWh" in printed
    assert main(["adequacy", "--years", "0"]) == 2
    assert "years = 0: must be at least 1" in capsys.readouterr().err


def test_an_unknown_command_is_refused():
    done = run("fly")
    assert done.returncode == 2
    assert "invalid choice: 'fly'" in done.stderr


@pytest.mark.parametrize("module", [market_py, market_py.clearing])
def test_examples_in_docstrings(module):
    result = doctest.testmod(module)
    assert result.attempted > 0
    assert result.failed == 0
