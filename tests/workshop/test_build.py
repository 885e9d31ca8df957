"""The cell that builds the extension."""

import shutil
import subprocess
import sys

import pytest

from market_py.workshop import build


class TestBuildCell:
    def test_it_streams_and_reports(self, capfd):
        if shutil.which("cargo") is None:
            pytest.skip("no cargo")
        build.make("build-rust")
        printed = capfd.readouterr().out
        assert "In a fresh process:\n  the Rust extension is current" in printed

    def test_it_fails_loudly(self):
        with pytest.raises(build.BuildError, match="make no-such-verb failed with status 2"):
            build.make("no-such-verb")

    def test_without_cargo_it_says_what_to_do(self, monkeypatch, capsys):
        monkeypatch.setattr(build, "environment", lambda: {"PATH": ""})
        build.make("build-rust")
        assert "https://rustup.rs" in capsys.readouterr().out

    def test_a_kernel_with_an_older_build_is_told(self, monkeypatch, capsys):
        done = subprocess.CompletedProcess([], 0, stdout="current\n")
        monkeypatch.setattr(subprocess, "run", lambda *_, **__: done)
        monkeypatch.setitem(sys.modules, "rust_market", object())
        monkeypatch.setattr(build, "status", lambda: (False, "older than its sources"))
        build._report()
        assert "Restart the kernel" in capsys.readouterr().out
