// How agents learn to bid, update by update: `figure.js` with frames that play.

/** How long all updates play, and one at least and at most, ms. */
const PLAY_MS = 9000;
const FRAME_MS = [50, 300];
/** For people who want less motion: so many pictures in all, a second each. */
const CALM = { pictures: 8, ms: 1000 };
const STRIP = { height: 176, top: 34, bottom: 134 };
const CURVE = { left: PLOT.left, right: 430 };
const BARS = { left: 520, right: PLOT.right };

class Bidding extends Figure {
  inputs = ["frame", "frames"];
  outputs = ["price", "sentence"];

  addParts() {
    const { names, kinds, currency } = this.setting;
    this.timer = null;
    set(this.svg, { "aria-label": "Merit order of the agents' bids, with demand and price" });
    this.addPatterns();
    const sample = { class: "withheld", x: 1, y: 1, width: 28, height: 14 };
    this.addLegendEntry("withheld", "rect", sample);
    this.addLegendEntry("demand", "path", { class: "demand-line", d: "M15 0V16" });
    this.addAxes("offered, lowest bid first; then withheld (MW)", `bid (${currency}/MWh)`);
    this.blocks = names.map((_, i) => {
      const block = add(this.svg, "g");
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

  /** Below: the mean price after each update, and the profit of each agent. */
  addStrip() {
    const { names, kinds, updates, profit, currency, y_ticks } = this.setting;
    this.strip = add(this.root, "svg", {
      viewBox: `0 0 ${WIDTH} ${STRIP.height}`,
      "aria-hidden": "true",
    });
    this.svg.after(this.strip);
    const write = (x, y, words, attributes = {}) =>
      (add(this.strip, "text", { x, y, ...attributes }).textContent = words);
    for (const { left, right } of [CURVE, BARS]) {
      add(this.strip, "path", { class: "tick", d: `M${left} ${STRIP.bottom}H${right}` });
    }
    const end = { "text-anchor": "end" };
    for (const tick of [y_ticks[0], y_ticks.at(-1)]) {
      write(CURVE.left - 8, this.stripY(tick) + 5, short(tick), end);
    }
    write(CURVE.left, STRIP.top - 14, `mean price (${currency}/MWh)`, { class: "name" });
    write(CURVE.left, STRIP.bottom + 20, "update 0");
    write(CURVE.right, STRIP.bottom + 20, short(updates), end);
    write(BARS.left, STRIP.top - 14, `profit a day (k${currency})`, { class: "name" });
    write(BARS.left - 8, STRIP.top + 5, short(profit), end);
    write(BARS.left - 8, STRIP.bottom + 5, "0", end);
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
    const go = (frame) => {
      this.move({ frame });
      this.pause();
    };
    const show = () => [this.at(), `${this.at()} of ${this.last()}`];
    const input = this.addRange("update", [0, this.last(), 1], go, show);
    // Updates come while agents learn; before its value the slider needs its end.
    this.showers.unshift(() => set(input, { max: this.last() }));
  }

  // What people do.

  play() {
    const isCalm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const step = isCalm ? Math.ceil(this.last() / CALM.pictures) : 1;
    const [shortest, longest] = FRAME_MS;
    const even = Math.max(shortest, Math.min(PLAY_MS / this.last(), longest));
    if (this.at() === this.last()) this.move({ frame: 0 });
    this.timer = setInterval(() => {
      this.move({ frame: Math.min(this.at() + step, this.last()) });
      if (this.at() === this.last()) this.pause();
    }, isCalm ? CALM.ms : even);
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

  last() {
    return this.model.get("frames").length - 1;
  }

  at() {
    return Math.max(0, Math.min(this.model.get("frame"), this.last()));
  }

  cleared() {
    return this.model.get("frames")[this.at()];
  }

  draw() {
    this.now = this.cleared();
    const { bids, offered, demand, price, profits, sentence } = this.now;
    const { updates } = this.setting;
    const row = bids.map((_, i) => i).sort((i, j) => bids[i] - bids[j] || i - j);
    let left = 0;
    for (const i of row) {
      this.place(this.blocks[i].body, left, offered[i], bids[i]);
      left += offered[i];
    }
    for (const i of row) {
      const gap = this.gap(i);
      this.place(this.blocks[i].withheld, left, gap, bids[i]);
      // A narrower gap would be nothing but its border.
      set(this.blocks[i].withheld, { visibility: this.x(gap) - this.x(0) < 2 ? "hidden" : "visible" });
      left += gap;
    }
    set(this.demand, { d: `M${this.x(demand)} ${PLOT.top - 12}V${PLOT.bottom}` });
    this.drawPrice(price);
    const tall = STRIP.bottom - STRIP.top;
    profits.forEach((earned, i) => {
      const height = Math.max(0, Math.min(earned / this.setting.profit, 1)) * tall;
      set(this.bars[i], { y: STRIP.bottom - height, height });
    });
    const across = (frame) => CURVE.left + (frame / updates) * (CURVE.right - CURVE.left);
    const points = this.model.get("frames").map(({ mean }, i) => `${across(i)} ${this.stripY(mean)}`);
    set(this.curve, { d: `M${points.join("L")}` });
    set(this.here, { d: `M${across(this.at())} ${STRIP.top}V${STRIP.bottom}` });
    // A screen reader speaks of what its user has moved to, and not of each picture that passes.
    const isPassing = this.timer !== null || this.last() !== this.known;
    this.known = this.last();
    set(this.sentence, { "aria-live": isPassing ? "off" : "polite" });
    this.say(sentence);
  }

  gap(i) {
    return Math.max(this.setting.capacities[i] - this.now.offered[i], 0);
  }

  stripY(price) {
    const share = (PLOT.bottom - this.y(price)) / (PLOT.bottom - PLOT.top);
    return STRIP.bottom - Math.max(0, Math.min(share, 1)) * (STRIP.bottom - STRIP.top);
  }

  place(rectangle, left, quantity, bid) {
    const x = this.x(left);
    // A bid at 0 still shows as a thin bar.
    const y = Math.max(PLOT.top, Math.min(this.y(bid), PLOT.bottom - 3));
    set(rectangle, { x, y, width: this.x(left + quantity) - x, height: PLOT.bottom - y });
  }

  showPointed() {
    const i = this.pointed;
    this.detail.textContent = i === null ? "Play, or move the slider." : this.describe(i);
  }

  describe(i) {
    const { names, capacities, currency } = this.setting;
    const { bids, offered, profits } = this.now;
    return (
      `${names[i]} bids ${amount(bids[i])} ${currency}/MWh, offers ${megawatts(offered[i])} of ` +
      `${megawatts(capacities[i])}, and earns ${amount(profits[i])} k${currency} a day.`
    );
  }
}

export default rendering(Bidding);
