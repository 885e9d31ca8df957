// Supply and demand, to be dragged: `figure.js` with a curve for each side.

const DRAG_HINT =
  "Drag a step up or down (its price) or sideways (its quantity), and a curve by its grip.";
const SIDES = {
  supply: { name: "offer", accepted: "sold", sign: 1 },
  demand: { name: "bid", accepted: "bought", sign: -1 },
};

class Auction extends Figure {
  inputs = [
    ...["offer_prices", "offer_quantities", "bid_prices", "bid_quantities"],
    ...["supply_factor", "demand_factor", "k", "fixed_demand"],
  ];
  outputs = ["price", "low", "high", "sold", "bought", "sentence"];

  addParts() {
    set(this.svg, { "aria-label": "Supply and demand: offers and bids, with the price" });
    this.addPatterns();
    for (const side of Object.keys(SIDES)) {
      this.addLegendEntry(side, "path", { class: `${side}-line`, d: "M0 12H15V4H30" });
    }
    const { currency } = this.setting;
    this.addAxes("quantity (MW)", `price (${currency}/MWh)`);
    const area = (kind) => add(this.svg, "path", { class: "surplus", fill: this.fill(kind) });
    this.areas = { demand: area("consumer surplus"), supply: area("producer surplus") };
    this.band = add(this.svg, "rect", {
      class: "band",
      x: PLOT.left,
      width: PLOT.right - PLOT.left,
    });
    this.curves = {};
    for (const side of Object.keys(SIDES)) {
      this.curves[side] = add(this.svg, "path", { class: `${side}-line curve` });
    }
    this.volume = add(this.svg, "path", { class: "volume-line" });
    this.volumeTag = add(this.svg, "text", { class: "tag", y: PLOT.bottom - 42 });
    this.addPrice();
    this.ring = add(this.svg, "rect", { class: "ring" });
    this.orders = { supply: this.addOrders("supply"), demand: this.addOrders("demand") };
    this.handles = { supply: this.addCurveHandle("supply"), demand: this.addCurveHandle("demand") };
    const setK = (percent) => this.move({ k: percent / 100 });
    this.addRange("k, who gets the gap", [0, 100, 5], setK, () => {
      const percent = Math.round(100 * this.model.get("k"));
      return [percent, `${percent} %`];
    });
    this.addFixedDemand();
  }

  addOrders(side) {
    const { name } = SIDES[side];
    const group = add(this.svg, "g", { role: "group", "aria-label": `${name}s` });
    return this.model.get(`${name}_prices`).map((_, i) => {
      const order = add(group, "g", {
        class: "order",
        role: "slider",
        tabindex: 0,
        "aria-label": `${name} ${i + 1}`,
        "aria-orientation": "vertical",
        "aria-valuemin": this.setting.y_ticks[0],
        "aria-valuemax": this.setting.price_cap,
      });
      const target = add(order, "rect", { class: "target" });
      let start;
      const take = (at) => {
        start = { ...at, ...this.given(side, i), way: null };
        order.focus({ preventScroll: true });
      };
      const follow = ({ x, y }) => {
        const [right, up] = [x - start.x, start.y - y];
        // The first pixels decide between the price and the quantity.
        if (Math.hypot(right, up) >= 4) start.way ??= Math.abs(up) > Math.abs(right) ? "up" : "right";
        if (start.way === "up") {
          this.moveOrder(side, i, { price: start.price + this.priceAt(y) - this.priceAt(start.y) });
        } else if (start.way === "right") {
          const more = this.megawattsAt(x) - this.megawattsAt(start.x);
          const factor = this.model.get(`${side}_factor`) || 1;
          this.moveOrder(side, i, { quantity: start.quantity + more / factor });
        }
      };
      this.drag(order, take, follow);
      order.addEventListener("keydown", (event) => this.onOrderKey(event, side, i));
      order.addEventListener("pointerenter", () => this.point({ side, i }));
      order.addEventListener("pointerleave", () => this.point(null));
      order.addEventListener("focus", () => this.point({ side, i }));
      order.addEventListener("blur", () => this.point(null));
      return { order, target };
    });
  }

  addCurveHandle(side) {
    // That of demand stands beside its line, so that the last step can be reached.
    const place = side === "supply" ? { grip: 4 } : { grip: PLOT.bottom - 32, aside: 112 };
    const onMove = (megawatts) => this.moveCurve(side, megawatts);
    const handle = this.addHandle(side, { ...place, half: 104 }, onMove);
    let shift = 0;
    const take = ({ x }) => {
      shift = this.x(this.size(side)) - x;
      handle.handle.focus({ preventScroll: true });
    };
    this.drag(handle.handle, take, ({ x }) => onMove(this.megawattsAt(x + shift)));
    return handle;
  }

  addFixedDemand() {
    const label = add(this.controls, "label", { class: "check" });
    const input = add(label, "input", { type: "checkbox" });
    const cap = short(this.setting.price_cap);
    add(label, "span").textContent =
      `fixed demand: all bid the cap of ${cap} ${this.setting.currency}/MWh`;
    input.addEventListener("change", () => this.move({ fixed_demand: input.checked }));
    this.showers.push(() => (input.checked = this.model.get("fixed_demand")));
  }

  // What people do.

  onOrderKey(event, side, i) {
    const { price, quantity } = this.given(side, i);
    const { price_step, demand_step } = this.setting;
    const change = {
      ArrowUp: { price: price + price_step },
      ArrowDown: { price: price - price_step },
      PageUp: { price: price + 10 * price_step },
      PageDown: { price: price - 10 * price_step },
      ArrowRight: { quantity: quantity + demand_step },
      ArrowLeft: { quantity: quantity - demand_step },
    }[event.key];
    if (!change) return;
    event.preventDefault();
    this.moveOrder(side, i, change);
  }

  given(side, i) {
    const { name } = SIDES[side];
    const [price, quantity] = ["prices", "quantities"].map(
      (what) => this.model.get(`${name}_${what}`)[i],
    );
    return { price, quantity };
  }

  moveOrder(side, i, { price, quantity }) {
    const { name } = SIDES[side];
    const { price_step, y_ticks } = this.setting;
    const replaced = (list, value) => ({
      [list]: this.model.get(list).map((old, j) => (i === j ? value : old)),
    });
    if (quantity !== undefined) {
      this.move(replaced(`${name}_quantities`, this.steps(quantity)));
    } else {
      const within = Math.max(y_ticks[0], Math.min(price, y_ticks.at(-1)));
      const rounded = Number((Math.round(within / price_step) * price_step).toPrecision(12));
      this.move(replaced(`${name}_prices`, rounded));
    }
  }

  /** Scale the quantities of a side, so that it holds so many megawatts. */
  moveCurve(side, megawatts) {
    const given = total(this.model.get(`${SIDES[side].name}_quantities`));
    if (given > 0) this.move({ [`${side}_factor`]: this.steps(megawatts) / given });
  }

  // What is shown.

  sides() {
    const { price_cap } = this.setting;
    const isFixed = this.model.get("fixed_demand");
    const [supply, demand] = Object.entries(SIDES).map(([side, { name }]) => {
      const factor = this.model.get(`${side}_factor`);
      const quantities = this.model.get(`${name}_quantities`);
      return this.model.get(`${name}_prices`).map((price, i) => ({
        price: side === "demand" && isFixed ? price_cap : price,
        quantity: factor * quantities[i],
      }));
    });
    return { supply, demand };
  }

  size(side) {
    return total(this.sides()[side].map(({ quantity }) => quantity));
  }

  cleared() {
    const { supply, demand } = this.sides();
    const found = clearAuction(supply, demand, { k: this.model.get("k"), ties: this.setting.ties });
    const sentence = auctionSentence(supply, demand, found, this.setting.currency);
    return { ...found, supply, demand, sentence };
  }

  draw() {
    this.now = this.cleared();
    const { price, low, high, volume, sentence } = this.now;
    for (const side of Object.keys(SIDES)) this.drawSide(side);
    set(this.band, { y: this.level(high), height: this.level(low) - this.level(high) });
    const x = this.x(volume);
    set(this.volume, { d: `M${x} ${PLOT.bottom}V${this.level(price)}` });
    set(this.volumeTag, { x: x + 6 });
    this.volumeTag.textContent = `V = ${megawatts(volume)}`;
    this.drawPrice(price);
    this.say(sentence);
  }

  drawSide(side) {
    const { sign, accepted } = SIDES[side];
    const { [side]: orders, [accepted]: taken, price } = this.now;
    const meritOrder = orders.map((_, i) => i);
    meritOrder.sort((i, j) => sign * (orders[i].price - orders[j].price) || i - j);
    const foot = this.level(price);
    let [left, curve, area] = [0, "", ""];
    for (const i of meritOrder) {
      const y = this.level(orders[i].price);
      const x = this.x(left);
      const width = this.x(left + orders[i].quantity) - x;
      curve += `${curve ? "L" : "M"}${x} ${y}h${width}`;
      if (taken[i] > 0) area += `M${x} ${y}H${this.x(left + taken[i])}V${foot}H${x}Z`;
      const { order, target } = this.orders[side][i];
      set(target, { x, y: y - 11, width: Math.max(width, 10), height: 22 });
      set(order, { "aria-valuenow": orders[i].price, "aria-valuetext": this.describe(side, i) });
      left += orders[i].quantity;
    }
    set(this.curves[side], { d: curve });
    set(this.areas[side], { d: area });
    const last = meritOrder.length ? this.level(orders[meritOrder.at(-1)].price) : PLOT.top;
    const ends = side === "supply" ? [32, last] : [last, PLOT.bottom];
    this.handles[side].place(this.size(side), `${side} ${megawatts(left)}`, ...ends);
  }

  showPointed() {
    const at = this.pointed;
    this.ring.classList.toggle("shown", at !== null);
    this.detail.textContent = at ? this.describe(at.side, at.i) : DRAG_HINT;
    if (!at) return;
    const { target } = this.orders[at.side][at.i];
    for (const name of ["x", "y", "width", "height"]) {
      this.ring.setAttribute(name, target.getAttribute(name));
    }
    set(this.ring, { rx: 4 });
  }

  describe(side, i) {
    const { name, accepted } = SIDES[side];
    const { price, quantity } = this.now[side][i];
    const order = `${megawatts(quantity)} at ${amount(price)} ${this.setting.currency}/MWh`;
    return `${name} ${i + 1}: ${order}, of which ${megawatts(this.now[accepted][i])} ${accepted}`;
  }

  /** The height of a price; prices off the scale are at its ends. */
  level(price) {
    return Math.max(PLOT.top, Math.min(this.y(price), PLOT.bottom));
  }
}

export default rendering(Auction);
