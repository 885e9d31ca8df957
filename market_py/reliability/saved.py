"""Keep simulated years in a folder, so that a simulation goes on where it was interrupted."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from market_py.files import write_atomically
from market_py.reliability.simulation import Block
from market_py.reliability.system import System

FORMAT = 1
"""Version of the files, and of the random numbers of a seed."""


def fingerprint(system: System, seed: int, **options: Any) -> str:
    """Return a checksum of all that the results of years depend on."""
    found = hashlib.sha256(json.dumps([FORMAT, seed, options], sort_keys=True).encode())
    for values in (system.capacities, system.outage_rates, system.prices, system.loads):
        found.update(values.tobytes())
    found.update(system.in_service.tobytes())
    return found.hexdigest()


class SavedYears:
    """A folder with a file for each block of years.

    Parameters
    ----------
    folder : path
        The folder; it is made if there is none.
    study : str
        Fingerprint of the study, as of `fingerprint`.

    Raises
    ------
    OSError
        The folder cannot be made or read.
    ValueError
        It holds the years of another study.
    """

    def __init__(self, folder: Path | str, study: str) -> None:
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        about, text = self.folder / "study.json", json.dumps({"study": study}) + "\n"
        if about.exists():
            if about.read_text("utf-8") != text:
                raise ValueError(
                    f"save: {self.folder} holds years of another system, seed or options; choose "
                    "another folder"
                )
        else:
            write_atomically(about, lambda file: file.write(text.encode()))

    def blocks(self, years: int) -> Iterator[Block]:
        """Yield the years that are kept from year 0 on without a gap, at most so many.

        A ValueError names a file that is damaged.
        """
        done = 0
        while done < years:
            kept = sorted(self.folder.glob(f"years-{done:010d}-*.npz"))
            if not kept:
                return
            block = _read(kept[-1]).first(years - done)
            yield block
            done += block.years

    def add(self, first: int, block: Block) -> None:
        """Keep a block whose first year has this number, whole or not at all."""
        path = self.folder / f"years-{first:010d}-{first + block.years:010d}.npz"
        write_atomically(path, lambda file: np.savez(file, **block._asdict()))


def _read(path: Path) -> Block:
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as kept:
            return Block(**{name: kept[name] for name in Block._fields})
    except (ValueError, KeyError, EOFError, BadZipFile) as error:
        raise ValueError(f"save: {path} is damaged ({error}); delete it") from error
