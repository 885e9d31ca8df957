// What figures share that are dragged: SVG that answers to pointer and keyboard without the kernel.

const WIDTH = 760;
const HEIGHT = 430;
const PLOT = { left: 66, right: 730, top: 44, bottom: 374 };
const TILE = 8;
/** Lines within a square tile, by the first sign of a hatch of Matplotlib. */
const HATCHES = {
  "/": "M-2 2L2 -2M0 8L8 0M6 10L10 6",
  "\\": "M-2 6L2 10M0 0L8 8M6 -2L10 2",
  x: "M0 8L8 0M0 0L8 8",
  "|": "M4 0V8",
  "-": "M0 4H8",
  "+": "M4 0V8M0 4H8",
  ".": "M2 2h.01M6 6h.01",
};

// Each figure has names of its own in the document, though a page loads this module for each.
const nextNumber = () => (globalThis.meritOrders = (globalThis.meritOrders ?? 0) + 1);

/** A widget that draws a figure, or says that it cannot. */
const rendering = (Kind) => ({
  render({ model, el }) {
    try {
      return new Kind(model, el).listen();
    } catch (error) {
      el.textContent = `The figure cannot be drawn here: ${error}`;
      model.send({ failed: String(error) });
    }
  },
});

/** A subclass has `inputs`, the names of what can be moved, `addParts`, `draw` and `cleared`. */
class View {
  constructor(model, el) {
    this.model = model;
    this.setting = model.get("_setting");
    this.frame = null;
    this.root = add(el, "div", { class: "merit-order" });
    this.root.addEventListener("keydown", keepKey);
    this.sentence = add(this.root, "div", { role: "status", "aria-live": "polite", class: "says" });
    this.addPicture();
    this.controls = add(this.root, "div", { class: "controls" });
    this.showers = [];
    this.addParts();
    if (this.setting.start) this.addReset();
    this.draw();
  }

  /** What stands between the sentence and the controls. */
  addPicture() {}

  addReset() {
    const reset = add(this.controls, "button", { type: "button" });
    reset.textContent = "Reset";
    reset.addEventListener("click", () => this.move(this.setting.start));
  }

  /** Change inputs; what follows from them is told to Python in the same message. */
  move(inputs) {
    for (const [name, value] of Object.entries(inputs)) this.model.set(name, value);
    const found = this.cleared();
    for (const name of this.outputs) this.model.set(name, found[name]);
    this.model.save_changes();
  }

  listen() {
    const later = () => {
      this.frame ??= requestAnimationFrame(() => {
        this.frame = null;
        this.draw();
      });
    };
    const events = this.inputs.map((name) => `change:${name}`);
    for (const event of events) this.model.on(event, later);
    return () => {
      for (const event of events) this.model.off(event, later);
      cancelAnimationFrame(this.frame);
    };
  }

  say(sentence) {
    if (this.sentence.textContent !== sentence) this.sentence.textContent = sentence;
    this.showers.forEach((show) => show());
  }
}

/** A view with axes. */
class Figure extends View {
  addPicture() {
    this.id = `merit-order-${nextNumber()}`;
    this.pointed = null;
    this.legend = add(this.root, "div", { class: "legend", "aria-hidden": "true" });
    this.svg = add(this.root, "svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "group" });
    this.detail = add(this.root, "div", { class: "detail" });
  }

  // What is there: made once, then moved.

  addLegendEntry(words, tag, attributes) {
    const item = add(this.legend, "span");
    add(add(item, "svg", { width: 30, height: 16, viewBox: "0 0 30 16" }), tag, attributes);
    add(item, "span").textContent = words;
  }

  addPatterns() {
    const definitions = add(this.svg, "defs");
    const kinds = Object.entries(this.setting.styles);
    for (const [number, [, [colour, hatch]]] of kinds.entries()) {
      const pattern = add(definitions, "pattern", {
        id: `${this.id}-${number}`,
        patternUnits: "userSpaceOnUse",
        width: TILE,
        height: TILE,
      });
      add(pattern, "rect", { width: TILE, height: TILE, fill: colour });
      const dots = hatch[0] === "." ? "dots" : "lines";
      add(pattern, "path", { d: HATCHES[hatch[0]] ?? "", class: `hatch ${dots}` });
    }
    for (const kind of Object.keys(this.setting.styles)) {
      const attributes = { class: "body", x: 1, y: 1, width: 28, height: 14 };
      this.addLegendEntry(kind, "rect", { ...attributes, fill: this.fill(kind) });
    }
  }

  fill(kind) {
    return `url(#${this.id}-${Object.keys(this.setting.styles).indexOf(kind)})`;
  }

  addAxes(across, up) {
    const axes = add(this.svg, "g", { class: "axes", "aria-hidden": "true" });
    const { left, right, bottom } = PLOT;
    const { x_ticks, y_ticks } = this.setting;
    for (const tick of y_ticks) {
      const y = this.y(tick);
      add(axes, "path", { d: `M${left} ${y}H${right}`, class: "grid" });
      add(axes, "text", { x: left - 8, y: y + 5, "text-anchor": "end" }).textContent = short(tick);
    }
    for (const tick of x_ticks) {
      const x = this.x(tick);
      add(axes, "path", { d: `M${x} ${bottom}v6`, class: "tick" });
      const label = { x, y: bottom + 21, "text-anchor": "middle" };
      add(axes, "text", label).textContent = short(tick);
    }
    add(axes, "path", { d: `M${left} ${this.y(0)}H${right}`, class: "tick" });
    const middle = { "text-anchor": "middle", class: "name" };
    add(axes, "text", { ...middle, x: (left + right) / 2, y: HEIGHT - 10 }).textContent = across;
    const height = (PLOT.top + bottom) / 2;
    add(axes, "text", { ...middle, transform: `translate(17 ${height}) rotate(-90)` }).textContent =
      up;
  }

  addPrice() {
    this.addLegendEntry("price", "path", { class: "price-line", d: "M0 8H30" });
    this.priceLine = add(this.svg, "path", { class: "price-line" });
    this.tag = add(this.svg, "text", { x: PLOT.left + 8, class: "tag" });
  }

  /** A slider whose line stands at so many megawatts, with a grip at a height, centred or aside. */
  addHandle(name, { grip, half = 68, aside = 0 }, onMove) {
    const handle = add(this.svg, "g", {
      class: `handle ${name}`,
      role: "slider",
      tabindex: 0,
      "aria-label": name,
      "aria-orientation": "horizontal",
      "aria-valuemin": 0,
      "aria-valuemax": this.setting.x_ticks.at(-1),
    });
    const target = add(handle, "rect", { class: "target", x: -6, width: 12 });
    const line = add(handle, "path", { class: `${name}-line` });
    const box = add(handle, "g", { class: "grip" });
    add(box, "rect", { x: -half, y: grip, width: 2 * half, height: 28, rx: 14 });
    const text = add(box, "text", { y: grip + 19, "text-anchor": "middle" });
    handle.addEventListener("keydown", (event) => this.onHandleKey(event, handle, onMove));
    const place = (size, words, top, bottom) => {
      const x = this.x(size);
      set(target, { y: top, height: Math.max(bottom - top, 0) });
      set(line, { d: `M0 ${top}V${bottom}` });
      set(handle, {
        transform: `translate(${x})`,
        "aria-valuenow": size,
        "aria-valuetext": megawatts(size),
      });
      // The grip stays within the picture.
      const shift = Math.max(half + 2 - x, Math.min(aside, WIDTH - half - 2 - x));
      set(box, { transform: `translate(${shift})` });
      text.textContent = `◂ ${words} ▸`;
    };
    return { handle, place };
  }

  /** A slider below the picture; `show` gives its value and text. */
  addRange(words, [min, max, step], onInput, show) {
    const label = add(this.controls, "label");
    add(label, "span").textContent = words;
    const input = add(label, "input", { type: "range", min, max, step });
    const shown = add(label, "span", { class: "value", "aria-hidden": "true" });
    input.addEventListener("input", () => onInput(Number(input.value)));
    this.showers.push(() => {
      const [value, text] = show();
      input.value = value;
      input.setAttribute("aria-valuetext", text);
      shown.textContent = text;
    });
    return input;
  }

  // What people do.

  /** Call `onStart` with the place of the pointer, then `follow` with each place it goes to. */
  drag(element, onStart, follow) {
    let isHeld = false;
    element.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      element.setPointerCapture(event.pointerId);
      isHeld = true;
      onStart(this.pixels(event));
      event.preventDefault();
      follow(this.pixels(event));
    });
    element.addEventListener("pointermove", (event) => isHeld && follow(this.pixels(event)));
    for (const type of ["pointerup", "pointercancel"]) {
      element.addEventListener(type, () => (isHeld = false));
    }
  }

  pixels(event) {
    const box = this.svg.getBoundingClientRect();
    const scale = WIDTH / box.width;
    return { x: (event.clientX - box.left) * scale, y: (event.clientY - box.top) * scale };
  }

  onHandleKey(event, handle, onMove) {
    const step = this.setting.demand_step;
    const now = Number(handle.getAttribute("aria-valuenow"));
    const target = {
      ArrowRight: now + step,
      ArrowUp: now + step,
      ArrowLeft: now - step,
      ArrowDown: now - step,
      PageUp: now + 10 * step,
      PageDown: now - 10 * step,
      Home: 0,
      End: this.setting.x_ticks.at(-1),
    }[event.key];
    if (target === undefined) return;
    event.preventDefault();
    onMove(target);
  }

  /** The closest whole number of steps from 0 to the end of the axis. */
  steps(megawatts) {
    const { demand_step, x_ticks } = this.setting;
    const within = Math.max(0, Math.min(megawatts, x_ticks.at(-1)));
    return Number((Math.round(within / demand_step) * demand_step).toPrecision(12));
  }

  point(i) {
    this.pointed = i;
    this.showPointed();
  }

  // What is shown.

  drawPrice(price) {
    const { y_ticks, currency } = this.setting;
    const offScale = price > y_ticks.at(-1);
    const y = Math.max(this.y(price), PLOT.top);
    set(this.priceLine, { d: `M${PLOT.left} ${y}H${PLOT.right}` });
    set(this.tag, { y: y < PLOT.top + 24 ? y + 20 : y - 7 });
    const note = offScale ? " (off the scale)" : "";
    this.tag.textContent = `price ${amount(price)} ${currency}/MWh${note}`;
  }

  say(sentence) {
    super.say(sentence);
    this.showPointed();
  }

  x(megawatts) {
    return PLOT.left + (megawatts / this.setting.x_ticks.at(-1)) * (PLOT.right - PLOT.left);
  }

  megawattsAt(x) {
    return ((x - PLOT.left) / (PLOT.right - PLOT.left)) * this.setting.x_ticks.at(-1);
  }

  y(price) {
    const { y_ticks } = this.setting;
    const share = (price - y_ticks[0]) / (y_ticks.at(-1) - y_ticks[0]);
    return PLOT.bottom - share * (PLOT.bottom - PLOT.top);
  }

  priceAt(y) {
    const { y_ticks } = this.setting;
    const share = (PLOT.bottom - y) / (PLOT.bottom - PLOT.top);
    return y_ticks[0] + share * (y_ticks.at(-1) - y_ticks[0]);
  }
}

/** JupyterLab would take an arrow key for itself, and go to another cell. */
function keepKey(event) {
  const plain = !(event.ctrlKey || event.metaKey || event.altKey || event.shiftKey);
  if (plain && event.key !== "Tab" && event.key !== "Escape") event.stopPropagation();
}

const SVG_TAGS = new Set(["svg", "g", "rect", "path", "text", "defs", "pattern"]);

function add(parent, tag, attributes = {}) {
  const space = SVG_TAGS.has(tag) ? "http://www.w3.org/2000/svg" : "http://www.w3.org/1999/xhtml";
  const element = document.createElementNS(space, tag);
  set(element, attributes);
  return parent.appendChild(element);
}

function set(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
}

function short(number) {
  return grouped(String(number));
}
