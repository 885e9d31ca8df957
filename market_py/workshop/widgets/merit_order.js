// The merit order, to be dragged: `figure.js` with a block for each offer and the line of demand.

const HINT = "Press a block to take it out or to bring it back, and drag the line of demand.";

class MeritOrder extends Figure {
  inputs = ["demand", "fuel_prices", "outages", "lost_load"];
  outputs = ["price", "dispatch", "marginal", "sentence"];

  addParts() {
    const label = "Merit order: the offers, cheapest first, with demand and price";
    set(this.svg, { "aria-label": label });
    this.addPatterns();
    this.addLegendEntry("out", "path", {
      class: "out-sample",
      d: "M1 1H29V15H1ZM1 1L29 15M1 15L29 1",
    });
    this.addLegendEntry("demand", "path", { class: "demand-line", d: "M15 0V16" });
    const { currency } = this.setting;
    this.addAxes("offered quantity, cheapest first (MW)", `offer price (${currency}/MWh)`);
    const { left, right, top, bottom } = PLOT;
    const area = { x: left, y: top, width: right - left, height: bottom - top };
    const sky = add(this.svg, "rect", { ...area, class: "sky" });
    this.addBlocks();
    this.veil = add(this.svg, "rect", { y: top, height: bottom - top, class: "veil" });
    this.addPrice();
    this.ring = add(this.svg, "rect", { class: "ring" });
    const moveDemand = (megawatts) => this.move({ demand: this.steps(megawatts) });
    this.demand = this.addHandle("demand", { grip: 4 }, moveDemand);
    const { handle } = this.demand;
    let shift = 0;
    const follow = ({ x }) => moveDemand(this.megawattsAt(x + shift));
    const take = (offset) => (at) => {
      shift = offset(at);
      handle.focus({ preventScroll: true });
    };
    this.drag(sky, take(() => 0), follow);
    this.drag(handle, take(({ x }) => this.x(this.model.get("demand")) - x), follow);
    this.addControls();
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

  addControls() {
    const { fuels, fuel_range, lost_load_range, currency } = this.setting;
    const factors = () => this.model.get("fuel_prices");
    for (const fuel of fuels) {
      const move = (percent) => this.move({ fuel_prices: { ...factors(), [fuel]: percent / 100 } });
      this.addRange(`price of ${fuel}`, fuel_range, move, () => {
        const percent = Math.round(factors()[fuel] * 100);
        return [percent, `${percent} %`];
      });
    }
    if (lost_load_range) {
      const move = (value) => this.move({ lost_load: value });
      this.addRange("value of lost load", lost_load_range, move, () => {
        const value = this.model.get("lost_load");
        return [value, `${short(value)} ${currency}/MWh`];
      });
    }
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
      marginal: roles(...market).marginal.map((i) => names[i]),
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
    const demand = this.model.get("demand");
    this.demand.place(demand, megawatts(demand), PLOT.top - 12, PLOT.bottom);
    this.say(sentence);
  }

  drawBlock({ i, left, right }) {
    const { names } = this.setting;
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
    block.classList.toggle("marginal", marginal.includes(names[i]));
    set(block, { "aria-label": this.describe(i), "aria-pressed": out[i] });
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
}

export default rendering(MeritOrder);
