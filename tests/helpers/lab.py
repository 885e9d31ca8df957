"""Driving JupyterLab in a real browser."""

import ast
import contextlib
import hashlib
import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import pytest

from market_py.extension import REPOSITORY

PageError = pytest.importorskip("playwright.sync_api").Error

KERNEL_IS_READY = """() => {
  const panel = window.jupyterapp && jupyterapp.shell.currentWidget;
  const session = panel && panel.sessionContext && panel.sessionContext.session;
  const kernel = session && session.kernel;
  return !!kernel && kernel.connectionStatus === 'connected' && kernel.status === 'idle';
}"""
CODE_CELLS = """() => Array.from(jupyterapp.shell.currentWidget.content.model.cells)
  .filter(cell => cell.type === 'code' && cell.sharedModel.getSource().trim())
  .map(cell => ({
    source: cell.sharedModel.getSource().slice(0, 60),
    done: cell.executionCount !== null && cell.executionState === 'idle',
    errors: Array.from({length: cell.outputs.length}, (_, i) => cell.outputs.get(i).toJSON())
      .filter(output => output.output_type === 'error')
      .map(output => output.ename + ': ' + output.evalue),
  }))"""
# Errors that widgets swallow are in the page only; textContent, since cells off screen have no
# innerText.
EXERCISE = """check => {
  const notebook = jupyterapp.shell.currentWidget.content;
  const cells = Array.from(notebook.model.cells);
  const found = cells.findIndex(cell => cell.sharedModel.getSource().includes(check));
  notebook.activeCellIndex = found - 1;
  notebook.activate();
  return cells[found].executionCount;
}"""
EDITING = """() => document.activeElement.closest('.jp-Notebook .cm-content') !== null"""
TYPED = """source =>
  jupyterapp.shell.currentWidget.content.activeCell.model.sharedModel.getSource() === source"""
CHECKED = """([check, before]) => {
  const cells = Array.from(jupyterapp.shell.currentWidget.content.model.cells);
  const cell = cells.find(cell => cell.sharedModel.getSource().includes(check));
  return cell.executionCount > before && cell.executionState === 'idle'
    && cell.outputs.length > 0;
}"""
PROBLEMS = """() => Array.from(document.querySelectorAll('.jp-OutputArea-output, [role=alert]'))
  .filter(element => element.textContent.includes('Traceback (most recent call last)')
    || element.dataset.mimeType === 'application/vnd.jupyter.stderr')
  .map(element => element.textContent.slice(-400))"""
PICTURE_BYTES = """async image =>
  Array.from(new Uint8Array(await (await fetch(image.src)).arrayBuffer())).join()"""


class CellError(AssertionError):
    """A cell, an output or a widget of the notebook shows an error."""


def complaints(page) -> list[str]:
    """What the page complains of from now on, on its console and by uncaught exceptions."""
    found: list[str] = []
    page.on("pageerror", lambda error: found.append(str(error)))
    page.on("console", lambda said: found.append(said.text) if said.type == "error" else None)
    return found


KEPT = """async code => {
  const kernel = jupyterapp.shell.currentWidget.sessionContext.session.kernel;
  const done = await kernel.requestExecute(
    {code: '', silent: true, store_history: false, user_expressions: {kept: code}}).done;
  return done.content.user_expressions.kept.data['text/plain'];
}"""
COUNT = """(lambda gc, figure, os: (
  0 * gc.collect() + sum(issubclass(type(thing), figure.Figure) for thing in gc.get_objects()),
  int(open('/proc/self/statm').read().split()[1]) * os.sysconf('SC_PAGESIZE') / 1e6,
))(__import__('gc'), __import__('matplotlib.figure').figure, __import__('os'))"""


def kept(page):
    """How many figures the kernel has, and how many megabytes."""
    return ast.literal_eval(page.evaluate(KEPT, COUNT))


@contextlib.contextmanager
def server(folder: Path, root: Path | None = None):
    """JupyterLab on loopback: `make lab`, or, with a root, serving other notebooks."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    token = secrets.token_hex(8)
    options = [
        "--no-browser",
        "--ServerApp.ip=127.0.0.1",
        f"--ServerApp.port={port}",
        "--ServerApp.port_retries=0",
        # Sockets, since another process may take a kernel's port before it starts.
        "--KernelManager.transport=ipc",
        f"--IdentityProvider.token={token}",
        "--LabApp.expose_app_in_browser=True",
    ]
    if root is None:
        command = ["make", "--no-print-directory", "lab", f"LAB_OPTIONS={' '.join(options)}"]
    else:
        command = [sys.executable, "-m", "jupyterlab", *options, f"--ServerApp.root_dir={root}"]
        command += ["--allow-root"]
    environment = {k: v for k, v in os.environ.items() if k != "CONDA_PREFIX"}
    environment |= {"VIRTUAL_ENV": sys.prefix, "IPYTHONDIR": str(folder / "ipython")}
    # The path of a socket has at most 107 characters.
    runtime = tempfile.TemporaryDirectory(prefix="lab-", ignore_cleanup_errors=True)
    environment["JUPYTER_RUNTIME_DIR"] = runtime.name
    for part in ("CONFIG_DIR", "DATA_DIR"):
        environment[f"JUPYTER_{part}"] = str(folder / part)
    for part in ("SETTINGS", "WORKSPACES"):
        environment[f"JUPYTERLAB_{part}_DIR"] = str(folder / part)
    # No test is to save a notebook.
    settings = folder / "SETTINGS" / "@jupyterlab" / "docmanager-extension"
    settings.mkdir(parents=True)
    (settings / "plugin.jupyterlab-settings").write_text('{"autosave": false}')
    log = folder / "server.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            command,
            cwd=REPOSITORY,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        url = f"http://127.0.0.1:{port}"
        _wait_for(f"{url}/api/status?token={token}", process, log)
        yield url, token
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        runtime.cleanup()


def _wait_for(url, process, log):
    end = time.monotonic() + 120
    while True:
        try:
            with urllib.request.urlopen(url, timeout=2) as answer:
                answer.read()
            return
        except OSError:
            if process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(log.read_text()[-3000:]) from None
            time.sleep(0.2)


class Notebook:
    """A notebook open in JupyterLab."""

    def __init__(self, page):
        self.page = page
        page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=60_000)
        # The indicator in the page says idle before there is a kernel.
        page.wait_for_function(KERNEL_IS_READY, timeout=60_000)

    @property
    def path(self):
        return self.page.evaluate("jupyterapp.shell.currentWidget.context.path")

    def run_all(self, seconds=300):
        self.page.evaluate("void jupyterapp.commands.execute('notebook:run-all-cells')")
        end = time.monotonic() + seconds
        while True:
            cells = self.page.evaluate(CODE_CELLS)
            errors = [(cell["source"], cell["errors"]) for cell in cells if cell["errors"]]
            if errors:
                raise CellError(str(errors))
            if all(cell["done"] for cell in cells) and self.page.evaluate(KERNEL_IS_READY):
                break
            if time.monotonic() > end:
                raise CellError(f"not done: {[c['source'] for c in cells if not c['done']]}")
            self.page.wait_for_timeout(100)
        self.page.wait_for_timeout(300)
        self.check()

    def check(self):
        """Raise on an error that a widget has swallowed, and on a warning."""
        problems = self.page.evaluate(PROBLEMS)
        if problems:
            raise CellError(str(problems))

    def answer(self, check, source):
        """Type an answer into the cell above a check, run both, and read what the check says."""
        page = self.page
        before = page.evaluate(EXERCISE, check)
        page.keyboard.press("Enter")
        page.wait_for_function(EDITING)
        page.keyboard.press("Control+a")
        page.keyboard.insert_text(source)
        page.wait_for_function(TYPED, arg=source)
        page.keyboard.press("Shift+Enter")
        page.keyboard.press("Shift+Enter")
        page.wait_for_function(CHECKED, arg=[check, before], timeout=300_000)
        cell = page.locator(".jp-Notebook .jp-CodeCell", has_text=check)
        return cell.locator(".jp-OutputArea-output").text_content()

    def panel(self, label):
        """The output of the cell that shows a control with this label."""
        control = self.page.locator(f".widget-label:text-is('{label}')")
        return Panel(self.page.locator(".jp-Notebook .jp-Cell", has=control), self)

    def panel_with_button(self, label):
        """The output of the cell that shows this button."""
        button = self.page.locator(f"button:text-is('{label}')")
        return Panel(self.page.locator(".jp-Notebook .jp-Cell", has=button), self)


class Panel:
    """The controls, the sentence and the picture in a cell's output."""

    def __init__(self, cell, notebook):
        self.cell = cell
        self.notebook = notebook

    @property
    def sentence(self):
        return self.cell.locator("[role=status]").first.text_content()

    def picture(self):
        image = self.cell.locator("img").first
        image.wait_for(state="visible", timeout=20_000)
        return hashlib.sha1(image.evaluate(PICTURE_BYTES).encode()).hexdigest()

    def settled(self, seconds=10):
        """The picture and the sentence, once they have stopped changing."""
        end, last, since = time.monotonic() + seconds, None, time.monotonic()
        while time.monotonic() < end:
            now = self.picture(), self.sentence
            if now != last:
                last, since = now, time.monotonic()
            elif time.monotonic() - since > 0.5:
                return last
            self.notebook.page.wait_for_timeout(50)
        raise AssertionError("the panel never settled")

    def changed(self, before, seconds=20):
        """The sentence, once it is another one."""
        end = time.monotonic() + seconds
        while self.sentence == before:
            if time.monotonic() > end:
                raise AssertionError(f"the sentence is still {before!r}")
            self.notebook.page.wait_for_timeout(50)
        return self.sentence

    def slider(self, label):
        page = self.notebook.page
        named = page.locator(f".widget-label:text-is('{label}')")
        return Slider(self.cell.locator(".widget-slider", has=named))

    def button(self, label):
        return self.cell.get_by_role("button", name=label)

    def dropdown(self, label):
        page = self.notebook.page
        named = page.locator(f".widget-label:text-is('{label}')")
        return self.cell.locator(".widget-dropdown", has=named).locator("select")


class Slider:
    """A slider, to be moved as people do."""

    def __init__(self, slider):
        self.slider = slider
        self.handle = slider.locator(".noUi-handle[role=slider]")

    @property
    def value(self):
        shown = self.slider.locator(".widget-readout").text_content()
        return float(re.sub(r"[^0-9.-]", "", shown))

    def press(self, key, times=1):
        self.handle.scroll_into_view_if_needed()
        self.handle.focus()
        for _ in range(times):
            self.handle.press(key)

    def drag_to(self, share):
        """Drag the handle to a share of the slider's length."""
        self.handle.scroll_into_view_if_needed()
        mouse = self.slider.page.mouse
        handle = self.handle.bounding_box()
        track = self.slider.locator(".noUi-target").bounding_box()
        middle = handle["y"] + handle["height"] / 2
        mouse.move(handle["x"] + handle["width"] / 2, middle)
        mouse.down()
        mouse.move(track["x"] + share * track["width"], middle, steps=10)
        mouse.up()
