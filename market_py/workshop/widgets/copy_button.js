// A button that puts a text on the clipboard and says so.

export default {
  render({ model, el }) {
    const button = document.createElement("button");
    button.className = "jupyter-button";
    button.style.width = "auto";
    button.setAttribute("aria-live", "polite");
    button.textContent = model.get("label");
    button.onclick = async () => {
      try {
        await navigator.clipboard.writeText(model.get("text"));
        button.textContent = "Copied";
      } catch {
        // Pages that are not served from this machine or by https have no clipboard.
        button.textContent = "No clipboard here: use Save";
      }
    };
    el.append(button);
  },
};
