"""Describe the machine of a run: processor, operating system and versions."""

from __future__ import annotations

import platform
import re
import shutil
import subprocess
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pyperf
from llvmlite import binding

from market_py import extension

IDENTITY = ("cpu", "cores", "architecture", "system", "cpu_features")
"""Where these differ, times are not comparable."""
PACKAGES = ("numpy", "numba", "llvmlite", "scipy", "pyperf")
FEATURES = ("sse4.2", "avx", "avx2", "fma", "avx512f", "avx512vl", "neon", "sve")
"""Instruction sets that vectorised loops use."""


def record() -> dict[str, Any]:
    """Describe this machine, its software and its load, without host names or addresses."""
    # pyperf reads these on each system; what it cannot read is absent.
    known = pyperf.Run([1.0], collect_metadata=True).get_metadata()
    features = binding.get_host_cpu_features()
    return {
        "cpu": known.get("cpu_model_name") or _processor(),
        "cores": known.get("cpu_count"),
        "architecture": platform.machine(),
        "cpu_features": [name for name in FEATURES if features.get(name)],
        # On Linux with the frequency governor.
        "cpu_config": known.get("cpu_config", "unknown"),
        "cpu_frequency": known.get("cpu_freq", "unknown"),
        "load_average": known.get("load_avg_1min"),
        "system": platform.system(),
        # What follows the numbers is free text of those who built the kernel.
        "release": _numbers(platform.release()),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "packages": {name: version(name) for name in PACKAGES},
        "rustc": _rustc(),
        "extension": _extension(),
    }


def differences(one: dict[str, Any], other: dict[str, Any]) -> list[str]:
    """Return how two machines differ, one text per fact of `IDENTITY`."""
    return [
        f"{name}: {one.get(name)} and {other.get(name)}"
        for name in IDENTITY
        if one.get(name) != other.get(name)
    ]


def _processor() -> str:
    """Name the processor where pyperf does not: everywhere but on Linux."""
    if platform.system() == "Darwin":
        command = ["/usr/sbin/sysctl", "-n", "machdep.cpu.brand_string"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if name := done.stdout.strip():
            return name
    return platform.processor() or "unknown"


def _numbers(release: str) -> str:
    found = re.match(r"[\d.]*\d", release)
    return found[0] if found else "unknown"


@cache
def _rustc() -> str | None:
    path = shutil.which("rustc") or shutil.which("rustc", path=str(Path.home() / ".cargo" / "bin"))
    if path is None:
        return None
    done = subprocess.run([path, "--version"], capture_output=True, text=True, check=False)
    return done.stdout.strip() or None


def _extension() -> dict[str, Any] | None:
    try:
        built = extension.find()
    except ImportError:
        return None
    return {
        "version": built.__version__,
        "build": built.BUILD_ID,
        "profile": built.BUILD_PROFILE,
        "stale": extension.source_id() not in (None, built.BUILD_ID),
    }
