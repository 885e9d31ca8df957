"""Files that are written whole or not at all."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO


def write_atomically(path: Path | str, write: Callable[[BinaryIO], Any]) -> None:
    """Write a file beside its place, then put it there; until then an earlier one stays.

    Parameters
    ----------
    path : path
        Where; who may read it is what any new file there allows.
    write : callable
        Is given the file, open for bytes. If it raises, nothing has changed.
    """
    path = Path(path)
    unfinished = path.with_name(f".{path.stem}-{secrets.token_hex(4)}{path.suffix}")
    try:
        with unfinished.open("xb") as file:
            write(file)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
