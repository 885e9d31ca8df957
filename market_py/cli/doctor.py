"""List what is installed, what is missing, and how to get it."""

from __future__ import annotations

import argparse

from market_py import doctor


def main(arguments: list[str]) -> int:
    """Print the findings; return 1 if something is missing."""
    argparse.ArgumentParser("python -m market_py doctor", description=__doc__).parse_args(arguments)
    return doctor.report()
