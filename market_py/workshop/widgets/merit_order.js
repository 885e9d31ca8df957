// The merit order, to be dragged: SVG that answers to pointer and keyboard without the kernel.

const WIDTH = 760;
const HEIGHT = 430;
const PLOT = { left: 66, right: 730, top: 44, bottom: 374 };
const INPUTS = ["demand", "fuel_prices", "outages", "lost_load"];
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
const HINT = "Press a block to take it out or to bring it back, and drag the line of demand.";

// Each figure has names of its own in the document, though a page loads this module for each.
const nextNumber = () => (globalThis.meritOrders = (globalThis.meritOrders ?? 0) + 1);

export default {
  render({ model, el }) {
    try {
      return new Figure(model, el).listen();
    } catch (error) {
      el.textContent = `The figure cannot be drawn here: ${error}`;
      model.send({ failed: String(error) });
    }
  },
};

class Figure {
  constructor(model, el) {
    this.model = model;
    this.setting = model.get("_setting");
    this.id = `merit-order-${nextNumber()}`;
    this.frame = null;
    this.pointed = null;
    this.root = add(el, "div", { class: "merit-order" });
    this.root.addEventListener("keydown", keepKey);
    this.sentence = add(this.root, "div", { role: "status", "aria-live": "polite", class: "says" });
    this.addLegend();
    this.addPicture();
    this.detail = add(this.root, "div", { class: "detail" });
    this.addControls();
    this.draw();
  }

  // What is there: made once, then moved.

  addLegend() {
    const legend = add(this.root, "div", { class: "legend", "aria-hidden": "true" });
    const entry = (words) => {
      const item = add(legend, "span");
      const sample = add(item, "svg", { width: 30, height: 16, viewBox: "0 0 30 16" });
      add(item, "span").textContent = words;
      return sample;
    };
    for (const kind of Object.keys(this.setting.styles)) {
      const attributes = { class: "body", x: 1, y: 1, width: 28, height: 14 };
      add(entry(kind), "rect", { ...attributes, fill: this.fill(kind) });
    }
    add(entry("out"), "path", { class: "out-sample", d: "M1 1H29V15H1ZM1 1L29 15M1 15L29 1" });
    add(entry("demand"), "path", { class: "demand-line", d: "M15 0V16" });
    add(entry("price"), "path", { class: "price-line", d: "M0 8H30" });
  }

  addPicture() {
    this.svg = add(this.root, "svg", {
      viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
      role: "group",
      "aria-label": "Merit order: the offers, cheapest first, with demand and price",
    });
    this.addPatterns();
    this.addAxes();
    const { left, right, top, bottom } = PLOT;
    const area = { x: left, y: top, width: right - left, height: bottom - top };
    const sky = add(this.svg, "rect", { ...area, class: "sky" });
    this.addBlocks();
    this.veil = add(this.svg, "rect", { y: top, height: bottom - top, class: "veil" });
    this.priceLine = add(this.svg, "path", { class: "price-line" });
    this.tag = add(this.svg, "text", { x: left + 8, class: "tag" });
    this.ring = add(this.svg, "rect", { class: "ring" });
    this.addDemand();
    this.dragFrom(sky, () => 0);
    this.dragFrom(this.handle, (x) => this.x(this.model.get("demand")) - x);
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
  }

  fill(kind) {
    return `url(#${this.id}-${Object.keys(this.setting.styles).indexOf(kind)})`;
  }

  addAxes() {
    const axes = add(this.svg, "g", { class: "axes", "aria-hidden": "true" });
    const { left, right, bottom } = PLOT;
    const { x_ticks, y_ticks, currency } = this.setting;
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
    add(axes, "text", { ...middle, x: (left + right) / 2, y: HEIGHT - 10 }).textContent =
      "offered quantity, cheapest first (MW)";
    const height = (PLOT.top + bottom) / 2;
    add(axes, "text", { ...middle, transform: `translate(17 ${height}) rotate(-90)` }).textContent =
      `offer price (${currency}/MWh)`;
  }

  addBlocks() {
    const group = add(this.svg, "g", { role: "group", "aria-label": "offers" });
    const { names, kinds } = this.setting;
    this.blocks = names.map((name, i) => {
      // One of them is a tab stop; arrow keys go to the others.
      const block = add(group, "g", { class: "block", role: "button", tabindex: i ? -1 : 0 });
      const body = add(block, "rect", { class: "body", fill: this.fill(kinds[i]) });
      const cross = add(block, "path", { class: "cross" });
      const target = add(block, "rect", { class: "target" });
      block.addEventListener("click", () => this.toggle(i));
      block.addEventListener("keydown", (event) => this.onBlockKey(event, i));
      block.addEventListener("pointerenter", () => this.point(i));
      block.addEventListener("pointerleave", () => this.point(null));
      block.addEventListener("focus", () => this.onBlockFocus(i));
      block.addEventListener("blur", () => this.point(null));
      return { block, body, cross, target };
    });
  }

  addDemand() {
    const { x_ticks } = this.setting;
    this.handle = add(this.svg, "g", {
      class: "demand",
      role: "slider",
      tabindex: 0,
      "aria-label": "demand",
      "aria-orientation": "horizontal",
      "aria-valuemin": 0,
      "aria-valuemax": x_ticks[x_ticks.length - 1],
    });
    const { top, bottom } = PLOT;
    const height = bottom - top + 12;
    add(this.handle, "rect", { class: "target", x: -6, y: top - 12, width: 12, height });
    add(this.handle, "path", { class: "demand-line", d: `M0 ${top - 12}V${bottom}` });
    this.grip = add(this.handle, "g", { class: "grip" });
    add(this.grip, "rect", { x: -68, y: 4, width: 136, height: 28, rx: 14 });
    this.gripText = add(this.grip, "text", { y: 23, "text-anchor": "middle" });
    this.handle.addEventListener("keydown", (event) => this.onDemandKey(event));
  }

  addControls() {
    const controls = add(this.root, "div", { class: "controls" });
    const range = (words, [min, max, step], onInput) => {
      const label = add(controls, "label");
      add(label, "span").textContent = words;
      const input = add(label, "input", { type: "range", min, max, step });
      const shown = add(label, "span", { class: "value", "aria-hidden": "true" });
      input.addEventListener("input", () => onInput(Number(input.value)));
      return (value, text) => {
        input.value = value;
        input.setAttribute("aria-valuetext", text);
        shown.textContent = text;
      };
    };
    const { fuels, fuel_range, lost_load_range, currency } = this.setting;
    const setPrice = (fuel, percent) =>
      this.move({ fuel_prices: { ...this.model.get("fuel_prices"), [fuel]: percent / 100 } });
    const showers = fuels.map((fuel) => {
      const show = range(`price of ${fuel}`, fuel_range, (percent) => setPrice(fuel, percent));
      return () => {
        const percent = Math.round(this.model.get("fuel_prices")[fuel] * 100);
        show(percent, `${percent} %`);
      };
    });
    if (lost_load_range) {
      const move = (value) => this.move({ lost_load: value });
      const show = range("value of lost load", lost_load_range, move);
      showers.push(() => {
        const value = this.model.get("lost_load");
        show(value, `${short(value)} ${currency}/MWh`);
      });
    }
    this.showControls = () => showers.forEach((show) => show());
    const reset = add(controls, "button", { type: "button" });
    reset.textContent = "Reset";
    reset.addEventListener("click", () => this.move(this.setting.start));
  }

  // What people do.

  dragFrom(element, offset) {
    let shift = null;
    const follow = (event) => this.moveDemand(this.megawattsAt(this.pixels(event) + shift));
    element.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      element.setPointerCapture(event.pointerId);
      shift = offset(this.pixels(event));
      this.handle.focus({ preventScroll: true });
      event.preventDefault();
      follow(event);
    });
    element.addEventListener("pointermove", (event) => shift !== null && follow(event));
    for (const type of ["pointerup", "pointercancel"]) {
      element.addEventListener(type, () => (shift = null));
    }
  }

  pixels(event) {
    const box = this.svg.getBoundingClientRect();
    return ((event.clientX - box.left) / box.width) * WIDTH;
  }

  onDemandKey(event) {
    const step = this.setting.demand_step;
    const { x_ticks } = this.setting;
    const demand = this.model.get("demand");
    const target = {
      ArrowRight: demand + step,
      ArrowUp: demand + step,
      ArrowLeft: demand - step,
      ArrowDown: demand - step,
      PageUp: demand + 10 * step,
      PageDown: demand - 10 * step,
      Home: 0,
      End: x_ticks[x_ticks.length - 1],
    }[event.key];
    if (target === undefined) return;
    event.preventDefault();
    this.moveDemand(target);
  }

  onBlockKey(event, i) {
    const row = this.placed().map((place) => place.i);
    const at = row.indexOf(i);
    const next = {
      ArrowRight: at + 1,
      ArrowUp: at + 1,
      ArrowLeft: at - 1,
      ArrowDown: at - 1,
      Home: 0,
      End: row.length - 1,
    }[event.key];
    if (event.key === "Enter" || event.key === " ") this.toggle(i);
    else if (next === undefined) return;
    else this.blocks[row[Math.max(0, Math.min(next, row.length - 1))]].block.focus();
    event.preventDefault();
  }

  onBlockFocus(i) {
    for (const { block } of this.blocks) block.setAttribute("tabindex", -1);
    this.blocks[i].block.setAttribute("tabindex", 0);
    this.point(i);
  }

  toggle(i) {
    const name = this.setting.names[i];
    const out = this.model.get("outages");
    this.move({ outages: out.includes(name) ? out.filter((n) => n !== name) : [...out, name] });
  }

  moveDemand(megawatts) {
    const { demand_step, x_ticks } = this.setting;
    const within = Math.max(0, Math.min(megawatts, x_ticks[x_ticks.length - 1]));
    const steps = Math.round(within / demand_step);
    this.move({ demand: Number((steps * demand_step).toPrecision(12)) });
  }

  /** Change inputs; what follows from them is told to Python in the same message. */
  move(inputs) {
    for (const [name, value] of Object.entries(inputs)) this.model.set(name, value);
    const { price, dispatch, marginal, sentence } = this.cleared();
    const names = marginal.map((i) => this.setting.names[i]);
    this.model.set("price", price);
    this.model.set("dispatch", dispatch);
    this.model.set("marginal", names);
    this.model.set("sentence", sentence);
    this.model.save_changes();
  }

  point(i) {
    this.pointed = i;
    this.showPointed();
  }

  // What is shown.

  listen() {
    const later = () => {
      this.frame ??= requestAnimationFrame(() => {
        this.frame = null;
        this.draw();
      });
    };
    const events = INPUTS.map((name) => `change:${name}`);
    for (const event of events) this.model.on(event, later);
    return () => {
      for (const event of events) this.model.off(event, later);
      cancelAnimationFrame(this.frame);
    };
  }

  offers() {
    const { names, kinds, bids, fuel_costs, quantities } = this.setting;
    const factors = this.model.get("fuel_prices");
    const out = new Set(this.model.get("outages"));
    return {
      bids: bids.map((bid, i) => fuel_costs[i] * (factors[kinds[i]] ?? 1) + bid),
      quantities: quantities.map((quantity, i) => (out.has(names[i]) ? 0 : quantity)),
      out: names.map((name) => out.has(name)),
    };
  }

  cleared() {
    const { names, ties, currency } = this.setting;
    const { bids, quantities, out } = this.offers();
    const demand = this.model.get("demand");
    const options = { ties, cap: this.model.get("lost_load") };
    const { price, dispatch } = clearMarket(bids, quantities, demand, options);
    const market = [bids, quantities, demand, price, dispatch];
    return {
      bids,
      quantities,
      out,
      price,
      dispatch,
      marginal: roles(...market).marginal,
      sentence: clearedSentence(names, ...market, currency),
    };
  }

  /** The offers from left to right: in merit order, those on outage behind the others. */
  placed() {
    const { bids, out } = this.offers();
    const sizes = this.setting.quantities;
    const row = sizes.map((_, i) => i);
    row.sort((i, j) => out[i] - out[j] || bids[i] - bids[j] || i - j);
    let left = 0;
    return row.map((i) => ({ i, left, right: (left += sizes[i]) }));
  }

  draw() {
    this.now = this.cleared();
    const { price, quantities, dispatch, sentence } = this.now;
    this.placed().forEach((place) => this.drawBlock(place));
    const served = this.x(total(dispatch));
    this.veil.setAttribute("x", served);
    this.veil.setAttribute("width", this.x(total(quantities)) - served);
    this.drawPrice(price);
    this.drawDemand(this.model.get("demand"));
    if (this.sentence.textContent !== sentence) this.sentence.textContent = sentence;
    this.showPointed();
    this.showControls();
  }

  drawBlock({ i, left, right }) {
    const { bids, out, marginal } = this.now;
    const { block, body, cross, target } = this.blocks[i];
    const x = this.x(left);
    const width = this.x(right) - x;
    // An offer at 0 still shows as a thin bar.
    const foot = this.y(0);
    const head = Math.abs(this.y(bids[i]) - foot) < 3 ? foot - 3 : this.y(bids[i]);
    const y = Math.min(head, foot);
    const height = Math.abs(head - foot);
    set(body, { x, y, width, height });
    set(cross, { d: `M${x} ${y}l${width} ${height}M${x} ${y + height}l${width} ${-height}` });
    const tall = Math.max(height, 24);
    set(target, { x, y: bids[i] < 0 ? y : foot - tall, width, height: tall });
    block.classList.toggle("out", out[i]);
    block.classList.toggle("marginal", marginal.includes(i));
    set(block, { "aria-label": this.describe(i), "aria-pressed": out[i] });
  }

  drawPrice(price) {
    const { y_ticks, currency } = this.setting;
    const offScale = price > y_ticks[y_ticks.length - 1];
    const y = Math.max(this.y(price), PLOT.top);
    set(this.priceLine, { d: `M${PLOT.left} ${y}H${PLOT.right}` });
    set(this.tag, { y: y < PLOT.top + 24 ? y + 20 : y - 7 });
    const note = offScale ? " (off the scale)" : "";
    this.tag.textContent = `price ${amount(price)} ${currency}/MWh${note}`;
  }

  drawDemand(demand) {
    const x = this.x(demand);
    set(this.handle, {
      transform: `translate(${x})`,
      "aria-valuenow": demand,
      "aria-valuetext": megawatts(demand),
    });
    // The grip stays within the picture.
    const shift = Math.max(70 - x, 0) || Math.min(WIDTH - 70 - x, 0);
    set(this.grip, { transform: `translate(${shift})` });
    this.gripText.textContent = `◂ ${megawatts(demand)} ▸`;
  }

  showPointed() {
    const i = this.pointed;
    this.detail.textContent = i === null ? HINT : this.describe(i);
    this.ring.classList.toggle("shown", i !== null);
    if (i === null) return;
    // Around the block, so that a narrow one is still seen.
    const side = (name) => Number(this.blocks[i].body.getAttribute(name));
    set(this.ring, { x: side("x") - 5, y: side("y") - 5 });
    set(this.ring, { width: side("width") + 10, height: side("height") + 10, rx: 4 });
  }

  describe(i) {
    const { names, quantities, currency } = this.setting;
    const { bids, dispatch, out } = this.now;
    const offer = `${names[i]}: ${megawatts(quantities[i])} at ${amount(bids[i])} ${currency}/MWh`;
    return out[i] ? `${offer}, out` : `${offer}, of which ${megawatts(dispatch[i])} run`;
  }

  x(megawatts) {
    const ticks = this.setting.x_ticks;
    const share = megawatts / ticks[ticks.length - 1];
    return PLOT.left + share * (PLOT.right - PLOT.left);
  }

  megawattsAt(x) {
    const ticks = this.setting.x_ticks;
    return ((x - PLOT.left) / (PLOT.right - PLOT.left)) * ticks[ticks.length - 1];
  }

  y(price) {
    const ticks = this.setting.y_ticks;
    const low = ticks[0];
    const share = (price - low) / (ticks[ticks.length - 1] - low);
    return PLOT.bottom - share * (PLOT.bottom - PLOT.top);
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
