// One market in the browser: its clearing and the sentence about it, as auction_clearing,
// market_clearing and description.py have them; the tests hold the two against each other.

const COVERAGE = 1 - 1e-9;

/** Price interval, price, volume and accepted quantities, from exact sums as the contract asks. */
function clearAuction(offers, bids, { k = 0, ties = "index" } = {}) {
  const orders = [...offers, ...bids];
  const real = orders.filter(({ quantity }) => quantity > 0);
  const book = (real.length ? real : orders).map(({ price }) => price).sort((a, b) => a - b);
  const quantityOf = (side, isMeant) =>
    sum(side.filter(({ price }) => isMeant(price)).map(({ quantity }) => quantity));
  const covers = (some, others) => some >= exact(rounded(others) * COVERAGE);
  const supply = (p) => quantityOf(offers, (price) => price <= p);
  const demand = (p) => quantityOf(bids, (price) => price >= p);

  const low = book.find((p) => covers(supply(p), quantityOf(bids, (price) => price > p)));
  const high = book.findLast((p) => covers(demand(p), quantityOf(offers, (price) => price < p)));
  const between = Math.min(Math.max((1 - k) * low + k * high, low), high);
  const volume = supply(low) < demand(high) ? supply(low) : demand(high);
  return {
    low: low + 0, // Adding zero turns -0 into 0.
    high: high + 0,
    price: between + 0,
    volume: rounded(volume),
    sold: accept(offers, (a, b) => a - b, volume, ties),
    bought: accept(bids, (a, b) => b - a, volume, ties),
  };
}

/** Fill the orders of one side up to a volume in merit order. */
function accept(orders, compare, volume, ties) {
  const accepted = orders.map(() => 0);
  const prices = [...new Set(orders.map(({ price }) => price))].sort(compare);
  let left = volume;
  for (const level of prices) {
    const tied = orders.map((_, i) => i).filter((i) => orders[i].price === level);
    const offered = sum(tied.map((i) => orders[i].quantity));
    const residual = left;
    for (const i of tied) {
      const quantity = exact(orders[i].quantity);
      let part = quantity < left ? quantity : left;
      if (ties === "pro_rata") {
        part = residual < offered ? nearest(quantity * residual, offered) : quantity;
      }
      accepted[i] = rounded(part);
      left -= part;
    }
    if (residual <= offered) break;
  }
  return accepted;
}

/** A fixed demand is a bid at a price above all offers; only in a shortage is this the price. */
function clearMarket(bids, quantities, demand, { ties = "index", cap = null } = {}) {
  const offers = bids.map((price, i) => ({ price, quantity: quantities[i] }));
  const fixed = [{ price: Infinity, quantity: demand }];
  const { low, sold } = clearAuction(offers, fixed, { ties });
  if (low < Infinity) return { price: low, dispatch: sold };
  const real = offers.filter(({ quantity }) => quantity > 0);
  const highest = Math.max(...(real.length ? real : offers).map(({ price }) => price));
  return { price: (cap ?? highest) + 0, dispatch: sold };
}

/** Which offers run, which of these are marginal, and whether there is a shortage. */
function roles(bids, quantities, demand, price, dispatch) {
  const accepted = bids.map((_, i) => i).filter((i) => dispatch[i] > 0);
  const target = exact(demand * COVERAGE);
  if (sum(dispatch) < target) return { running: accepted, marginal: [], isShort: true };
  const below = accepted.filter((i) => bids[i] < price);
  let served = sum(below.map((i) => dispatch[i]));
  const atPrice = [];
  for (const i of accepted) {
    if (bids[i] === price && served < target) {
      atPrice.push(i);
      served += exact(dispatch[i]);
    }
  }
  const partly = atPrice.filter((i) => dispatch[i] < quantities[i]);
  const marginal = partly.length ? partly : atPrice.slice(-1);
  return { running: [...below, ...atPrice], marginal, isShort: false };
}

function clearedSentence(names, bids, quantities, demand, price, dispatch, currency) {
  const found = roles(bids, quantities, demand, price, dispatch);
  const asked = `Demand ${megawatts(demand)}`;
  const money = `${amount(price)} ${currency}/MWh`;
  if (found.isShort) {
    const served = sum(dispatch);
    return (
      `${asked} exceeds the ${megawatts(rounded(served))} offered: ` +
      `${megawatts(rounded(exact(demand) - served))} are not served, and the price is ${money}.`
    );
  }
  if (demand === 0) {
    return `No demand: nothing runs, and the price is the cheapest offer, ${money}.`;
  }
  const { running, marginal } = found;
  const spare = sum(marginal.map((i) => quantities[i])) - sum(marginal.map((i) => dispatch[i]));
  const who = marginal.map((i) => names[i]).join(" and ") + (marginal.length > 1 ? " are" : " is");
  return (
    `${asked} clears at ${money}: ${who} marginal, with ${megawatts(rounded(spare))} to spare. ` +
    `${running.length} of ${names.length} offers run.`
  );
}

function auctionSentence(offers, bids, found, currency) {
  const { low, high, price, sold, bought } = found;
  const volume = total(sold);
  const money = `${currency}/MWh`;
  const interval =
    low < high ? `; any price from ${amount(low)} to ${amount(high)} clears` : "";
  const said = `Price ${amount(price)} ${money}${interval}. `;
  if (volume === 0) return `${said}Nothing is traded.`;
  const cut = (side, name, accepted, verb) =>
    side.flatMap(({ quantity }, i) =>
      accepted[i] > 0 && accepted[i] < quantity
        ? [`${name} ${i + 1} ${verb} ${megawatts(accepted[i])} of ${megawatts(quantity)}`]
        : [],
    );
  const parts = [...cut(offers, "offer", sold, "sells"), ...cut(bids, "bid", bought, "gets")];
  const cutting = parts.length ? parts.join(", ") : "no order is cut";
  return (
    `${said}${megawatts(volume)} traded; ${cutting}. Consumer surplus ` +
    `${whole(gain(bids, bought, price))} ${currency}/h, producer surplus ` +
    `${whole(gain(offers, sold, price))} ${currency}/h.`
  );
}

/** What one side gains by trading at a price, exactly summed. */
function gain(orders, accepted, price) {
  const gains = orders.map((order, i) => {
    const margin = exact(order.price) - exact(price);
    return (margin < 0n ? -margin : margin) * exact(accepted[i]);
  });
  return rounded(nearest(gains.reduce((all, one) => all + one, 0n), 1n << 1074n));
}

const BITS = new DataView(new ArrayBuffer(8));

/** A number as a whole multiple of 2**-1074, the smallest double: sums of these are exact. */
function exact(number) {
  BITS.setFloat64(0, number);
  const bits = BITS.getBigUint64(0);
  const exponent = (bits >> 52n) & 2047n;
  const fraction = bits & ((1n << 52n) - 1n);
  const size = exponent ? (fraction | (1n << 52n)) << (exponent - 1n) : fraction;
  return number < 0 ? -size : size;
}

function nearest(dividend, divisor) {
  return (2n * dividend + divisor) / (2n * divisor);
}

function sum(numbers) {
  return numbers.reduce((all, number) => all + exact(number), 0n);
}

/** The double next to a whole multiple of 2**-1074. */
function rounded(multiple) {
  const size = multiple < 0n ? -multiple : multiple;
  const shift = Math.max(0, size.toString(2).length - 64);
  // What is cut off only decides a tie; a product with a power of two is exact.
  const cut = size >> BigInt(shift);
  const rest = cut << BigInt(shift) === size ? 0n : 1n;
  const scale = [Math.max(shift - 1074, -1022), Math.min(shift - 52, 0)].map((power) => 2 ** power);
  const number = Number(cut | rest) * scale[0] * scale[1];
  return multiple < 0n ? -number : number;
}

function total(numbers) {
  return rounded(sum(numbers));
}

/** As Python's f"{number:,.2f}". */
function amount(number) {
  return grouped(halfToEven(number.toFixed(2), number.toFixed(60)));
}

/** As Python's f"{number:,.0f}". */
function whole(number) {
  return grouped(halfToEven(number.toFixed(0), number.toFixed(60)));
}

/** As Python's f"{round(number, 9):,.6g} MW". */
function megawatts(number) {
  const near = Number(halfToEven(number.toFixed(9), number.toFixed(60)));
  let text = halfToEven(near.toPrecision(6), near.toPrecision(60));
  if (near !== 0 && (Math.abs(near) < 1e-4 || text.includes("e"))) {
    const [digits, exponent] = near.toExponential(5).split("e");
    text = `${trimmed(digits)}e${exponent[0]}${exponent.slice(1).padStart(2, "0")}`;
  } else {
    text = trimmed(text);
  }
  return `${grouped(text)} MW`;
}

/** JavaScript rounds a tie up, Python to the even digit; `exact` has all digits of the number. */
function halfToEven(text, exact) {
  const last = Number(text.slice(-1));
  const tie = /^\.?50*$/.test(exact.slice(text.length));
  return tie && last % 2 === 1 ? text.slice(0, -1) + (last - 1) : text;
}

function trimmed(text) {
  return text.includes(".") ? text.replace(/\.?0+$/, "") : text;
}

function grouped(text) {
  const [whole, ...rest] = text.split(".");
  return [whole.replace(/\B(?=(\d{3})+$)/g, ","), ...rest].join(".");
}
