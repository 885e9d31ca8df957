"""What is published: packages that build, and are complete, without the repository."""

import os
import re
import shutil
import subprocess
import sys
import tarfile

import pytest

from helpers.project import make, stand_in
from market_py.extension import REPOSITORY

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(shutil.which("cargo") is None, reason="no cargo"),
]
USE = """
import rust_market
print(rust_market.market_clearing([30.0, 10.0], [100.0, 100.0], 150.0)[0])
print(rust_market.BUILD_PROFILE, rust_market.BUILD_ID)
"""


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    """A folder with all source packages; `cargo package` has built the crate from its own."""
    folder = tmp_path_factory.mktemp("packages")
    environment = stand_in(tmp_path_factory.mktemp("python"))
    options = ["CARGO_OPTIONS=--allow-dirty", f"DIST={folder}"]
    done = make("sources", *options, VIRTUAL_ENV=environment)
    assert done.returncode == 0, done.stderr
    warnings = [line for line in done.stderr.splitlines() if "warning" in line]
    # There is no public address yet.
    assert {*warnings} <= {"warning: manifest has no documentation, homepage or repository"}
    return folder


def test_each_package_has_its_licence(sources):
    for name in ("market_py", "rust_market"):
        (path,) = sources.glob(f"{name}-*.tar.gz")
        with tarfile.open(path) as package:
            licence = f"{path.name.removesuffix('.tar.gz')}/LICENSE"
            text = package.extractfile(licence).read()
        assert text == (REPOSITORY / "LICENSE").read_bytes()
    for folder in ("rust_market", "rust_market/core"):
        assert (REPOSITORY / folder / "LICENSE").read_text() == (REPOSITORY / "LICENSE").read_text()


def test_the_extension_builds_from_its_source_package(sources, tmp_path):
    (path,) = sources.glob("rust_market-*.tar.gz")
    site = tmp_path / "site"
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps"]
    command += ["--no-build-isolation", "--target", site, path]
    environment = os.environ | {"CARGO_TARGET_DIR": str(tmp_path / "target")}
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert (site / "rust_market" / "__init__.pyi").is_file() or list(site.rglob("*.pyi"))
    used = subprocess.run(
        [sys.executable, "-c", USE],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(site)},
        capture_output=True,
        text=True,
        check=True,
    )
    # The number of the build is another one: maturin writes the manifests anew.
    assert re.fullmatch(r"30\.0\nrelease [0-9a-f]{8}\n", used.stdout)


def test_the_oldest_rust_that_is_promised_compiles_the_core():
    """Nothing is downloaded for it."""
    manifest = (REPOSITORY / "rust_market" / "Cargo.toml").read_text()
    oldest = re.search(r'rust-version = "(.*)"', manifest)
    try:
        listed = subprocess.run(["rustup", "toolchain", "list"], capture_output=True, text=True)
    except FileNotFoundError:
        pytest.skip("no rustup")
    if f"\n{oldest[1]}-" not in f"\n{listed.stdout}":
        pytest.skip(f"no Rust {oldest[1]}")
    done = make("msrv")
    assert done.returncode == 0, done.stderr
