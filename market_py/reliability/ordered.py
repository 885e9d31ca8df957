"""Results in order, some of them computed ahead."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any


def in_order(submit: Callable[[Any], Any], items: Iterable[Any], ahead: int) -> Iterator[Any]:
    """Yield the result of each item in order, while the next ones are computed.

    ``submit`` starts an item and returns a future, of a pool of threads or of a cluster. At most
    ``ahead`` of them are unfinished or wait to be yielded. Those that remain are cancelled if
    nobody asks for more results, or if one fails.

    >>> from concurrent.futures import ThreadPoolExecutor
    >>> with ThreadPoolExecutor() as pool:
    ...     list(in_order(lambda item: pool.submit(abs, item), [-1, 2, -3], ahead=2))
    [1, 2, 3]
    """
    todo = iter(items)
    futures = deque(submit(item) for item in islice(todo, ahead))
    try:
        while futures:
            result = futures[0].result()
            futures.popleft()
            futures.extend(submit(item) for item in islice(todo, 1))
            yield result
    finally:
        for future in futures:
            future.cancel()
