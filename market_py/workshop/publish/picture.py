"""Make the animated picture of the README: the merit order, dragged in a real browser.

``make picture`` opens the figure of notebook 01 in headless Chromium, drags demand and the price of
oil, and writes ``docs/merit_order.webp``. It needs Playwright, Pillow and Chromium.
"""

from __future__ import annotations

import base64
import io
import json
from itertools import pairwise
from pathlib import Path
from typing import Any

from market_py import doctor
from market_py.extension import REPOSITORY
from market_py.workshop.lessons.n01_merit_order.panel import flagship_figure

PICTURE = REPOSITORY / "docs" / "merit_order.webp"
STEPS, FRAME_MS, PAUSE_MS = 12, 90, 1000
DEMANDS, OIL_PRICES = (2200, 2990, 3400, 2800), (100, 200, 30, 100)
"""MW and per cent, from the first place of each drag to the last."""
PAGE = """<!doctype html><meta charset="utf-8"><style>{css}
body {{margin: 0; padding: 8px 20px; width: 760px; background: #fff}}
.merit-order, .merit-order text, .merit-order text.name {{font-size: 18px}}
.merit-order text.tag {{font-size: 20px}} .merit-order .legend {{column-gap: 14px}}
.merit-order :is(.detail, .controls > :not(:first-child)) {{display: none}}
#pointer {{position: fixed; left: 0; top: 0; pointer-events: none}}</style><div id="here"></div>
<svg id="pointer" width="22" height="32" viewBox="0 0 18 26">
<path d="M1 1v20l5-5 3 8 4-2-3-7h7z" fill="#000" stroke="#fff" stroke-width="1.5"/></svg>
<script type="module">
import figure from "data:text/javascript;base64,{esm}";
const state = {state}, changed = {{}};
const model = {{
  get: (name) => state[name],
  set: (name, value) => {{ state[name] = value; changed[`change:${{name}}`]?.(); }},
  on: (event, listener) => (changed[event] = listener),
  save_changes() {{}},
}};
figure.render({{ model, el: document.getElementById("here") }});
addEventListener("pointermove", ({{ clientX: x, clientY: y }}) => {{
  document.getElementById("pointer").style.transform = `translate(${{x}}px, ${{y}}px)`;
}}, true);
</script>"""
"""The figure with a model that needs no kernel, and a pointer that screenshots show."""


def write(path: Path = PICTURE) -> Path:
    """Drag demand and the price of oil, and write the animation; return its path."""
    # Only this command and the browser tests need these.
    from PIL import Image
    from playwright.sync_api import sync_playwright

    figure = flagship_figure()
    names = ("_setting", "demand", "fuel_prices", "outages", "lost_load")
    state = json.dumps({name: getattr(figure, name) for name in names})
    module = base64.b64encode(figure._esm.encode()).decode()
    shots: list[bytes] = []
    with sync_playwright() as driver:
        chromium = driver.chromium.launch(
            executable_path=doctor.find_chromium(), args=["--no-sandbox"]
        )
        page = chromium.new_page(viewport={"width": 800, "height": 590})
        page.set_content(PAGE.format(css=figure._css, esm=module, state=state))
        plot: Any = page.locator(".sky").bounding_box()
        slider: Any = page.get_by_label("price of oil").bounding_box()
        thumb = slider["height"]
        widest, (low, high, _) = figure._setting["x_ticks"][-1], figure._setting["fuel_range"]
        demands = [(plot["x"] + plot["width"] * mw / widest, plot["y"]) for mw in DEMANDS]
        shares = [(price - low) / (high - low) for price in OIL_PRICES]
        travel, middle = slider["width"] - thumb, slider["y"] + thumb / 2
        prices = [(slider["x"] + thumb / 2 + share * travel, middle) for share in shares]
        for places in (demands, prices, [demands[-1], demands[0]]):
            page.mouse.move(*places[0])
            page.mouse.down()
            for start, end in pairwise(places):
                for step in range(1, STEPS + 1):
                    # Slow at both ends.
                    share = (step / STEPS) ** 2 * (3 - 2 * step / STEPS)
                    page.mouse.move(*(a + share * (b - a) for a, b in zip(start, end, strict=True)))
                    page.evaluate("() => new Promise(requestAnimationFrame)")
                    shots.append(page.screenshot())
            page.mouse.up()
    first, *others = (Image.open(io.BytesIO(shot)).convert("RGB") for shot in shots)
    pauses = [PAUSE_MS if step % STEPS == 0 else FRAME_MS for step in range(1, len(shots) + 1)]
    frames: dict[str, Any] = {"save_all": True, "append_images": others, "duration": pauses}
    first.save(path, lossless=True, quality=100, method=6, loop=0, **frames)
    return path


if __name__ == "__main__":
    print(f"{write().relative_to(REPOSITORY)} written")
