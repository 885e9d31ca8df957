"""Write files atomically: either the whole file is written, or nothing changes."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO


def write_atomically(path: Path | str, write: Callable[[BinaryIO], Any]) -> None:
    """Write a new file in the same folder, then rename it; until then an earlier file stays.

    `write` is called with the file, open for bytes; if it raises, the file is as before. A symbolic
    link stays, and the file that it points to is replaced. A pipe or a device cannot be replaced:
    it is written to directly. The new file has the permissions of any new file there, and is no
    longer a hard link to others. An OSError says that the folder is missing or not writable, or
    that the path is a folder.
    """
    if Path(path).exists() and not Path(path).is_file():
        with Path(path).open("wb") as file:
            write(file)
        return
    path = Path(os.path.realpath(path))
    # A short name: that of the file may be as long as is allowed already.
    unfinished = path.with_name(f".unfinished-{secrets.token_hex(4)}")
    try:
        with unfinished.open("xb") as file:
            write(file)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
