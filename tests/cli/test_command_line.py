"""``python -m market_py``, and the doctor above all."""

import doctest
import importlib
import os
import re
import signal
import subprocess
import sys

import pytest

import market_py.clearing
from helpers.project import PROJECT, requirements
from market_py import doctor
from market_py.__main__ import COMMANDS, main
from market_py.benchmark.report.picture import source_note
from market_py.benchmark.results import Results
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


def test_the_doctor_looks_at_all_that_the_workshop_needs():
    assert sorted(doctor.packages()) == sorted(requirements("workshop"))


def test_the_doctor_needs_nothing_but_python():
    """Isolated, without site-packages: all is missing, and each line says how to get it."""
    done = run("doctor", python=(sys.executable, "-S", "-E"))
    assert done.returncode == 1, done.stderr
    assert "MISSING  numpy" in done.stdout
    assert "-> run `make setup`" in done.stdout
    assert "Missing: numpy, numba" in done.stdout


def test_without_numpy_the_rest_says_what_is_missing():
    done = run("demo", python=(sys.executable, "-S", "-E"))
    assert done.returncode == 2
    assert "No module named" in done.stderr


def test_the_doctor_names_a_wrong_kernel(monkeypatch):
    from jupyter_client.kernelspec import KernelSpec, KernelSpecManager

    wrong = KernelSpec(argv=["/elsewhere/bin/python"])
    monkeypatch.setattr(KernelSpecManager, "get_kernel_spec", lambda *_: wrong)
    assert doctor._kernel().state == "missing"
    assert "/elsewhere/bin/python, not this Python" in doctor._kernel().detail


def test_the_doctor_outlives_what_it_examines(monkeypatch, capsys):
    """Whatever fails is a finding: a broken Jupyter configuration, an unreadable checkout."""

    def fail(*_arguments, **_options):
        raise FileNotFoundError(2, "No usable temporary directory")

    from jupyter_client.kernelspec import KernelSpecManager

    monkeypatch.setattr(KernelSpecManager, "__init__", fail)
    for name in ("_package", "extension.status", "subprocess.run", "find_chromium"):
        monkeypatch.setattr(f"market_py.doctor.{name}", fail)
    assert main(["doctor"]) == 1
    printed = capsys.readouterr().out
    for name in ("numpy", "kernel", "make", "rust_market", "Chromium"):
        assert re.search(rf"^MISSING  {name} +cannot be examined: FileNotFoundError", printed, re.M)
    assert printed.splitlines()[-1].startswith("Missing: ")


@pytest.mark.skipif(os.name == "nt", reason="makes tools of POSIX")
@pytest.mark.parametrize(
    ("tool", "words"),
    [("#!/bin/sh\necho no toolchain >&2; exit 1\n", "fails: no toolchain"), ("#!/no", "Error: ")],
)
def test_the_doctor_names_a_broken_tool(tool, words, tmp_path, monkeypatch):
    (tmp_path / "cargo").write_text(tool)
    (tmp_path / "cargo").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    (cargo,) = (finding for finding in doctor.examine() if finding.name == "cargo")
    assert cargo.state == "missing"
    assert words in cargo.detail


@pytest.mark.skipif(os.name == "nt", reason="users of POSIX")
def test_the_doctor_without_a_home(tmp_path):
    """Nor a place for temporary files, nor a folder that may be written."""
    nowhere = str(tmp_path / "nowhere")
    places = dict.fromkeys(("HOME", "TMPDIR", "JUPYTER_CONFIG_DIR", "IPYTHONDIR"), nowhere)
    done = run("doctor", env=os.environ | places)
    assert done.returncode in (0, 1), done.stderr
    assert "Traceback" not in done.stderr
    assert re.search("^(All is there|Missing: )", done.stdout, re.M)


@pytest.mark.long
def test_the_demo_shows_both_backends(capsys):
    assert main(["demo"]) == 0
    printed = capsys.readouterr().out
    assert "80, 120, 0, 100, 10" in printed
    assert "empty call" in printed
    assert "from market_py import market_clearing" in printed


SMALL = ("bench", "--only", "single", "--sizes", "5", "--variants", "numpy", "python")


@pytest.mark.long
def test_bench_keeps_and_shows(tmp_path, capsys):
    path = tmp_path / "new folder" / "run.json"
    assert main([*SMALL, "--rounds", "3", "--output", str(path)]) == 0
    printed = capsys.readouterr().out
    for shown in ("numpy", "(A/A)", "one pass", "all candidates clear all"):
        assert shown in printed
    (timed,) = Results.load(path).races
    assert timed.key == ("single", "random", 5)
    assert timed.race.candidates == ["numpy", "python"]
    assert timed.race.finished == 3
    for picture in (path.with_suffix(".png"), path.with_suffix(".svg")):
        assert picture.stat().st_size > 10_000
        picture.unlink()
    before = path.read_bytes()
    assert main(["bench", "--plot", str(path), "--compare", str(path)]) == 0
    again = capsys.readouterr().out
    # Nothing is timed: the same tables, and then the comparison with itself.
    assert again.startswith(printed[: printed.index("Kept in")])
    assert "1.00 [" in again
    assert path.read_bytes() == before
    assert path.with_suffix(".png").exists()
    # The picture names its source, as `report --check` expects of that of the reference.
    assert source_note(path) in path.with_suffix(".svg").read_text("utf-8")


def test_bench_compares_runs_of_one_machine_only(tmp_path, capsys):
    path, other = tmp_path / "here.json", tmp_path / "there.json"
    results = Results({"cpu": "fast", "cores": 2}, {})
    results.save(path)
    results.machine["cpu"] = "slow"
    results.save(other)
    compare = ["bench", "--plot", str(path), "--compare", str(other)]
    assert main(compare) == 2
    assert "different machines (cpu: fast and slow)" in capsys.readouterr().err
    assert main([*compare, "--across-machines"]) == 0


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--sizes", "0"], "'0' is not a whole number of at least 1"),
        (["--sizes", "ten"], "'ten' is not a whole number of at least 1"),
        (["--seed", "-1"], "'-1' is not a whole number of at least 0"),
        (["--rounds", "0"], "'0' is not a whole number of at least 1"),
        (["--threads", "0"], "'0' is not a whole number of at least 1"),
        (["--only", "nothing"], "invalid choice: 'nothing' (choose from"),
        (["--distributions", "bell curve"], "invalid choice: 'bell curve' (choose from"),
        (["--variants", "fortran"], "'fortran' is neither a variant nor a backend"),
        (["--plot", "absent.json"], "absent.json: No such file"),
        (["--compare", "absent.json"], "absent.json: No such file"),
        (["--output", "."], "--output .: is a folder"),
        (["--output", "run.png"], "--output run.png: must end in .json"),
        (["--plot", "a.json", "--output", "b.json"], "--output is for a run: choose one"),
        (["--plot", "a.json", "--confirm"], "--confirm measures: choose one"),
        (["--fast"], "unrecognized arguments: --fast"),
    ],
)
def test_bench_refuses_what_makes_no_sense(options, said, capsys):
    try:
        status = main(["bench", *options])
    except SystemExit as refused:  # By argparse.
        status = refused.code
    assert status == 2
    assert said in capsys.readouterr().err


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
@pytest.mark.parametrize(
    "number", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.long)]
)
def test_an_interrupted_bench_keeps_every_complete_round(tmp_path, number):
    path = tmp_path / "run.json"
    options = ["--rounds", "1000000", "--output", str(path)]
    bench = subprocess.Popen(
        [sys.executable, "-m", "market_py", *SMALL, *options],
        cwd=REPOSITORY,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        said = ""
        # The bar has moved: a round is complete.
        while "N = 5" not in said:
            said += bench.stderr.read(1)
        bench.send_signal(number)
        said += bench.communicate(timeout=60)[1]
    finally:
        bench.kill()
    assert bench.returncode == 130, said
    assert f"--plot {path}" in said
    (timed,) = Results.load(path).races
    assert timed.race.finished >= 1
    assert list(tmp_path.iterdir()) == [path]


def test_adequacy_prints_both_indices(capsys):
    assert main(["adequacy", "--years", "3", "--threads", "2"]) == 0
    printed = capsys.readouterr().out
    assert "9.394" in printed
    assert "1,176.3" in printed
    assert "hours at 1,000.00 $/MWh" in printed or "hours at 22.78 $/MWh" in printed


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
@pytest.mark.parametrize("threads", ["1", "3"])
def test_interrupted_adequacy_prints_the_years_so_far(threads):
    study = subprocess.Popen(
        [sys.executable, "-m", "market_py", "adequacy", "--years=1000000", "--threads", threads],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        said = ""
        while not re.search(r"[1-9]\d*/1000000", said):
            said += study.stderr.read(1)
        study.send_signal(signal.SIGINT)
        printed, more = study.communicate(timeout=60)
    finally:
        study.kill()
    assert study.returncode == 130, said + more
    (years,) = re.findall(r"Interrupted after ([\d,]+) of 1,000,000 years", more)
    assert f"Adequacy, {years} years" in printed
    assert "9.394" in printed
    assert "Traceback" not in more


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--years", "0"], "'0' is not a whole number of at least 1"),
        (["--years", "1e3"], "'1e3' is not a whole number of at least 1"),
        (["--seed", "-1"], "'-1' is not a whole number of at least 0"),
        (["--threads", "0"], "'0' is not a whole number of at least 1"),
        (["--backend", "fortran"], "invalid choice: 'fortran'"),
    ],
)
def test_adequacy_refuses_what_makes_no_sense(options, said, capsys):
    with pytest.raises(SystemExit) as refused:
        main(["adequacy", *options])
    assert refused.value.code == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("command", sorted(set(COMMANDS) - {"app"}))  # Voila's own.
def test_help_is_plain_words(command, capsys):
    with pytest.raises(SystemExit) as left:
        main([command, "--help"])
    assert left.value.code == 0
    printed = capsys.readouterr().out
    assert f"python -m market_py {command}" in printed
    assert re.search(r"^[A-Z][^`]+\.$", printed, re.M)
    assert "`" not in printed


@pytest.mark.long
def test_compile_leaves_nothing_to_compile():
    """A second process finds all in the cache."""
    assert main(["compile"]) == 0
    script = (
        "from numba.core import event\n"
        "from market_py.__main__ import main\n"
        "with event.install_recorder('numba:compile') as compiled: main(['compile'])\n"
        "print([it.data['dispatcher'] for _, it in compiled.buffer])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"


@pytest.mark.long
@pytest.mark.parametrize("which", ["few", "all"])
def test_output_that_the_terminal_cannot_show(tmp_path, which):
    """Signs are replaced; nothing is lost for them."""
    path = tmp_path / "café ≥.json"
    commands = [["demo"], [*SMALL, "--rounds", "2", "--output", str(path)]]
    if which == "all":
        commands += [
            ["doctor"],
            ["adequacy", "--years", "1"],
            ["bench", "--plot", str(path), "--compare", str(path)],
        ]
    script = f"from market_py.__main__ import main\nfor c in {commands!a}: main(c); print('done')"
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=REPOSITORY,
        capture_output=True,
        check=False,
        env=os.environ | {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"},
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.decode("ascii").splitlines().count("done") == len(commands)
    assert b"price ?/MWh" in done.stdout
    assert sum(timed.race.finished for timed in Results.load(path).races) == 2
    assert path.with_suffix(".png").exists()


@pytest.mark.parametrize("command", ["adequacy", "bench", "demo"])
def test_a_missing_package_names_its_extra(command, monkeypatch, capsys):
    for name in [name for name in sys.modules if name.startswith(("rich", "market_py.cli."))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "rich", None)
    assert main([command]) == 2
    said = capsys.readouterr().err
    assert 'rich is not installed: pip install "market-py[bench]"' in said


def test_the_script_is_the_same_program(monkeypatch, capsys):
    (name,) = PROJECT["scripts"]
    module, _, function = PROJECT["scripts"][name].partition(":")
    monkeypatch.setattr(sys, "argv", [name, "adequacy", "--years=1", "--backend=numpy"])
    numbers = signal.SIGINT, signal.SIGTERM
    handlers = [signal.getsignal(number) for number in numbers]
    try:
        assert getattr(importlib.import_module(module), function)() == 0
    finally:
        for number, handler in zip(numbers, handlers, strict=True):
            signal.signal(number, handler)
    assert "Adequacy, 1 years" in capsys.readouterr().out


def test_an_unknown_command_is_refused():
    done = run("fly")
    assert done.returncode == 2
    assert "invalid choice: 'fly'" in done.stderr


@pytest.mark.parametrize("module", [market_py, market_py.clearing])
def test_examples_in_docstrings(module):
    result = doctest.testmod(module)
    assert result.attempted > 0
    assert result.failed == 0


def test_what_is_no_notebook_is_said(tmp_path, capsys):
    text = tmp_path / "text.ipynb"
    text.write_text("no notebook")
    assert main(["run", str(tmp_path / "absent.ipynb"), str(text)]) == 1
    said = capsys.readouterr().err
    assert "absent.ipynb: [Errno 2] No such file or directory" in said
    assert "text.ipynb: Notebook does not appear to be JSON" in said


def test_what_the_doctor_prints_may_be_pasted(monkeypatch, tmp_path):
    monkeypatch.setenv("USERPROFILE" if os.name == "nt" else "HOME", str(tmp_path))
    monkeypatch.setattr(doctor.extension, "REPOSITORY", tmp_path / "work" / "market")
    for path, short in (
        (tmp_path / "work" / "market" / ".venv" / "bin" / "python", "./.venv/bin/python"),
        (tmp_path / "conda" / "python", "~/conda/python"),
        ("/usr/bin/python", "/usr/bin/python"),
    ):
        line = str(doctor.Finding("Python", "ok", f"3.13.1 at {path}"))
        assert line.endswith(
            f"3.13.1 at {short}".replace("/", os.sep) if os.name == "nt" else short
        )
    remedy = str(doctor.Finding("it", "missing", "is not there", f"look into {tmp_path}"))
    assert str(tmp_path) not in remedy


def test_the_doctor_says_system_versions_and_build(capsys):
    main(["doctor"])
    lines = capsys.readouterr().out.splitlines()
    assert re.match(r"market-py [\d.]+ on \S+, \d+ cores", lines[0])
    assert all(re.match(r"ok      |MISSING |absent  |  +->", line) for line in lines[1:-1])
    if "rust" in market_py.available_backends():
        assert any(re.search(r"build [0-9a-f]{8}, release", line) for line in lines)
