// What learning agents bid, update by update: `figure.js` with frames that play.

const FRAME_MS = 150;
const STRIP = { height: 176, top: 34, bottom: 134 };
const CURVE = { left: PLOT.left, right: 430 };
const BARS = { left: 520, right: PLOT.right };

class Film extends Figure {
  inputs = ["frame", "frames"];
  outputs = ["price", "sentence"];

  addParts() {
    const { names, kinds, currency } = this.setting;
    this.timer = null;
    set(this.svg, { "aria-label": "Merit order of what the agents bid, with the price" });
    this.addPatterns();
    const sample = { class: "withheld", x: 1, y: 1, width: 28, height: 14 };
    this.addLegendEntry("withheld", "rect", sample);
    this.addLegendEntry("demand", "path", { class: "demand-line", d: "M15 0V16" });
    this.addAxes("offered, cheapest bid first; then withheld (MW)", `bid (${currency}/MWh)`);
    this.blocks = names.map((name, i) => {
      const block = add(this.svg, "g", { class: "shown" });
      const withheld = add(block, "rect", { class: "withheld" });
      const body = add(block, "rect", { class: "body", fill: this.fill(kinds[i]) });
      block.addEventListener("pointerenter", () => this.point(i));
      block.addEventListener("pointerleave", () => this.point(null));
      return { withheld, body };
    });
    this.demand = add(this.svg, "path", { class: "demand-line" });
    this.addPrice();
    this.addStrip();
    this.addPlayer();
  }

  /** Below: the mean price of each update, and the profit of each agent. */
  addStrip() {
    const { names, kinds, length, unit, most_profit, currency } = this.setting;
    this.strip = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    set(this.strip, { viewBox: `0 0 ${WIDTH} ${STRIP.height}`, "aria-hidden": "true" });
    this.svg.after(this.strip);
    const write = (x, y, words, attributes = {}) =>
      (add(this.strip, "text", { x, y, ...attributes }).textContent = words);
    for (const { left, right } of [CURVE, BARS]) {
      add(this.strip, "path", { class: "tick", d: `M${left} ${STRIP.bottom}H${right}` });
    }
    const aside = { "text-anchor": "end" };
    const { y_ticks } = this.setting;
    for (const tick of [y_ticks[0], y_ticks.at(-1)]) {
      write(CURVE.left - 8, this.stripY(tick) + 5, short(tick), aside);
    }
    write(CURVE.left, STRIP.top - 14, `mean price (${currency}/MWh)`, { class: "name" });
    write(CURVE.right, STRIP.bottom + 20, `${unit} ${short(length)}`, aside);
    write(CURVE.left, STRIP.bottom + 20, `${unit} 1`);
    write(BARS.left, STRIP.top - 14, `profit a day (k${currency})`, { class: "name" });
    write(BARS.left - 8, STRIP.top + 5, amount(most_profit), aside);
    write(BARS.left - 8, STRIP.bottom + 5, "0", aside);
    this.curve = add(this.strip, "path", { class: "curve-line" });
    this.here = add(this.strip, "path", { class: "here" });
    const width = (BARS.right - BARS.left) / names.length;
    this.bars = names.map((_, i) =>
      add(this.strip, "rect", {
        class: "body",
        x: BARS.left + (i + 0.15) * width,
        width: 0.7 * width,
        fill: this.fill(kinds[i]),
      }),
    );
  }

  addPlayer() {
    const button = add(this.controls, "button", { type: "button" });
    button.addEventListener("click", () => (this.timer === null ? this.play() : this.pause()));
    this.showers.push(() => (button.textContent = this.timer === null ? "Play" : "Pause"));
    const go = (number) => {
      this.pause();
      this.move({ frame: number - 1 });
    };
    // The number of frames grows while agents learn.
    this.showers.push(() => {
      const input = this.controls.querySelector("input");
      set(input, { max: Math.max(1, this.model.get("frames").length) });
    });
    this.addRange(this.setting.unit, [1, 1, 1], go, () => {
      const number = this.at() + 1;
      return [number, `${number} of ${this.model.get("frames").length}`];
    });
  }

  play() {
    if (this.at() + 1 >= this.model.get("frames").length) this.move({ frame: 0 });
    this.timer = setInterval(() => {
      const next = this.at() + 1;
      if (next < this.model.get("frames").length) this.move({ frame: next });
      else this.pause();
    }, FRAME_MS);
    this.draw();
  }

  pause() {
    clearInterval(this.timer);
    this.timer = null;
    this.draw();
  }

  listen() {
    const end = super.listen();
    return () => {
      clearInterval(this.timer);
      end();
    };
  }

  // What is shown.

  at() {
    return Math.max(0, Math.min(this.model.get("frame"), this.model.get("frames").length - 1));
  }

  cleared() {
    return this.model.get("frames")[this.at()] ?? this.setting.empty;
  }

  stripY(price) {
    const share = (PLOT.bottom - this.y(price)) / (PLOT.bottom - PLOT.top);
    return STRIP.bottom - Math.max(0, Math.min(share, 1)) * (STRIP.bottom - STRIP.top);
  }

  draw() {
    this.now = this.cleared();
    const { bids, offered, demand, price, profits, sentence } = this.now;
    const { capacities, most_profit, length } = this.setting;
    const row = bids.map((_, i) => i).sort((i, j) => bids[i] - bids[j] || i - j);
    let left = 0;
    for (const i of row) {
      this.place(this.blocks[i].body, left, offered[i], bids[i]);
      left += offered[i];
    }
    for (const i of row) {
      const gap = Math.max(capacities[i] - offered[i], 0);
      this.place(this.blocks[i].withheld, left, gap, bids[i]);
      left += gap;
    }
    const x = this.x(demand);
    set(this.demand, { d: `M${x} ${PLOT.top - 12}V${PLOT.bottom}` });
    this.drawPrice(price);
    profits.forEach((profit, i) => {
      const share = Math.max(0, Math.min(profit / most_profit, 1));
      const height = share * (STRIP.bottom - STRIP.top);
      set(this.bars[i], { y: STRIP.bottom - height, height });
    });
    const frames = this.model.get("frames");
    const across = (at) =>
      CURVE.left + (at / Math.max(length - 1, 1)) * (CURVE.right - CURVE.left);
    const points = frames.map(({ mean }, at) => `${across(at)} ${this.stripY(mean)}`);
    set(this.curve, { d: points.length ? `M${points.join("L")}` : "" });
    const here = across(this.at());
    set(this.here, { d: frames.length ? `M${here} ${STRIP.top}V${STRIP.bottom}` : "" });
    this.say(sentence);
  }

  place(rectangle, left, quantity, bid) {
    const x = this.x(left);
    const foot = this.y(0);
    const level = Math.max(PLOT.top, Math.min(this.y(bid), PLOT.bottom));
    // A bid at 0 still shows as a thin bar.
    const head = Math.abs(level - foot) < 3 ? foot - 3 : level;
    const [y, height] = [Math.min(head, foot), Math.abs(head - foot)];
    set(rectangle, { x, y, width: this.x(left + quantity) - x, height });
  }

  showPointed() {
    const i = this.pointed;
    this.detail.textContent = i === null ? "Point at a block, or move through the learning." : this.describe(i);
  }

  describe(i) {
    const { names, capacities, currency } = this.setting;
    const { bids, offered, profits } = this.now;
    const bid = `${names[i]} asks for ${amount(bids[i])} ${currency}/MWh`;
    const gap = Math.max(capacities[i] - offered[i], 0);
    return `${bid}, offers ${megawatts(offered[i])} of ${megawatts(capacities[i])} (${megawatts(gap)} withheld), and earns ${amount(profits[i])} k${currency} a day`;
  }
}

export default rendering(Film);
