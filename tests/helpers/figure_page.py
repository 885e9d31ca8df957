"""A figure in Chromium, on a page of its own: no kernel, which it does not need."""

import json

PAGE = """<!doctype html><html lang="en"><title>figure</title><meta charset="utf-8">
<style>{css}</style><main><h1>Figure</h1><div id="here"></div></main>
<script type="module">
import figure from "/figure.js";
const state = {state};
const listeners = {{}};
window.saved = 0;
window.model = {{
  get: (name) => state[name],
  set(name, value) {{
    state[name] = value;
    (listeners[`change:${{name}}`] ?? []).forEach((listener) => listener());
  }},
  on: (event, listener) => (listeners[event] ??= []).push(listener),
  off: () => {{}},
  send: (message) => (window.sent = message),
  save_changes: () => saved++,
  state,
}};
figure.render({{ model, el: document.getElementById("here") }});
window.ready = true;
</script></html>"""
"""A page with a model that keeps its state, as a kernel would."""

DARK = "body {background: #111; --jp-ui-font-color1: #eee; --jp-layout-color0: #111}"


class FigurePage:
    """A figure on a page, and the state that a kernel would have got from it."""

    def __init__(self, browser, figure, **options):
        self.page = browser.new_page(**({"viewport": {"width": 1000, "height": 900}} | options))
        self.page.set_default_timeout(10_000)
        self.crashes = []
        self.page.on("pageerror", lambda error: self.crashes.append(str(error)))
        kept = {k: v for k, v in figure.get_state().items() if k not in ("layout", "tabbable")}
        page = PAGE.format(css=figure._css, state=json.dumps(kept))
        self.page.route(
            "**/figure.js*",
            lambda route: route.fulfill(body=figure._esm, content_type="text/javascript"),
        )
        self.page.route(
            "http://figure.test/", lambda route: route.fulfill(body=page, content_type="text/html")
        )
        self.page.goto("http://figure.test/")
        self.page.wait_for_function("window.ready")
        # All but what it exports, to be called by a test.
        self.source = figure._esm.partition("export default")[0]

    @property
    def state(self):
        return self.page.evaluate("model.state")

    @property
    def sentence(self):
        # What was changed is drawn in the next frame.
        self.page.evaluate("() => new Promise(requestAnimationFrame)")
        return self.page.get_by_role("status").text_content()

    def picture(self):
        self.page.evaluate("() => new Promise(requestAnimationFrame)")
        return self.page.locator(".merit-order > svg").first.screenshot()
