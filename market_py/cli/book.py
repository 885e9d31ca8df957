"""Make a static HTML book of the executed notebooks."""

from __future__ import annotations

import argparse
from pathlib import Path

from market_py.workshop.publish import book


def main(arguments: list[str]) -> int:
    """Make the book; return the exit status."""
    parser = argparse.ArgumentParser("python -m market_py book", description=__doc__)
    parser.add_argument("--output", type=Path, default=book.BOOK, help="default: build/book")
    return book.build(parser.parse_args(arguments).output)
