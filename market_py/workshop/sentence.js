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
    return () => model.off("change:text", say);
  },
};
