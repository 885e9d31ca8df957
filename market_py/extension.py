"""Find the compiled extension ``rust_market``, and check that it matches its sources.

``python -m market_py.extension`` prints the result, and exits with 1 if ``make build-rust`` is
needed.
"""

from __future__ import annotations

import importlib
import sys
import warnings
import zlib
from functools import cache
from pathlib import Path
from types import ModuleType

REPOSITORY = Path(__file__).resolve().parent.parent
CRATE = REPOSITORY / "rust_market"

SOURCES = (
    "Cargo.lock",
    "Cargo.toml",
    "build.rs",
    "core/Cargo.toml",
    "core/src",
    "pyproject.toml",
    "src",
)
"""Files and folders that the build reads; ``rust_market/build.rs`` has the same list."""


def find() -> ModuleType:
    """Import the extension; an ImportError says what to do where it is not built, or too old."""
    try:
        # Without the extension, `import rust_market` finds the source folder, which has no names.
        from rust_market import (  # noqa: F401
            BUILD_ID,
            BUILD_PROFILE,
            MLP,
            Environment,
            ReplayBuffer,
            auction_clearing,
            auction_clearing_batch,
            market_clearing,
            market_clearing_batch,
            market_clearing_into,
            simulate_years,
        )
    except ImportError as error:
        # Forget the folder, so that the extension is found once it is built.
        if getattr(sys.modules.get("rust_market"), "__file__", None) is None:
            sys.modules.pop("rust_market", None)
        importlib.invalidate_caches()
        raise ImportError(
            f"the Rust extension is not built: run `make build-rust` in {REPOSITORY} ({error})"
        ) from error
    return sys.modules["rust_market"]


@cache
def load() -> ModuleType:
    """Import the extension as `find`; warn once of a debug build, or one older than its sources."""
    extension = find()
    if problem := find_problem(extension):
        warnings.warn(problem, RuntimeWarning, stacklevel=2)
    return extension


def source_id() -> str | None:
    """Return the checksum of the sources in this checkout, or None where there are none."""
    if not (CRATE / "Cargo.toml").is_file():
        return None
    fingerprint = 0
    for source in SOURCES:
        path = CRATE / source
        # In the same order as build.rs: by name, one folder after the other.
        files = sorted(path.rglob("*.rs")) if path.is_dir() else [path]
        for file in files:
            fingerprint = zlib.crc32(file.read_bytes(), fingerprint)
    return f"{fingerprint:08x}"


def find_problem(extension: ModuleType) -> str | None:
    """Return a sentence that says what is wrong with a built extension, or None."""
    if extension.BUILD_PROFILE != "release":
        return "the Rust extension is a debug build, many times slower: run `make build-rust`"
    if source_id() not in (None, extension.BUILD_ID):
        return "the Rust extension is older than its sources: run `make build-rust`"
    return None


def status() -> tuple[bool, str]:
    """Return whether the extension is built and current, and a sentence that says so."""
    try:
        extension = find()
    except ImportError as error:
        return False, str(error)
    problem = find_problem(extension)
    return problem is None, problem or (
        f"the Rust extension is current: {extension.__version__}, "
        f"build {extension.BUILD_ID}, {extension.BUILD_PROFILE}"
    )


if __name__ == "__main__":
    current, sentence = status()
    print(sentence)
    sys.exit(not current)
