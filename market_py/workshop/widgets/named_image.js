// A picture with a name; the one before is seen until the next has been decoded.

export default {
  render({ model, el }) {
    const image = document.createElement("img");
    image.style.cssText = "display:block;width:100%";
    el.append(image);
    const name = () => (image.alt = model.get("alt"));
    const show = () => {
      const last = image.src;
      image.src = URL.createObjectURL(new Blob([model.get("value")], { type: "image/png" }));
      URL.revokeObjectURL(last);
    };
    name();
    show();
    model.on("change:alt", name);
    model.on("change:value", show);
    return () => {
      model.off("change:alt", name);
      model.off("change:value", show);
      URL.revokeObjectURL(image.src);
    };
  },
};
