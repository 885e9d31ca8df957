"""Threads that help, kept from one call to the next: to start one takes longer than much work.

Compiled code that has released the GIL runs in them. numba's own parallel loops abort under
concurrent calls where there is no other threading layer than ``workqueue``.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from functools import cache
from queue import Empty, SimpleQueue


def parallel_for(work: Callable[[int, int], bool], items: int, share: int, workers: int) -> bool:
    """Do work on items from a start to a stop, share after share, on so many threads at most.

    Returns whether all shares said yes; a thread that hears no stops.
    """
    if items <= share:
        return work(0, items)
    starts: SimpleQueue[int] = SimpleQueue()
    for start in range(0, items, share):
        starts.put(start)

    def some() -> bool:
        while True:
            try:
                start = starts.get_nowait()
            except Empty:
                return True
            if not work(start, min(start + share, items)):
                return False

    helpers: list[Future[bool]] = []
    # Where no thread can be started, as when Python shuts down, this one does all.
    with suppress(RuntimeError):
        shares = -(-items // share)
        helpers.extend(_pool().submit(some) for _ in range(1, min(workers, shares)))
    mine = some()
    # Who has not begun by now is not needed.
    return all([mine, *(helper.result() for helper in helpers if not helper.cancel())])


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(os.cpu_count(), thread_name_prefix="clearing")


if hasattr(os, "register_at_fork"):
    # A process that was forked inherits the pool, but not its threads.
    os.register_at_fork(after_in_child=_pool.cache_clear)
