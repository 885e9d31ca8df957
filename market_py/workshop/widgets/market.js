// One market in the browser: its clearing and the sentence about it, as market_clearing and
// sentences.cleared have them; the tests hold the two against each other.

const COVERAGE = 1 - 1e-9;

/** Price and dispatch. */
function clearMarket(bids, quantities, demand, { ties = "index", cap = null } = {}) {
  const meritOrder = bids.map((_, i) => i).sort((i, j) => bids[i] - bids[j] || i - j);
  const offering = meritOrder.filter((i) => quantities[i] > 0);
  const offers = offering.length ? offering : meritOrder;
  const offered = (some) => total(some.map((i) => quantities[i]));

  const covers = (_, at) => offered(offers.slice(0, at + 1)) >= demand * COVERAGE;
  const marginal = demand === 0 ? offers[0] : offers.find(covers);
  if (marginal === undefined) {
    const dearest = bids[offers[offers.length - 1]];
    return { price: (cap ?? dearest) + 0, dispatch: [...quantities] };
  }

  const price = bids[marginal] + 0; // Adding zero turns -0 into 0.
  const dispatch = bids.map((bid, i) => (bid < price ? quantities[i] : 0));
  const remaining = () => Math.max(0, total([demand, ...dispatch.map((quantity) => -quantity)]));
  const tied = offers.filter((i) => bids[i] === price);
  let left = remaining();
  const share = Math.min(1, left / (offered(tied) || 1));
  for (const i of tied) {
    dispatch[i] = ties === "pro_rata" ? quantities[i] * share : Math.min(quantities[i], left);
    left = dispatch[i] < quantities[i] ? 0 : remaining();
  }
  return { price, dispatch };
}

/** The offers at the price that set it; none in a shortage or without demand. */
function marginalOffers(bids, quantities, demand, price, dispatch) {
  if (demand - total(dispatch) > 1e-9 * demand) return [];
  const accepted = bids.map((_, i) => i).filter((i) => dispatch[i] > 0 && bids[i] === price);
  const partly = accepted.filter((i) => dispatch[i] < quantities[i]);
  return partly.length ? partly : accepted.slice(-1);
}

function clearedSentence(names, bids, quantities, demand, price, dispatch, currency) {
  const served = total(dispatch);
  const asked = `Demand ${megawatts(demand)}`;
  const money = `${amount(price)} ${currency}/MWh`;
  if (demand - served > 1e-9 * demand) {
    return (
      `${asked} exceeds the ${megawatts(served)} offered: ${megawatts(demand - served)} are not ` +
      `served, and the price is ${money}.`
    );
  }
  if (demand === 0) {
    return `No demand: nothing runs, and the price is the cheapest offer, ${money}.`;
  }
  const marginal = marginalOffers(bids, quantities, demand, price, dispatch);
  const spare = total(marginal.map((i) => quantities[i] - dispatch[i]));
  const who = marginal.map((i) => names[i]).join(" and ") + (marginal.length > 1 ? " are" : " is");
  const running = dispatch.filter((quantity) => quantity > 0).length;
  return (
    `${asked} clears at ${money}: ${who} marginal, with ${megawatts(spare)} to spare. ` +
    `${running} of ${names.length} offers run.`
  );
}

/** A sum that keeps what rounding loses (A. Neumaier), so that it is nearly always the exact one. */
function total(numbers) {
  let sum = 0;
  let lost = 0;
  for (const number of numbers) {
    const next = sum + number;
    lost += Math.abs(sum) >= Math.abs(number) ? sum - next + number : number - next + sum;
    sum = next;
  }
  return sum + lost;
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
