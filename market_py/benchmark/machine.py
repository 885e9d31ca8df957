"""The machine that timed: what a figure means nothing without."""

from __future__ import annotations

import platform
import shutil
import subprocess
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import pyperf

from market_py import extension

IDENTITY = ("cpu", "cores", "architecture", "system", "cpu_features")
"""Where these differ, figures are not comparable."""
PACKAGES = ("numpy", "numba", "llvmlite", "scipy", "pyperf")
FEATURES = ("sse4.2", "avx", "avx2", "fma", "avx512f", "avx512vl", "neon", "sve")
"""Of the CPU: those that vectorised loops use."""


def record() -> dict[str, Any]:
    """Facts about this machine, its software and its load; neither names nor addresses."""
    # pyperf knows where each system keeps these; what it cannot read is absent.
    known = pyperf.Run([1.0], collect_metadata=True).get_metadata()
    return {
        "cpu": known.get("cpu_model_name") or platform.processor() or "unknown",
        "cores": known.get("cpu_count"),
        "architecture": platform.machine(),
        "cpu_features": _cpu_features(),
        "cpu_config": known.get("cpu_config", "unknown"),
        "cpu_frequency": known.get("cpu_freq", "unknown"),
        "governor": _governor(),
        "load_average": known.get("load_avg_1min"),
        "system": platform.system(),
        "release": platform.release(),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "packages": {name: _version(name) for name in PACKAGES},
        "rustc": _rustc(),
        "extension": _extension(),
    }


def differences(one: dict[str, Any], other: dict[str, Any]) -> list[str]:
    """What tells two machines apart, a sentence each."""
    return [
        f"{name}: {one.get(name)} and {other.get(name)}"
        for name in IDENTITY
        if one.get(name) != other.get(name)
    ]


def _governor() -> str:
    path = Path("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")
    try:
        return path.read_text().strip()
    except OSError:
        return "unknown"


def _cpu_features() -> list[str]:
    try:
        from llvmlite import binding
    except ImportError:
        return []
    found = binding.get_host_cpu_features()
    return [name for name in FEATURES if found.get(name)]


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


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
