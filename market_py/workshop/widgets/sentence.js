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

/** Sliders of ipywidgets have a label to be seen, but no name to be heard. */
function nameSliders(panel) {
  for (const slider of panel?.querySelectorAll(".widget-slider") ?? []) {
    const label = slider.querySelector(".widget-label").textContent;
    slider.querySelector(".noUi-handle").setAttribute("aria-label", label);
  }
}
