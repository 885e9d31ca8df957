// A screen reader speaks of what changes inside a live region: both are made once, and stay.

export default {
  render({ model, el }) {
    el.style.cssText = "font-size:115%;line-height:1.5;color:var(--jp-ui-font-color1, inherit)";
    const [status, alert] = ["status", "alert"].map((role) => {
      const region = document.createElement("div");
      region.setAttribute("role", role);
      el.append(region);
      return region;
    });
    alert.style.cssText = "font-family:monospace;white-space:pre-wrap;overflow-wrap:anywhere";
    const say = () => {
      const [speaks, isSilent] = model.get("alarm") ? [alert, status] : [status, alert];
      isSilent.textContent = "";
      speaks.textContent = model.get("text");
    };
    say();
    model.on("change:text", say);
    // It has a size once it is in the page, among the controls that it answers.
    const placed = new ResizeObserver(() => nameSliders(el.parentElement));
    placed.observe(el);
    return () => {
      placed.disconnect();
      model.off("change:text", say);
    };
  },
};

const named = new WeakSet();

/** Sliders of ipywidgets show a label and a value; a screen reader hears neither without this. */
function nameSliders(panel) {
  for (const slider of panel?.querySelectorAll(".widget-slider") ?? []) {
    const [label, handle, readout] = [".widget-label", ".noUi-handle", ".widget-readout"].map(
      (part) => slider.querySelector(part),
    );
    handle.setAttribute("aria-label", label.textContent);
    if (named.has(slider) || !readout) continue;
    named.add(slider);
    // A slider over some values announces the index of a value: the value is in the readout.
    const tell = () => {
      const value = readout.textContent;
      if (handle.getAttribute("aria-valuetext") !== value) {
        handle.setAttribute("aria-valuetext", value);
      }
    };
    const watcher = new MutationObserver(tell);
    watcher.observe(readout, { childList: true, characterData: true, subtree: true });
    watcher.observe(handle, { attributeFilter: ["aria-valuetext"] });
    tell();
  }
}
