"""Two versions of the library are timed against each other, each in processes of its own."""

import os
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from helpers.project import tracked_files
from market_py.benchmark import commits, timing
from market_py.cli import bench_compare
from market_py.extension import REPOSITORY

# One after the other: they count the checkouts that there are.
pytestmark = pytest.mark.xdist_group("checkouts")

LIBRARY = """
class Backend:
    def market_clearing(self, bids, quantities, demand):
        {work}
        return {price}, quantities

def get_backend(name):
    return Backend()
"""
STALE = "the Rust extension is older than its sources: run `make build-rust`"
CASES = {
    "case": commits.CommitCase("any", "market_clearing", 1, 1, [([1.0], [2.0], 1.0)] * 4),
}
QUICK = {"rounds": timing.MIN_ROUNDS, "sample_seconds": 1e-3}


@pytest.fixture
def library(tmp_path):
    """Makes a folder with a `market_py` whose only function does some work."""

    def make(name, work="sum(range(1000))", price="20.0"):
        package = tmp_path / name / "market_py"
        package.mkdir(parents=True)
        (package / "__init__.py").write_text(LIBRARY.format(work=work, price=price))
        return [tmp_path / name]

    return make


def worktrees():
    """Lines of git about the checkouts that this program made."""
    tracked_files()  # Skips where this is not a git checkout.
    command = ["git", "worktree", "list"]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True)
    return [line for line in done.stdout.splitlines() if f"{commits.BUILD.name}/base-" in line]


class TestRace:
    def test_a_slowed_library_is_slower(self, library):
        ticks = []
        folders = {"base": library("base"), "this": library("this", work="sum(range(30_000))")}
        races = commits.race(folders, CASES, **QUICK, progress=lambda: ticks.append(1))
        race = races["case"]
        assert list(race.rounds) == ["base", "this", "base (again)"]
        assert len(ticks) == race.finished == timing.MIN_ROUNDS
        assert race.verdict("this", over="base") == "slower"
        assert race.speedup("this", over="base").value < 0.5
        # A thousand additions take some microseconds.
        assert 1e3 < race.quartiles("base")[1] < 1e6

    def test_a_call_of_many_markets_is_timed_per_market(self, library):
        folders = {"base": library("base"), "this": library("this")}
        cases = {"one": CASES["case"], "many": CASES["case"]._replace(markets=1000)}
        races = commits.race(folders, cases, rounds=1, sample_seconds=1e-4)
        one, many = (race.quartiles("base")[1] for race in races.values())
        assert 100 < one / many < 10_000
        assert (races["one"].distinct, races["many"].distinct) == (4, 4000)

    def test_libraries_that_disagree_are_not_timed(self, library):
        folders = {"base": library("base"), "this": library("this", price="20.5")}
        with pytest.raises(timing.Disagreement, match="base and this clear this market diff"):
            commits.race(folders, CASES, **QUICK)

    @pytest.mark.parametrize(
        ("work", "said"),
        [
            ("raise KeyError", "KeyError"),
            ("import sys; sys.exit(3)", ""),
            (f"import warnings; warnings.warn({STALE!r}, RuntimeWarning)", STALE),
        ],
    )
    def test_a_library_that_fails_is_named(self, library, work, said, capfd):
        folders = {"base": library("base"), "this": library("this", work=work)}
        with pytest.raises(RuntimeError, match=r"^this cannot be timed"):
            commits.race(folders, CASES, **QUICK)
        assert said in capfd.readouterr().err

    def test_what_a_library_prints_is_no_answer(self, library, capfd):
        folders = {"base": library("base"), "this": library("this", work="print('hello')")}
        races = commits.race(folders, CASES, rounds=1, sample_seconds=1e-5)
        assert races["case"].finished == 1
        printed, said = capfd.readouterr()
        assert printed == ""
        assert said.startswith("hello")

    def test_arrays_arrive_as_numpy_makes_them(self, library):
        """numba recognises arguments slowly whose type object is a copy."""
        price = "float(bids.dtype.isbuiltin + 10 * bids.flags.owndata)"
        worker = commits.Worker("it", library("it", price=price), self.arrays())
        try:
            assert worker.receive() is None
            ((found, quantities),) = worker.ask("case", 0)
        finally:
            worker.close()
        assert found == 11
        assert quantities.tolist() == [2.0]

    def arrays(self):
        return {"case": CASES["case"]._replace(inputs=[(np.array([1.0]), np.array([2.0]), 1.0)])}

    def test_a_process_that_ended_is_named(self, library):
        worker = commits.Worker("it", library("it"), CASES)
        assert worker.receive() is None
        worker._process.kill()
        worker._process.wait()
        with pytest.raises(RuntimeError, match=r"^it cannot be timed"):
            worker.ask("case", 1)
        worker.close()

    def test_processes_end_with_the_race(self, library):
        started = commits._started({"base": library("base")}, CASES)
        with pytest.raises(KeyboardInterrupt), started as workers:
            assert workers["base"]._process.poll() is None
            raise KeyboardInterrupt
        assert workers["base"]._process.returncode is not None


def test_both_languages_clear_single_markets_and_a_batch():
    cases = commits.make_cases(["numba", "rust"])
    assert len(cases) == 2 * (len(commits.SIZES) + 1)
    for label, case in cases.items():
        assert label.startswith(case.backend)
        bids, quantities, demand = case.inputs[0]
        assert bids.shape == quantities.shape
        assert np.shape(demand) == (() if case.markets == 1 else (case.markets,))
        assert bids.shape[-1] == case.size
    same, other = commits.make_cases(["rust"]), commits.make_cases(["rust"], seed=1)
    for label, case in same.items():
        assert np.array_equal(case.inputs[0][0], cases[label].inputs[0][0])
        assert not np.array_equal(case.inputs[0][0], other[label].inputs[0][0])


class TestCheckout:
    def test_it_is_removed_whatever_happens(self):
        before = worktrees()
        with pytest.raises(KeyboardInterrupt), commits.checked_out("HEAD") as tree:
            assert (tree / "market_py" / "__init__.py").is_file()
            (tree / "rubbish").touch()
            assert worktrees() != before
            raise KeyboardInterrupt
        assert not tree.parent.exists()
        assert worktrees() == before

    def test_so_it_is_where_git_fails(self):
        before = worktrees()
        with pytest.raises(ValueError, match="invalid reference"), commits.checked_out("nowhere"):
            pass
        assert worktrees() == before
        assert not list(commits.BUILD.glob("base-*"))

    @pytest.mark.skipif(os.name == "nt", reason="programs of POSIX")
    def test_cargo_is_found_where_rustup_puts_it(self, tmp_path, monkeypatch):
        monkeypatch.setenv("PATH", str(tmp_path / "bin"))
        monkeypatch.setenv("HOME", str(tmp_path))
        assert not commits.has_cargo()
        cargo = tmp_path / ".cargo" / "bin" / "cargo"
        cargo.parent.mkdir(parents=True)
        cargo.touch(0o755)
        assert commits.has_cargo()

    def test_what_cannot_be_built_is_said(self, tmp_path):
        with pytest.raises(RuntimeError, match="extension of base cannot be built:\n"):
            commits.build("base", tmp_path, tmp_path / "out")


def finished(ratio):
    """A race in which the working tree takes so many times as long."""
    taken = np.linspace(99, 101, 7)
    rounds = {"base": taken, "this": ratio * taken, "base (again)": taken}
    return {"rust, 5 offers": timing.Race(5, rounds)}


class TestCommand:
    @pytest.mark.parametrize(
        ("ratio", "options", "status", "said"),
        [
            (2, [], 0, "slower"),
            (2, ["--fail-if-slower"], 1, "slower"),
            (1, ["--fail-if-slower"], 0, "indistinguishable"),
            (0.5, ["--fail-if-slower"], 0, "faster"),
        ],
    )
    def test_it_prints_verdicts(self, ratio, options, status, said, monkeypatch, capsys):
        monkeypatch.setattr(bench_compare, "_time", lambda *_: finished(ratio))
        assert bench_compare.main(["HEAD", *options]) == status
        (line,) = (it for it in capsys.readouterr().out.splitlines() if "rust, 5" in it)
        assert said in line
        assert f"{1 / ratio:.2f} [{1 / ratio:.2f}, {1 / ratio:.2f}]" in line

    @pytest.mark.parametrize(
        ("error", "status", "said"),
        [
            (timing.Disagreement("a and b"), 1, "a and b\nThe two commits return different"),
            (RuntimeError("cannot be built"), 2, "cannot be built"),
            (KeyboardInterrupt(), 130, "Interrupted."),
        ],
    )
    def test_it_says_what_went_wrong(self, error, status, said, monkeypatch, capsys):
        def fail(*_):
            raise error

        monkeypatch.setattr(bench_compare, "_time", fail)
        assert bench_compare.main(["HEAD"]) == status
        assert capsys.readouterr().err.startswith(said)

    @pytest.mark.parametrize("name", ["nowhere", "", "--all", "HEAD:README.md"])
    def test_what_is_no_commit_is_refused(self, name, capsys):
        worktrees()
        assert bench_compare.main(["--", name]) == 2
        assert capsys.readouterr().err.startswith(f"{name!r} is no commit here")

    def test_without_rust_only_numba_is_timed(self, monkeypatch, capsys):
        before, seen = worktrees(), []

        def race(folders, cases, **_):
            seen.extend([folders, {case.backend for case in cases.values()}])
            return finished(1)

        monkeypatch.setattr(commits, "has_cargo", lambda: False)
        monkeypatch.setattr(commits, "race", race)
        assert bench_compare.main(["HEAD"]) == 0
        assert bench_compare.NO_RUST in capsys.readouterr().err
        folders, backends = seen
        assert backends == {"numba"}
        assert folders["this"] == [REPOSITORY]
        assert len(folders["base"]) == 1
        assert worktrees() == before

    def test_without_git_there_is_one_sentence(self, monkeypatch, tmp_path, capsys):
        monkeypatch.setenv("PATH", str(tmp_path))
        assert bench_compare.main(["HEAD"]) == 2
        assert "git is not installed" in capsys.readouterr().err


@pytest.mark.long
@pytest.mark.skipif(shutil.which("cargo") is None, reason="no cargo to build with")
def test_a_commit_is_compared_with_itself(capsys):
    before = worktrees()
    assert bench_compare.main(["HEAD", "--rounds", str(timing.MIN_ROUNDS)]) == 0
    printed = capsys.readouterr().out
    for label in commits.make_cases(["numba", "rust"]):
        assert label in printed
    assert worktrees() == before


@pytest.mark.long
@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_an_interrupt_leaves_nothing_behind(tmp_path):
    before = worktrees()
    (tmp_path / "git").symlink_to(shutil.which("git"))
    started = subprocess.Popen(
        [sys.executable, "-m", "market_py", "bench-compare", "HEAD"],
        cwd=REPOSITORY,
        env=os.environ | {"PATH": str(tmp_path), "HOME": str(tmp_path)},
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        said = ""
        while "0/21" not in said:
            said += started.stderr.read(1)
        assert worktrees() != before
        time.sleep(1)  # numba compiles.
        started.send_signal(signal.SIGINT)
        said += started.communicate(timeout=60)[1]
    finally:
        started.kill()
    assert started.returncode == 130, said
    assert said.splitlines()[-1].strip().endswith("Interrupted.")
    assert "Traceback" not in said
    assert worktrees() == before
    assert not list(commits.BUILD.glob("base-*"))
