"""Verify a learner's function in a new process.

An endless loop or a stack overflow then ends that process, not the kernel. The process runs this
file with a file, a function and a `Kind`; it prints what is wrong and ends with 1, or prints
nothing. It imports no widgets and no plots, which would take seconds.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any, Literal

import numpy as np

import market_py
from market_py.validation import Float64Array

SECONDS = {".py": 60.0}
"""A process that takes longer is ended; numba compiles within its time."""
DEFAULT_SECONDS = 10.0
MARKETS = 300
BATCHES = 20

CAUSES = "Does it call itself without end, or, in numba, use an index that is out of bounds?"

Kind = Literal["market", "batch"]
"""What a function clears in a call."""
Market = tuple[Float64Array, Float64Array, float]


def load(file: Path, function: str) -> Callable[..., Any]:
    """Load a function from a file: a Python module, compiled or not."""
    spec = spec_from_file_location(file.name.partition(".")[0], file)
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    # numba asks for the module when it caches a function.
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    found: Callable[..., Any] = getattr(module, function)
    return found


def problem_in_new_process(
    file: Path, function: str, kind: Kind, seconds: float | None = None
) -> str:
    """Return what is wrong with a function; nothing if it clears all markets right."""
    seconds = seconds or SECONDS.get(file.suffix, DEFAULT_SECONDS)
    command = [sys.executable, "-P", __file__, str(file), function, kind]
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            timeout=seconds,
        )
    except subprocess.TimeoutExpired:
        compiled = ", compilation included" * (file.suffix == ".py")
        return (
            f"{function} did not return within {seconds:g} s{compiled}: is there an endless loop?"
        )
    if done.returncode < 0 or (done.returncode and not done.stdout):
        ended = f"{function} ended its process (status {done.returncode}). {CAUSES}"
        return f"{ended}\n{done.stderr[-2000:]}".rstrip()
    return done.stdout.strip()


def markets() -> Iterator[Market]:
    """Make markets that all variants clear alike, the smallest first.

    Prices are distinct and demand is not at a step of supply; in some markets it cannot be met.
    """
    rng = np.random.default_rng(3)
    for number in range(MARKETS):
        offers = 1 + number // 10 if number < MARKETS - 10 else 500
        bids = rng.permutation(np.arange(2.0 * offers))[:offers] - offers / 2.0
        quantities = rng.integers(1, 100, offers).astype(np.float64)
        share = 1.1 if number % 10 == 0 else rng.uniform(0.05, 0.95)
        yield bids, quantities, float(np.floor(share * quantities.sum())) + 0.5


def problem(name: str, function: Callable[..., Any], kind: Kind) -> str:
    """Return what is wrong with a function."""
    if kind == "batch":
        return _problem_of_batches(name, function)
    for bids, quantities, demand in markets():
        expected = market_py.market_clearing(bids, quantities, demand, backend="python")
        given = bids.copy(), quantities.copy()
        answer = _answer(function, *given, demand)
        if isinstance(answer, str) or not _same(answer, expected, demand):
            call = f"{name}({bids.tolist()}, {quantities.tolist()}, {demand})"
            return _told(call, answer, expected)
        if not (np.array_equal(given[0], bids) and np.array_equal(given[1], quantities)):
            return f"{name} changes its arguments: it must leave them as they are."
    return ""


def _problem_of_batches(name: str, function: Callable[..., Any]) -> str:
    rng = np.random.default_rng(4)
    for number in range(BATCHES):
        # Few markets first: there may be fewer than threads.
        shape = 1 + number * number // 8, 1 + 2 * number
        bids = rng.permuted(np.tile(np.arange(1.0, 1 + shape[1]), (shape[0], 1)), axis=1)
        quantities = rng.integers(1, 100, shape).astype(float)
        share = rng.uniform(0.05, 0.95, shape[0])
        demand = np.floor(share * quantities.sum(axis=1)) + 0.5
        expected = market_py.market_clearing_batch(bids, quantities, demand, backend="numpy")
        for threads in (1, 2, 3):
            answer = _answer(function, bids.copy(), quantities.copy(), demand.copy(), threads)
            if isinstance(answer, str) or not _same(answer, expected, demand):
                about = f"bids of shape {shape}, threads = {threads}"
                return _told(f"{name} for {about}", answer, expected)
    return ""


def _answer(function: Callable[..., Any], *arguments: Any) -> Any:
    """Return price and dispatch, or a sentence."""
    try:
        answer = function(*arguments)
    except BaseException as error:  # A panic in Rust is not an Exception.
        return f"fails: {type(error).__name__}: {error}"
    try:
        price, dispatch = answer
        return np.asarray(price, float), np.asarray(dispatch, float)
    except (TypeError, ValueError):
        return f"returns {answer!r}; a price and the dispatch are wanted"


def _same(answer: tuple[Any, Any], expected: tuple[Any, Any], demand: Any) -> bool:
    prices, dispatch = answer
    if np.shape(prices) != np.shape(expected[0]) or dispatch.shape != expected[1].shape:
        return False
    near = np.abs(dispatch - expected[1]) <= 1e-9 * np.expand_dims(demand, -1)
    return bool(np.array_equal(prices, expected[0]) and near.all())


def _told(call: str, answer: Any, expected: tuple[Any, Any]) -> str:
    if isinstance(answer, str):
        return f"{call} {answer}."
    if np.size(expected[1]) > 40:
        return f"{call} returns another result than the contract says."
    (price, dispatch), (wanted, accepted) = map(_listed, (answer, expected))
    return (
        f"{call}\nexpected price {wanted}, dispatch {accepted}\n"
        f"yours    price {price}, dispatch {dispatch}"
    )


def _listed(result: tuple[Any, Any]) -> list[Any]:
    return [np.asarray(part).tolist() for part in result]


if __name__ == "__main__":
    path, name, kind = sys.argv[1:]
    found = problem(name, load(Path(path), name), "batch" if kind == "batch" else "market")
    print(found)
    sys.exit(bool(found))
