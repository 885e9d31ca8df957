"""Run the command line: ``python -m market_py`` calls `market_py.cli`."""

from __future__ import annotations

import argparse
import importlib
import io
import signal
import sys

from market_py.extras import explain_missing

COMMANDS = {
    "doctor": "say what is missing and how to get it",
    "compile": "compile the numba functions, which then start at once",
    "demo": "clear a small market with two backends, and time them",
    "run": "execute the notebooks, a line each",
    "book": "make a static HTML book of the executed notebooks",
    "app": "serve notebook 01 as a page, with Voila",
    "bench": "time the variants and the backends",
    "compare": "show stored runs of several machines side by side",
    "bench-compare": "time this checkout against an earlier commit",
    "report": "write the tables and the picture of the documents",
    "adequacy": "simulate outages of the RTS-79, year by year",
    "clear": "clear the orders of a CSV or Parquet file",
}


def main(arguments: list[str] | None = None) -> int:
    """Run a command and return its exit status."""
    listed = "\n".join(f"  {name:<15}{summary}" for name, summary in COMMANDS.items())
    parser = argparse.ArgumentParser(
        prog="python -m market_py",
        description=f"Commands:\n{listed}\n\nEach of them has a --help of its own.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("command", choices=COMMANDS, metavar="command")
    parser.add_argument("options", nargs=argparse.REMAINDER)
    # A sign that the terminal cannot show (the euro sign in ASCII) becomes a question mark.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    chosen = parser.parse_args(arguments)
    try:
        # Imported here: the doctor must run where other commands cannot be imported.
        with explain_missing():
            command = importlib.import_module(f"market_py.cli.{chosen.command.replace('-', '_')}")
            status: int = command.main(chosen.options)
            return status
    except ImportError as error:
        print(error, file=sys.stderr)
        return 2


def run() -> int:
    """Run a command as a program of its own: ``python -m market_py``, or ``market-py``."""
    # Ctrl-C and SIGTERM interrupt, also where a shell ignores them for background jobs.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    return main()


if __name__ == "__main__":
    sys.exit(run())
