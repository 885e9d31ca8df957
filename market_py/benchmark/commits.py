"""Time the working tree against an earlier commit, both in one run.

Two runs one after the other would also measure how busy the machine was. Here, as in every race,
each round takes a sample of all candidates, in random order. A candidate is a process that has
imported the library of its commit; the commit that is compared with runs in two of them (A/A
copy). How fast a process is depends on where its code and its data happen to lie in memory. Each
round therefore starts new processes: the interval of the ratio then covers this, too.
"""

from __future__ import annotations

import math
import os
import pickle
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from market_py.benchmark import inputs, timing
from market_py.benchmark.agreement import verify_markets
from market_py.extension import REPOSITORY

BASE, THIS = "base", "this"
"""Candidates: the commit that is compared with, and the working tree."""
SIZES = (5, 20, 200, 1000)
BATCH_MARKETS = 1000
BUILD = REPOSITORY / "build"
PROGRAM = Path(__file__).with_name("commit_worker.py")
REFUSE_STALE = "error:the Rust extension:RuntimeWarning"
"""Makes an error of the warning that an extension is no release build, or not of its sources."""
ESTIMATES = 3
"""Passes whose fastest tells how many a sample needs."""


class CommitCase(NamedTuple):
    """A function of one backend, and the inputs that it is timed on."""

    backend: str
    function: str
    size: int
    """Offers per market."""
    markets: int
    """Markets per call."""
    inputs: Sequence[tuple[Any, ...]]


def make_cases(backends: Sequence[str], seed: int = 0) -> dict[str, CommitCase]:
    """Make the cases by label: single markets of several sizes, and a batch."""
    cases = {}
    sizes = {size: inputs.random_markets(size, seed=seed) for size in SIZES}
    batches = inputs.make_batches("own bids", BATCH_MARKETS, seed)
    for name in backends:
        for size, markets in sizes.items():
            cases[f"{name}, {size:,} offers"] = CommitCase(
                name, "market_clearing", size, 1, markets
            )
        cases[f"{name}, {BATCH_MARKETS:,} markets of {inputs.RTS_OFFERS}"] = CommitCase(
            name, "market_clearing_batch", inputs.RTS_OFFERS, BATCH_MARKETS, batches
        )
    return cases


def find_commit(name: str) -> str:
    """Return the hash of a commit; a ValueError says that there is none of this name."""
    which = f"{name}^{{commit}}"
    problem = f"{name!r} is no commit here"
    return _git("rev-parse", "--verify", "--quiet", "--end-of-options", which, problem=problem)


def _git(*arguments: str, problem: str) -> str:
    """Run git in this repository; where it fails, a ValueError says the problem and why."""
    command = ["git", *arguments]
    try:
        done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise ValueError("git is not installed: there is no commit to compare with") from error
    if done.returncode != 0:
        raise ValueError(f"{problem}: {done.stderr.strip()}".removesuffix(": "))
    return done.stdout.strip()


@contextmanager
def checked_out(commit: str) -> Iterator[Path]:
    """Check a commit out into a temporary folder, and remove it in the end."""
    BUILD.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=BUILD, prefix="base-") as folder:
        tree = Path(folder) / "tree"
        try:
            problem = f"{commit} cannot be checked out"
            _git("worktree", "add", "--detach", str(tree), commit, problem=problem)
            yield tree
        finally:
            remove = ["git", "worktree", "remove", "--force", str(tree)]
            subprocess.run(remove, cwd=REPOSITORY, capture_output=True, check=False)


def has_cargo() -> bool:
    """Return whether Rust is installed."""
    return shutil.which("cargo", path=_path()) is not None


def _path() -> str:
    """Return where programs are; rustup puts cargo into a folder that only new shells know."""
    return os.pathsep.join([os.environ.get("PATH", ""), str(Path.home() / ".cargo" / "bin")])


def build(name: str, tree: Path, into: Path) -> Path:
    """Build the extension of a checkout, and return the folder that it can be imported from.

    What cargo compiled stays in ``build/bench-compare``, for the next time. A RuntimeError holds
    what the compiler says where this fails.
    """
    # A folder for each name: cargo tells checkouts apart by the age of their files only, and would
    # take what it built from the one for that of the other.
    options = {
        "--manifest-path": tree / "rust_market" / "Cargo.toml",
        "--target-dir": BUILD / "bench-compare" / name,
        "--interpreter": sys.executable,
        "--out": into,
    }
    command = [sys.executable, "-m", "maturin", "build", "--release"]
    command += [str(word) for option in options.items() for word in option]
    # A make above, and two kinds of environment at once, confuse maturin.
    hidden = {"MAKEFLAGS", "MFLAGS", "VIRTUAL_ENV", "CONDA_PREFIX"}
    environment = {it: value for it, value in os.environ.items() if it not in hidden}
    environment["PATH"] = _path()
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"the Rust extension of {name} cannot be built:\n{done.stderr}")
    (wheel,) = into.glob("*.whl")
    shutil.unpack_archive(wheel, into, "zip")
    return into


class Worker:
    """A process that times the library in one of these folders, which come first on its path."""

    def __init__(self, name: str, folders: Sequence[Path], cases: Mapping[str, CommitCase]) -> None:
        path = [*map(str, folders), *filter(None, [os.environ.get("PYTHONPATH")])]
        self._name = name
        self._process = subprocess.Popen(
            # Without -P, the modules beside the program could be imported by their bare names.
            [sys.executable, "-P", "-W", REFUSE_STALE, str(PROGRAM)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(path)},
        )
        # Plain tuples: the class may not exist in the other commit.
        plain = {label: (it.backend, it.function, it.inputs) for label, it in cases.items()}
        self._send(plain)

    def ask(self, label: str, passes: int) -> Any:
        """Return the seconds of so many passes through the inputs of a case, or its results."""
        self._send((label, passes))
        return self.receive()

    def receive(self) -> Any:
        """Return the next answer; a RuntimeError says that the process has ended."""
        assert self._process.stdout is not None
        try:
            return pickle.load(self._process.stdout)
        except EOFError as error:
            raise RuntimeError(f"{self._name} cannot be timed: see above") from error

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        # Reads what is left, and closes the pipes.
        self._process.communicate()

    def _send(self, message: Any) -> None:
        assert self._process.stdin is not None
        try:
            pickle.dump(message, self._process.stdin)
            self._process.stdin.flush()
        except BrokenPipeError as error:
            raise RuntimeError(f"{self._name} cannot be timed: see above") from error


@contextmanager
def _started(
    folders: Mapping[str, Sequence[Path]], cases: Mapping[str, CommitCase]
) -> Iterator[dict[str, Worker]]:
    """Start a process for each candidate, and wait until all are ready."""
    with ExitStack() as stack:
        workers = {}
        for name, its in folders.items():
            workers[name] = Worker(name, its, cases)
            stack.callback(workers[name].close)
        for worker in workers.values():
            worker.receive()
        yield workers


def race(
    folders: Mapping[str, Sequence[Path]],
    cases: Mapping[str, CommitCase],
    *,
    rounds: int = timing.ROUNDS,
    sample_seconds: float = timing.SAMPLE_SECONDS,
    seed: int = 0,
    progress: Callable[[], object] = lambda: None,
) -> dict[str, timing.Race]:
    """Time libraries against each other; return a race for each case, by label.

    `folders` say where each library is imported from; the first of them gets the A/A copy. The
    other arguments, and a `Disagreement`, are as for `timing.race`. A RuntimeError says that a
    library cannot be timed.
    """
    # numba compiles here, and the processes of the rounds load what it compiled.
    with _started(folders, cases) as workers:
        passes = {}
        for label, case in cases.items():
            results = {name: iter(worker.ask(label, 0)) for name, worker in workers.items()}
            # The results are there already, in the order of the inputs.
            verify_markets(
                {name: lambda *_, it=it: next(it) for name, it in results.items()}, case.inputs
            )
            seconds = [next(iter(workers.values())).ask(label, 1) for _ in range(ESTIMATES)]
            passes[label] = max(1, math.ceil(sample_seconds / min(seconds)))
    first = next(iter(folders))
    everyone = {**folders, first + timing.AA_SUFFIX: folders[first]}
    taken: dict[str, dict[str, list[float]]] = {
        label: {name: [] for name in everyone} for label in cases
    }
    rng = np.random.default_rng(seed)
    for _ in range(rounds):
        with _started(everyone, cases) as workers:
            for label, number in passes.items():
                order = list(everyone)
                rng.shuffle(order)
                for name in order:
                    workers[name].ask(label, number)  # Warms up.
                for name in order:
                    taken[label][name].append(workers[name].ask(label, number))
        progress()
    return {
        label: timing.Race(
            case.size,
            {
                name: np.array(seconds) * 1e9 / (passes[label] * len(case.inputs) * case.markets)
                for name, seconds in taken[label].items()
            },
            len(case.inputs) * case.markets,
        )
        for label, case in cases.items()
    }
