"""Compile the text of a notebook cell in Rust to a Python module."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import resources
from inspect import getsource
from pathlib import Path
from string import Template

from market_py.extension import CRATE, REPOSITORY, source_id
from market_py.workshop.build import environment
from market_py.workshop.playground import verify

FOLDER = REPOSITORY / "build" / "playground"
"""Where cells are compiled; a text that was compiled before is found there."""

NO_RUST = """\
Rust is not installed, so this cell was not compiled. The rest of the notebook works without it.
To install Rust: https://rustup.rs, then restart JupyterLab and run this cell again."""

SIGNATURES = {
    "market_clearing_batch": """\
fn market_clearing_batch(bids: &[f64], quantities: &[f64], demand: &[f64], threads: usize,
                         prices: &mut [f64], dispatch: &mut [f64])""",
    "market_clearing": """\
fn market_clearing(bids: &[f64], quantities: &[f64], demand: f64,
                   dispatch: &mut [f64]) -> f64""",
}
"""Functions for which the binding is written; a cell may also hold its own ``#[pyfunction]``."""

_PYFUNCTION = re.compile(r"#\[pyfunction\]\s*(?:#\[[^\n]*\]\s*)*(?:pub\s+)?fn\s+(\w+)")


class CellError(Exception):
    """A cell does not compile, or its function is wrong; the message says why."""


@dataclass(frozen=True)
class Cell:
    """The text of a cell, and the name that Python gives its function."""

    text: str
    name: str = ""
    """By default the name in Rust."""

    @cached_property
    def function(self) -> str:
        """Name of the function in Rust.

        Raises
        ------
        CellError
            There is no such function.
        """
        code = re.sub(r"//[^\n]*", "", self.text)
        if not code.strip():
            raise CellError(f"The cell is empty. It must hold\n{SIGNATURES['market_clearing']}")
        if written := _PYFUNCTION.findall(code):
            return str(written[0])
        for name in SIGNATURES:
            if re.search(rf"\bfn\s+{name}\b", code):
                return name
        expected = "\nor\n".join(SIGNATURES.values())
        raise CellError(f"The cell must hold\n{expected}\nor a function with #[pyfunction].")

    @property
    def has_own_binding(self) -> bool:
        """Whether the cell says itself how Python calls its function."""
        return bool(_PYFUNCTION.search(self.text))

    @property
    def python_name(self) -> str:
        """Name of the function in Python."""
        return self.function if self.has_own_binding else self.name or self.function

    @cached_property
    def module(self) -> str:
        """Name of the module: a new one for a new text, since Python cannot load one twice.

        It is also new when the crate that cells may use has changed, or how they are verified.
        """
        around = *_templates().values(), str(source_id()), getsource(verify), sys.version
        made_from = "\0".join((self.text, self.python_name, *around))
        return "cell_" + hashlib.sha256(made_from.encode()).hexdigest()[:16]

    @property
    def source(self) -> str:
        """The whole file that is compiled, with the cell in its place."""
        return self._library.replace('    include!("cell.rs");\n', self.text)

    @property
    def _library(self) -> str:
        binding, added = "", [self.python_name]
        if not self.has_own_binding:
            binding = Template(_templates()[f"{self.function}.rs"]).substitute(
                name=self.python_name
            )
            added = [f"binding::{self.python_name}"]
        lines = [f"module.add_function(pyo3::wrap_pyfunction!({it}, module)?)?;" for it in added]
        if "fn allocations(" in binding:
            lines.append(
                '#[cfg(feature = "counting")]\n        '
                "module.add_function(pyo3::wrap_pyfunction!(binding::allocations, module)?)?;"
            )
        values = {
            "module": self.module,
            "binding": binding,
            "functions": "".join(f"        {line}\n" for line in lines),
        }
        return Template(_templates()["lib.rs"]).substitute(values)

    def compile(self, *, counting: bool = False) -> Path:
        """Compile the cell unless that was done before; return the path of the module.

        With `counting`, the module also has the function ``allocations``.

        Raises
        ------
        CellError
            It does not compile; the message is that of rustc.
        """
        folder = FOLDER / ("counting" if counting else "compiled")
        compiled = folder / f"{self.module}{sysconfig.get_config_var('EXT_SUFFIX')}"
        if not compiled.exists():
            self._cargo(counting=counting)
            folder.mkdir(exist_ok=True)
            # In one step, so that another notebook never finds half of it.
            copy = compiled.with_suffix(f".{os.getpid()}")
            shutil.copyfile(self._built, copy)
            copy.replace(compiled)
        return compiled

    @property
    def _built(self) -> Path:
        folder = FOLDER / "target" / "release"
        names = (f"lib{self.module}.so", f"lib{self.module}.dylib", f"{self.module}.dll")
        return next(folder / name for name in names if (folder / name).exists())

    def assembly(self) -> str:
        """Return the assembly that rustc emits for the cell."""
        self._cargo("--emit=asm", "-Ccodegen-units=1")
        found = (FOLDER / "target" / "release" / "deps").glob(f"{self.module}*.s")
        return max(found, key=lambda path: path.stat().st_mtime).read_text()

    def _cargo(self, *options: str, counting: bool = False) -> None:
        crate = FOLDER / f"{self.module}-{os.getpid()}"
        (crate / "src").mkdir(parents=True, exist_ok=True)
        manifest = Template(_templates()["Cargo.toml"]).substitute(
            module=self.module, core=json.dumps(str(CRATE / "core"))
        )
        for path, text in {
            "Cargo.toml": manifest,
            "Cargo.lock": (CRATE / "Cargo.lock").read_text(),
            "src/lib.rs": self._library,
            "src/cell.rs": self.text,
        }.items():
            (crate / path).write_text(text, encoding="utf-8")
        features = ["--features", "counting"] if counting else []
        # Warnings would stand before the error that a learner looks for.
        options = "--", "-Awarnings", *options
        command = ["cargo", "rustc", "--release", "--quiet", "--color=never", *features]
        command.append(f"--target-dir={FOLDER / 'target'}")
        try:
            status, message = _run([*command, "--offline", *options], crate)
            if status and "offline" in message:
                # The first cell on a machine: some crates have to be fetched.
                status, message = _run([*command, *options], crate)
        finally:
            shutil.rmtree(crate)
        if status:
            raise CellError(self._explained(message))

    def _explained(self, message: str) -> str:
        """Add to a message of rustc what a learner cannot see in it."""
        if self.has_own_binding or "const CLEAR" not in message:
            return message
        return f"{message}\nThe function must be\n{SIGNATURES[self.function]}"


def _run(command: list[str], folder: Path) -> tuple[int, str]:
    """Run a command; return its exit status, and what it printed as errors."""
    done = subprocess.run(
        command,
        cwd=folder,
        env=_environment(),
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    return done.returncode, done.stderr


def compile_dependencies() -> None:
    """Compile what all cells need, once; it takes about a minute."""
    Cell("fn market_clearing(_: &[f64], _: &[f64], _: f64, _: &mut [f64]) -> f64 { 0.0 }").compile()


def has_cargo() -> bool:
    """Whether Rust is installed."""
    return shutil.which("cargo", path=_environment()["PATH"]) is not None


def _environment() -> Mapping[str, str]:
    # Without PYO3_PYTHON the dependencies are compiled anew whenever another Python comes first.
    return {**environment(), "PYO3_PYTHON": sys.executable}


@cache
def _templates() -> Mapping[str, str]:
    folder = resources.files("market_py.workshop.playground") / "crate"
    return {file.name: file.read_text(encoding="utf-8") for file in folder.iterdir()}
