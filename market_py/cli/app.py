"""The command ``app``: serve notebook 01 as a page, with the options of Voila."""

from __future__ import annotations

from market_py.workshop.publish import app


def main(arguments: list[str]) -> int:
    """Serve the page until interrupted."""
    app.serve(arguments)
    return 0
