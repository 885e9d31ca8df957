"""The command line: one module for each subcommand, and what they share."""

from __future__ import annotations

import argparse
import signal
from collections.abc import Callable

REFUSED = 2
"""Exit status where the arguments are wrong."""
INTERRUPTED = 128 + signal.SIGINT
WIDTH = 130
"""Columns of tables where the output is not a terminal."""


def at_least(least: int) -> Callable[[str], int]:
    """Return the type of an option: a whole number, not smaller than `least`."""

    def read(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            number = least - 1
        if number < least:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least {least}")
        return number

    return read
