"""Whether a call lets other threads run."""

import sys
import threading
import time
from collections.abc import Callable
from typing import Any


def lets_others_run(call: Callable[[], Any], seconds: float = 30.0) -> bool:
    """Whether another thread runs while a call is at work: called until one does, or for so long.

    The machine may be too busy to let another thread run within a call, though nothing forbids it.
    """
    ticks = []
    done = threading.Event()

    def tick() -> None:
        while not done.is_set():
            ticks.append(1)
            time.sleep(1e-4)  # Without the GIL, which a busy loop would hardly let go.

    interval = sys.getswitchinterval()
    other = threading.Thread(target=tick)
    other.start()
    try:
        # From here on a thread runs only when another one lets go of the GIL.
        sys.setswitchinterval(1000)
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            before = len(ticks)
            call()
            if len(ticks) > before:
                return True
        return False
    finally:
        sys.setswitchinterval(interval)
        done.set()
        other.join()
