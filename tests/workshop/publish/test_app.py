"""Notebook 01 as a page of its own."""

import contextlib
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import nbformat
import pytest

from helpers.chromium import CHROMIUM, NEEDS_CHROMIUM
from market_py.extension import REPOSITORY
from market_py.workshop.publish import app


def test_the_page_leaves_out_exercises_and_ways_to_other_notebooks():
    page = app.page(nbformat.read(app.NOTEBOOK, as_version=4))
    prose = "\n".join(cell.source for cell in page.cells if cell.cell_type == "markdown")
    assert "## Drag it" in prose and "## Key points" in prose
    assert "Exercise" not in prose and ".ipynb" not in prose and "Next:" not in prose
    code = "\n".join(cell.source for cell in page.cells if cell.cell_type == "code")
    assert "price_duration_panel" in code
    assert "check_" not in code and "%%solution" not in code


@contextlib.contextmanager
def served(log):
    """`make app` on loopback."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {k: v for k, v in os.environ.items() if k != "CONDA_PREFIX"}
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "market_py", "app", "--no-browser", f"--port={port}"],
            cwd=REPOSITORY,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        wait_for(port, process, log)
        yield port
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_for(port, process, log):
    end = time.monotonic() + 60
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            if process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(log.read_text()[-3000:]) from None
            time.sleep(0.2)


@pytest.mark.long
@pytest.mark.filterwarnings("default")
@NEEDS_CHROMIUM
def test_the_page_answers_to_its_sliders(tmp_path):
    playwright = pytest.importorskip("playwright.sync_api")
    with served(tmp_path / "log") as port, playwright.sync_playwright() as driver:
        assert others_are_refused(port)
        chromium = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = chromium.new_page(viewport={"width": 1400, "height": 1000})
        page.set_default_timeout(60_000)
        wrong = []
        home = (f"http://127.0.0.1:{port}", "data:", "blob:")
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("request", lambda asked: asked.url.startswith(home) or wrong.append(asked.url))
        page.goto(f"http://127.0.0.1:{port}/")
        said = page.locator("[role=status]", has_text="clears at").first
        said.wait_for()
        assert page.locator(".jp-CodeCell .jp-InputArea-editor:visible").count() == 0
        seen = said.text_content()
        slider = page.get_by_role("slider").first
        slider.focus()
        for _ in range(30):
            slider.press("ArrowRight")
        page.wait_for_function(
            "seen => [...document.querySelectorAll('[role=status]')]"
            ".some(it => /clears at/.test(it.textContent)) && "
            "![...document.querySelectorAll('[role=status]')]"
            ".some(it => it.textContent === seen)",
            arg=seen,
        )
        assert page.locator("img:visible, svg:visible").count() > 0
        if shots := os.environ.get("BROWSER_SHOTS"):
            page.screenshot(path=f"{shots}/app.png", full_page=True)
        chromium.close()
    assert wrong == []


def others_are_refused(port):
    """Whether the page is there for this machine only."""
    address = socket.gethostbyname(socket.gethostname())
    if address.startswith("127."):
        return True
    try:
        urllib.request.urlopen(f"http://{address}:{port}/", timeout=2)
    except urllib.error.HTTPError:
        return False
    except OSError:
        return True
    return False
