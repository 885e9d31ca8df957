"""Time the library of one commit, in a process that `market_py.benchmark.commits` starts.

`market_py` is here that of the commit, which may be old: only its public functions are used. The
process reads the cases from standard input and answers with None. Each further request is a case
and a number of passes through its inputs, and the answer their duration in seconds; for no pass it
is the results.
"""

from __future__ import annotations

import os
import pickle
import signal
import sys
from timeit import Timer
from typing import Any

import market_py


def main() -> None:
    """Answer until standard input ends."""
    # Ctrl-C reaches all processes of a terminal; this one is ended by the one that started it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    answers = os.fdopen(os.dup(1), "wb")
    # What the library prints must not stand among the answers.
    os.dup2(2, 1)

    def answer(value: Any) -> None:
        pickle.dump(value, answers)
        answers.flush()

    cases: dict[str, tuple[Any, Any]] = {}
    for label, (backend, function, inputs) in pickle.load(sys.stdin.buffer).items():
        call = getattr(market_py.get_backend(backend), function)
        # pickle gives each array a type object of its own, with which numba takes many times as
        # long to recognise an argument: NumPy's own is what users have.
        own = [
            tuple(it.astype(float) if hasattr(it, "astype") else it for it in arguments)
            for arguments in inputs
        ]
        call(*own[0])  # numba compiles, or loads what it compiled before.
        cases[label] = call, own
    answer(None)
    while True:
        try:
            label, passes = pickle.load(sys.stdin.buffer)
        except EOFError:
            return
        if passes == 0:
            call, inputs = cases[label]
            answer([call(*arguments) for arguments in inputs])
        else:
            # As `market_py.benchmark.timing.timer`: local variables, no garbage collection.
            loop = "for bids, quantities, demand in inputs: call(bids, quantities, demand)"
            timed = Timer(loop, "call, inputs = timed", globals={"timed": cases[label]})
            answer(timed.timeit(passes))


if __name__ == "__main__":
    main()
