"""Every control in the outputs of a notebook, found by what it is, and moved by keyboard."""

import base64
import io
import re
import time
from typing import NamedTuple

import numpy as np
from PIL import Image

from helpers import lab

CONTROLS = (
    "[role=slider], [role=switch], select, input[type=range], input[type=checkbox], "
    ".widget-toggle-button"
)
START = ".widget-button"
FOLDED = (
    ".jupyter-widget-Collapse:not(.jupyter-widget-Collapse-open) .jupyter-widget-Collapse-header"
)
LABEL = """control => {
  const row = control.closest('.widget-inline-hbox');
  if (control.type === 'checkbox') return control.closest('label').textContent;
  const named = control.tagName === 'BUTTON' ? null : row && row.querySelector('.widget-label');
  return control.ariaLabel || (named || control).textContent;
}"""
VALUE = """control => {
  if (control.tagName === 'SELECT') return control.value;
  if (control.type === 'checkbox') return control.checked;
  if (control.tagName === 'BUTTON') return control.classList.contains('mod-active');
  const row = control.closest('.widget-inline-hbox');
  const readout = row && row.querySelector('.widget-readout');
  if (readout) return readout.textContent;
  return ['aria-valuetext', 'aria-valuenow', 'aria-checked']
    .map(name => control.getAttribute(name)).find(value => value !== null) ?? control.value;
}"""
HIDDEN = """control => {
  const row = control.closest('.widget-inline-hbox');
  return row !== null && row.style.display === 'none';
}"""
# An image is known by its bytes: its address is another one each time.
SHOWN = """async cell => {
  const outputs = Array.from(cell.querySelectorAll('.jp-OutputArea-output'));
  const all = selector => outputs.flatMap(output => Array.from(output.querySelectorAll(selector)));
  const digest = async image => {
    const bytes = await (await fetch(image.src)).arrayBuffer();
    return Array.from(new Uint8Array(await crypto.subtle.digest('SHA-1', bytes))).join();
  };
  const pictures = all('img, svg, table').map(
    picture => picture.tagName === 'IMG' ? digest(picture) : picture.outerHTML);
  return [
    (await Promise.all(pictures)).join('\\n'),
    all('[role=status], [role=alert]').map(sentence => sentence.textContent)
      .filter(Boolean).join('\\n'),
  ];
}"""


class Control:
    """A slider, a list to choose from, or a switch."""

    def __init__(self, locator):
        self.locator = locator
        self.label = locator.evaluate(LABEL)
        kind = locator.evaluate("control => control.getAttribute('role') || control.type")
        self.is_slider = kind in ("slider", "range")
        self.has_ends = self.is_slider or kind == "select-one"

    @property
    def value(self):
        return self.locator.evaluate(VALUE)

    @property
    def is_hidden(self):
        return self.locator.evaluate(HIDDEN)

    def press(self, key, times=1):
        self.locator.scroll_into_view_if_needed()
        self.locator.focus()
        for _ in range(times):
            self.locator.press(key)

    @property
    def positions(self):
        """How many there are, of a slider's handle; it is at its first one then."""
        low, high = (
            float(self.locator.get_attribute(f"aria-value{end}")) for end in ("min", "max")
        )
        self.press("Home")
        self.press("ArrowRight")
        step = float(self.locator.get_attribute("aria-valuenow")) - low
        self.press("Home")
        return 1 + (high - low) / step

    @property
    def moves(self):
        """Keys, and how often, from the smallest step to the largest."""
        if not self.has_ends:
            return [("Space", 1)]
        return [("ArrowRight", 5) if self.is_slider else ("ArrowDown", 1), ("End", 1), ("Home", 1)]


class Output:
    """What a cell shows: controls, a picture, and the sentence that says what is in it."""

    def __init__(self, cell):
        self.cell = cell
        self.page = cell.page
        # The figure is moved by tests of its own: a fuel that is not marginal is seen, not said.
        found = cell.locator(f":is({CONTROLS}):not(.merit-order *)")
        # Where there is nothing to choose, nothing asks.
        asking = (control for control in found.all() if not control.evaluate(HIDDEN))
        self.controls = [Control(control) for control in asking]
        self._bar = cell.locator(".widget-hprogress .progress-bar")
        self.is_job = self._bar.count() > 0

    @property
    def start(self):
        return self.cell.locator(START).first

    @property
    def stop(self):
        return self.cell.locator(START).nth(1)

    @property
    def progress(self):
        """Per cent."""
        return self._bar.evaluate("bar => parseFloat(bar.style.width)")

    @property
    def values(self):
        return {control.label: control.value for control in self.controls}

    def shown(self):
        """The picture, or none, and the sentence."""
        end = time.monotonic() + 5
        while True:
            try:
                picture, sentence = self.cell.evaluate(SHOWN)
            except lab.PageError:  # The picture was replaced while it was read.
                if time.monotonic() > end:
                    raise
            else:
                return picture, sentence

    def settled(self, quiet=0.3, seconds=15):
        """What is shown, once it has stopped changing."""
        now = self.shown()
        since, end = time.monotonic(), time.monotonic() + seconds
        while time.monotonic() < since + quiet:
            assert time.monotonic() < end, "the output never settled"
            self.page.wait_for_timeout(50)
            last, now = now, self.shown()
            if now != last:
                since = time.monotonic()
        return now

    def differs(self, before, seconds=2.0):
        """Whether the sentence, and the picture if there is one, become others."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            picture, sentence = self.shown()
            if sentence != before[1] and (picture != before[0] or not picture):
                return True
            self.page.wait_for_timeout(50)
        return False

    def is_moved_by(self, control):
        before = self.settled()
        for key, times in control.moves:
            control.press(key, times)
            if self.differs(before):
                return True
        return False


def outputs(notebook):
    """The outputs with something to press or to move, from top to bottom."""
    page = notebook.page
    for header in page.locator(FOLDED).all():
        header.click()
    cells = page.locator(".jp-Notebook .jp-CodeCell")
    found = cells.filter(has=page.locator(f".jp-OutputArea-output :is({CONTROLS}, {START})"))
    return [Output(cell) for cell in found.all()]


def explore(output, check):
    """Move each control, and check what is said after each; all must matter."""
    idle = []
    for control in output.controls:
        if control.is_hidden:  # What there is to choose depends on what was chosen above it.
            _press_ends(output, "Home")
        if not output.is_moved_by(control):
            idle.append(control)
        check(output)
    # Some matter only where others are: the value of lost load, in a shortage.
    if idle:
        _press_ends(output, "End")
        idle = [control for control in idle if not output.is_moved_by(control)]
        check(output)
    assert not idle, f"nothing follows {[control.label for control in idle]}"


def _press_ends(output, key):
    for control in output.controls:
        if control.has_ends and not control.is_hidden:
            control.press(key)


SAID = {
    "Take the time": r"3 rounds of 1 call: numba-sort takes [0-9,]+ ns",
    "Compile and call": r"The first call took [0-9,.]+ ms",
    "Run all three": r"on one input, repeated, N = 5: \d.* same order, N = 5: \d",
    "Run the race": r"inputs, 5 offers: rust-naive \d.* \((faster|slower|indist)",
    "Time the call overhead": r"N = 5, ns per call: an empty call takes ",
    "Time the variants": r"20 offers, .*: numba-sort [0-9.]+ µs",
    "Count": r"20 offers, per market: .* asks for ",
    "Time the growth": r"random prices, N = 1,000",
    "Run the batches": r"numba: one call is .*; at \d+ it is",
    "Simulate": r"100 years: \d.* hours of lost load a year",
    "Simulate both": r"20 years: plain \d.* h/year, weighted \d",
    "Learn": r"1 seed: .* the mean price is [0-9.]+ €/MWh",
    "Compare": r"PPO [0-9.]+ €/MWh",
    "Train with each": r"With numpy, steps are \d+% of training",
    "Sweep": r"in millions of market-steps per second: ",
}
"""How the sentence begins after a run, by what is on the button."""
ANSWERS_TOO = ("Measure my own", "Measure my case")
"""Buttons of panels that answer their controls without a run."""
LONG_ENOUGH = 8
"""Seconds after which a job that has shown something is stopped."""


def run(output, check):
    """Run a job at its smallest settings; then stop it at its largest."""
    before = output.settled()
    for control in output.controls:
        seen = {control.value}
        for key in ("End", "Home") if control.has_ends else ("Space", "Space"):
            control.press(key)
            output.page.wait_for_timeout(100)
            seen.add(control.value)
        assert len(seen) > 1, f"{control.label} does not move"
    if output.start.text_content() not in ANSWERS_TOO:
        assert output.settled() == before, "moving a control starts nothing"
    _press(output, output.start)
    _wait(output, lambda: output.progress > 0, "no progress", seconds=120)
    assert output.differs(before, seconds=60), "nothing new is shown"
    _wait_a_while(output)
    picture, sentence = output.settled()
    assert picture != before[0]
    expected = SAID.get(output.start.text_content(), "")
    assert re.search(expected, sentence), f"{sentence!r} does not say {expected!r}"
    check(output)

    for control in output.controls:
        if control.is_slider:
            control.press("End")
    _press(output, output.start)
    _wait(output, lambda: output.progress > 0 or not _runs(output), "no progress", seconds=120)
    reached = output.progress
    _stop(output)
    assert reached > 50 or output.progress < 100, "stopping it does not end it early"
    assert output.settled()[1] not in ("Running …", "Waiting for the panel that runs …")


def _runs(output):
    return output.start.is_disabled()


def _press(output, button):
    button.scroll_into_view_if_needed()
    _, before = output.shown()
    button.press("Enter")
    _wait(output, lambda: _runs(output) or output.shown()[1] != before, "it does not start")


def _wait(output, is_so, otherwise, seconds=10.0):
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end, f"{output.start.text_content()}: {otherwise}"
        output.page.wait_for_timeout(50)


def _wait_a_while(output):
    """Let a job end by itself if it soon does."""
    end = time.monotonic() + LONG_ENOUGH
    while _runs(output):
        if time.monotonic() > end:
            _stop(output)
            return
        output.page.wait_for_timeout(50)


def _stop(output):
    if _runs(output) and output.stop.is_enabled():
        output.stop.press("Enter")
    _wait(output, lambda: not _runs(output), "it does not stop")


SAMPLE = """cell => {
  const found = {frames: 0, heights: new Set(), sources: new Set(), key: 0, change: 0};
  cell.addEventListener('keydown', () => { found.key = performance.now(); }, true);
  const look = () => {
    const image = cell.querySelector('.jp-OutputArea-output img');
    const source = image && image.src;
    found.frames += 1;
    found.heights.add(image ? image.clientHeight : 0);
    // One that is still loading is not shown: the one before is.
    if (image && image.complete && !found.sources.has(source)) {
      found.sources.add(source);
      found.change = performance.now();
    }
    if (window.sampled === found) requestAnimationFrame(look);
  };
  window.sampled = found;
  look();
}"""
SAMPLED = """() => {
  const found = window.sampled;
  window.sampled = null;
  return [found.frames, Array.from(found.heights), found.sources.size, found.change - found.key];
}"""
MOVES, PER_SECOND = 50, 30


class Frames(NamedTuple):
    """What was on the screen while a slider moved."""

    number: int
    heights: list[int]
    """Of the picture; 0 where there is none."""
    pictures: int
    late: float
    """Milliseconds from the last key to the last picture."""


def sweep(output, slider):
    """Move a slider to and fro by keyboard, as fast as a held key, and look at each frame."""
    to_the_end = int(slider.positions) - 1
    output.settled()
    output.cell.evaluate(SAMPLE)
    start = time.monotonic()
    for move in range(1, MOVES + 1):
        # A key at the end of a slider would move nothing.
        is_back = (move - 1) // to_the_end % 2
        output.page.keyboard.press("ArrowLeft" if is_back else "ArrowRight")
        ahead = start + move / PER_SECOND - time.monotonic()
        output.page.wait_for_timeout(max(0, 1000 * ahead))
    output.settled(quiet=1)
    return Frames(*output.page.evaluate(SAMPLED))


def filmed_sweep(output, slider):
    """Move a slider likewise, and return its picture as it was painted, frame by frame."""
    slider.press("Home")
    output.settled()
    film = []
    camera = output.page.context.new_cdp_session(output.page)

    def keep(frame):
        camera.send("Page.screencastFrameAck", {"sessionId": frame["sessionId"]})
        film.append(base64.b64decode(frame["data"]))

    camera.on("Page.screencastFrame", keep)
    camera.send("Page.startScreencast", {"format": "jpeg", "quality": 60})
    place = output.cell.locator("img").first.bounding_box()
    sweep(output, slider)
    camera.send("Page.stopScreencast")
    camera.detach()
    return [_crop(frame, place, output.page.viewport_size["width"]) for frame in film]


def _crop(frame, place, width):
    """The part of a frame where the picture is, as brightness, without its edges."""
    seen = Image.open(io.BytesIO(frame)).convert("L")
    scale = seen.width / width
    left, top = scale * place["x"], scale * place["y"]
    right, bottom = left + scale * place["width"], top + scale * place["height"]
    return np.asarray(seen.crop((int(left) + 5, int(top) + 5, int(right) - 5, int(bottom) - 5)))
