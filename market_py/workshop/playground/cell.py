"""Compile the text of a cell of Rust into a module of Python."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib import resources
from pathlib import Path
from string import Template
from typing import Any

from market_py.extension import CRATE, REPOSITORY
from market_py.workshop.build import environment

FOLDER = REPOSITORY / "build" / "playground"
"""Where cells are compiled; a cell whose text has been compiled before is found there."""

NO_RUST = """\
Rust is not installed, so this cell was not compiled. The rest of the notebook works without it.
To install Rust: https://rustup.rs, then restart JupyterLab and run this cell again."""

SIGNATURES = {
    "market_clearing_batch": """\
fn market_clearing_batch(bids: &[f64], quantities: &[f64], demand: &[f64], threads: usize,
                         prices: &mut [f64], dispatch: &mut [f64])""",
    "market_clearing": """\
fn market_clearing(bids: &[f64], quantities: &[f64], demand: f64, dispatch: &mut [f64]) -> f64""",
}
"""Functions that a cell may hold, and that get a binding; other functions are written with one."""

_PYFUNCTION = re.compile(r"#\[pyfunction\]\s*(?:#\[[^\n]*\]\s*)*(?:pub\s+)?fn\s+(\w+)")


class CellError(Exception):
    """A cell does not compile, or its function is wrong; the message says why."""


@dataclass(frozen=True)
class Cell:
    """The text of a cell, and what is made from it."""

    text: str

    @cached_property
    def module(self) -> str:
        """Name of the module: another one for another text, since no module can be replaced."""
        made_from = self.text, *_templates().values(), sys.version
        return "cell_" + hashlib.sha256("\0".join(made_from).encode()).hexdigest()[:16]

    @cached_property
    def functions(self) -> list[str]:
        """Names of the functions that Python can call.

        Raises
        ------
        CellError
            There are none.
        """
        code = re.sub(r"//[^\n]*", "", self.text)
        if not code.strip():
            raise CellError(f"The cell is empty. It must hold\n{SIGNATURES['market_clearing']}")
        if written := _PYFUNCTION.findall(code):
            return written
        for name in SIGNATURES:
            if re.search(rf"\bfn\s+{name}\b", code):
                return [name]
        expected = "\nor\n".join(SIGNATURES.values())
        raise CellError(f"The cell must hold\n{expected}\nor a function with #[pyfunction].")

    @property
    def has_own_binding(self) -> bool:
        """Whether the cell says itself how Python calls its functions."""
        return "#[pyfunction]" in self.text

    @property
    def source(self) -> str:
        """The whole file that is compiled, with the cell in its place."""
        return self._library.replace('    include!("cell.rs");\n', self.text)

    @property
    def _library(self) -> str:
        binding = "" if self.has_own_binding else _templates()[f"{self.functions[0]}.rs"]
        where = "" if self.has_own_binding else "binding::"
        lines = (
            f"        module.add_function(pyo3::wrap_pyfunction!({where}{name}, module)?)?;\n"
            for name in self.functions
        )
        values = {"module": self.module, "binding": binding, "functions": "".join(lines)}
        return Template(_templates()["lib.rs"]).substitute(values)

    @property
    def library(self) -> Path:
        """Path of the compiled module; it may not be compiled yet."""
        return FOLDER / f"{self.module}{sysconfig.get_config_var('EXT_SUFFIX')}"

    def compile(self) -> None:
        """Compile the cell, unless the same text has been compiled before.

        Raises
        ------
        CellError
            It does not compile; the message is that of rustc.
        """
        if self.library.exists():
            return
        self._cargo("rustc")
        name = f"{self.module}.dll" if os.name == "nt" else f"lib{self.module}"
        built = next(
            FOLDER / "target" / "release" / f"{name}{ending}"
            for ending in (".so", ".dylib", "")
            if (FOLDER / "target" / "release" / f"{name}{ending}").exists()
        )
        # In one step, so that another notebook never finds half of it.
        copy = self.library.with_suffix(f".{os.getpid()}")
        shutil.copyfile(built, copy)
        copy.replace(self.library)

    def assembly(self) -> str:
        """Return the assembly that rustc emits for the cell."""
        self._cargo("rustc", "--", "--emit=asm")
        found = (FOLDER / "target" / "release" / "deps").glob(f"{self.module}*.s")
        return max(found, key=lambda path: path.stat().st_mtime).read_text()

    def _cargo(self, verb: str, *options: str) -> None:
        crate = FOLDER / self.module
        (crate / "src").mkdir(parents=True, exist_ok=True)
        manifest = Template(_templates()["Cargo.toml"]).substitute(module=self.module)
        for path, text in {
            "Cargo.toml": manifest,
            "Cargo.lock": (CRATE / "Cargo.lock").read_text(),
            "src/lib.rs": self._library,
            "src/cell.rs": self.text,
        }.items():
            (crate / path).write_text(text, encoding="utf-8")
        command = ["cargo", verb, "--release", "--quiet", "--offline", "--color=always"]
        done = subprocess.run(
            [*command, f"--target-dir={FOLDER / 'target'}", *options],
            cwd=crate,
            env=_environment(),
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
        shutil.rmtree(crate)
        if done.returncode != 0:
            raise CellError(self._explained(done.stderr))

    def _explained(self, message: str) -> str:
        """Add to a message of rustc what a learner cannot see in it."""
        if self.has_own_binding or "src/lib.rs" not in message:
            return message
        return f"{message}\nThe function must be\n{SIGNATURES[self.functions[0]]}"


def has_cargo() -> bool:
    """Whether Rust is installed."""
    return shutil.which("cargo", path=_environment()["PATH"]) is not None


def _environment() -> Mapping[str, str]:
    # Without PYO3_PYTHON the dependencies are compiled anew whenever another Python comes first.
    return {**environment(), "PYO3_PYTHON": sys.executable}


def _templates() -> Mapping[str, Any]:
    folder = resources.files("market_py.workshop.playground") / "crate"
    return {file.name: file.read_text(encoding="utf-8") for file in folder.iterdir()}
