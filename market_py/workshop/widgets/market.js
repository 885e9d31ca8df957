// One market in the browser: its clearing and the sentence about it, as market_clearing and
// description.py have them; the tests hold the two against each other.

const COVERAGE = 1 - 1e-9;

/** Price and dispatch, from exact sums as the contract asks. */
function clearMarket(bids, quantities, demand, { ties = "index", cap = null } = {}) {
  const meritOrder = bids.map((_, i) => i).sort((i, j) => bids[i] - bids[j] || i - j);
  const offering = meritOrder.filter((i) => quantities[i] > 0);
  const offers = offering.length ? offering : meritOrder;

  const target = exact(demand * COVERAGE);
  let supply = 0n;
  const covers = (i) => (supply += exact(quantities[i])) >= target;
  const marginal = demand === 0 ? offers[0] : offers.find(covers);
  if (marginal === undefined) {
    const highest = bids[offers[offers.length - 1]];
    return { price: (cap ?? highest) + 0, dispatch: quantities.map((quantity) => quantity + 0) };
  }

  const price = bids[marginal] + 0; // Adding zero turns -0 into 0.
  const dispatch = bids.map((bid, i) => (bid < price ? quantities[i] + 0 : 0));
  let left = exact(demand) - sum(dispatch);
  const tied = offers.filter((i) => bids[i] === price);
  const offered = sum(tied.map((i) => quantities[i]));
  const isPartial = left < offered;
  const residual = left;
  for (const i of tied) {
    const quantity = exact(quantities[i]);
    let part = quantity < left ? quantity : left;
    if (ties === "pro_rata") part = isPartial ? nearest(quantity * residual, offered) : quantity;
    dispatch[i] = rounded(part);
    left -= part;
  }
  return { price, dispatch };
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
