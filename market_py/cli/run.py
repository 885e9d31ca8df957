"""Execute the notebooks, and print one line for each."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from market_py.workshop.publish import execution


def main(arguments: list[str]) -> int:
    """Execute notebooks; return 1 if one fails, or if there is none."""
    parser = argparse.ArgumentParser("python -m market_py run", description=__doc__)
    parser.add_argument("notebooks", nargs="*", type=Path, help="default: all, in order")
    parser.add_argument("--solved", action="store_true", help="with the solutions in place")
    chosen = parser.parse_args(arguments)
    failed = 0
    paths = chosen.notebooks or execution.all_notebooks()
    for path in paths:
        print(f"{path.stem:<24}", end="", flush=True)
        try:
            done = execution.execute(path, solved=chosen.solved)
        except (OSError, ValueError) as error:
            failed += 1
            print(f"          failed\n{path}: {error}", file=sys.stderr)
            continue
        print(f"{done.seconds:6.1f} s  {'failed' if done.problem else 'passed'}", flush=True)
        if done.problem:
            failed += 1
            print(done.problem, file=sys.stderr)
    return int(bool(failed) or not paths)
