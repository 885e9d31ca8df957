"""Run a parallel loop in a pool of threads that later calls use again.

The threads run compiled code that has released the GIL. The pool is not closed after a call,
because starting a thread takes longer than clearing many markets. numba's own parallel loops are
not used: with the threading layer ``workqueue``, often the only one installed, concurrent calls
abort the process.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from functools import cache
from queue import Empty, SimpleQueue


def parallel_for(work: Callable[[int, int], bool], items: int, share: int, workers: int) -> bool:
    """Call ``work(start, stop)`` for all items, ``share`` items at a time, on several threads.

    At most so many workers work, this thread included. A worker stops at the first call that
    returns false; the result tells whether all calls returned true.
    """
    if items <= share:
        return work(0, items)
    starts: SimpleQueue[int] = SimpleQueue()
    for start in range(0, items, share):
        starts.put(start)

    def work_until_done() -> bool:
        while True:
            try:
                start = starts.get_nowait()
            except Empty:
                return True
            if not work(start, min(start + share, items)):
                return False

    helpers: list[Future[bool]] = []
    # If no thread can be started, as while Python shuts down, this thread does all.
    with suppress(RuntimeError):
        shares = -(-items // share)
        helpers.extend(_pool().submit(work_until_done) for _ in range(1, min(workers, shares)))
    try:
        mine = work_until_done()
    finally:
        # After Ctrl-C nothing is left to do for helpers, which else would go on behind the caller.
        with suppress(Empty):
            while True:
                starts.get_nowait()
        # Helpers that have not started by now are not needed: cancel them.
        theirs = [helper.result() for helper in helpers if not helper.cancel()]
    return mine and all(theirs)


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(os.cpu_count(), thread_name_prefix="clearing")


if hasattr(os, "register_at_fork"):
    # A forked process inherits the pool, but not its threads.
    os.register_at_fork(after_in_child=_pool.cache_clear)
