"""The functions that a learner has written: each is kept in a file, for later notebooks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def add(function: Callable[..., Any], name: str, cell: object) -> None:
    """Keep."""
