"""What all tests share."""

import atexit
import os
import shutil
import tempfile

import pytest
from hypothesis import HealthCheck, settings

import market_py
from helpers.chromium import CHROMIUM
from market_py.registry import BACKENDS

# Set before anything reads it, and inherited by kernels: tests write no variants into notebooks.
_variants = tempfile.TemporaryDirectory(prefix="market_py_variants_")
os.environ["MARKET_PY_VARIANTS"] = _variants.name
atexit.register(_variants.cleanup)

settings.register_profile(
    "quick",
    max_examples=60,
    deadline=None,
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.filter_too_much,
        HealthCheck.function_scoped_fixture,
    ],
)
settings.register_profile("long", settings.get_profile("quick"), max_examples=1_000)
settings.load_profile("quick")


ABSENT = "not installed, and for Rust, no cargo to build it with: see https://rustup.rs"


def usable_backends() -> list[str]:
    """Backends that are installed, and Rust wherever it can be built."""
    found = market_py.available_backends()
    return [it for it in BACKENDS if it in found or (it == "rust" and shutil.which("cargo"))]


def pytest_xdist_auto_num_workers(config) -> int:
    """One more than there are cores, since some wait; but not more than there is memory for.

    With the long tests none more: in JupyterLab they race, which must not take minutes.
    """
    return min(4, (os.cpu_count() or 1) + bool(config.option.markexpr))


@pytest.fixture(params=BACKENDS)
def backend(request):
    if request.param not in usable_backends():
        pytest.skip(ABSENT)
    return market_py.get_backend(request.param)


@pytest.fixture(scope="session")
def backends():
    return [market_py.get_backend(name) for name in usable_backends()]


@pytest.fixture(scope="module")
def browser():
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as driver:
        options = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        chromium = driver.chromium.launch(executable_path=CHROMIUM, args=options)
        yield chromium
        chromium.close()
