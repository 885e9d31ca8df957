"""Write the tables and the picture of the documents from the stored run."""

from __future__ import annotations

import argparse

from market_py.benchmark.report import document


def main(arguments: list[str]) -> int:
    """Write the documents, or check them; return the exit status."""
    parser = argparse.ArgumentParser("python -m market_py report", description=__doc__)
    parser.add_argument("--check", action="store_true", help="only say which are out of date")
    return document.main(check=parser.parse_args(arguments).check)
