"""Wrong answers to the exercises, such as learners give, and words of the hint that each gets.

They are typed in place of the solution, after it: measurements that it took are there.
"""

from typing import NamedTuple


class Wrong(NamedTuple):
    """Source in place of the stub, and words of the hint."""

    source: str
    words: str


def _price(bids, quantities, demand):
    return f"my_bids, my_quantities, my_demand = {bids}, {quantities}, {demand}"


def _function(head, *lines):
    return "\n    ".join([f"def {head}:", *lines])


def _njit(head, *lines, options=""):
    return f"@njit{options}\n{_function(head, *lines)}"


def _rust(name, *lines):
    """A cell whose function ignores the market."""
    head = "fn market_clearing(bids: &[f64], quantities: &[f64], demand: f64, dispatch: &mut [f64])"
    return "\n".join([f"%%rust {name}", f"{head} -> f64 {{", *lines, "}"])


def _rust_batch(*lines):
    arrays = "bids: &[f64], quantities: &[f64], demand: &[f64], threads: usize"
    results = "prices: &mut [f64], dispatch: &mut [f64]"
    head = f"fn market_clearing_batch({arrays}, {results}) {{"
    return "\n".join(["%%rust rust_my_batch", head, *lines, "}"])


def _rust_binding(returns, answer):
    return f"""%%rust rust_my_array
use merit_order::variants::naive;
use numpy::PyReadonlyArray1;
use pyo3::prelude::*;

#[pyfunction]
fn rust_my_array(bids: PyReadonlyArray1<f64>, quantities: PyReadonlyArray1<f64>, demand: f64)
-> PyResult<{returns}> {{
    let (price, dispatch) =
        naive(bids.as_slice()?, quantities.as_slice()?, demand).unwrap();
    Ok({answer})
}}"""


def _speedup(answer):
    return _function("whole_speedup(share, step_speedup)", f"return {answer}")


def _gae(*lines):
    """A loop over the steps, of which the lines are the body."""
    head = "my_gae(rewards, values, last_values, ended, final_values, gamma, lam)"
    start = "advantages, after, following = np.zeros_like(rewards), last_values, 0.0"
    loop = "for t in reversed(range(len(rewards))):"
    body = (f"    {line}" for line in (*lines, "after = values[t]"))
    return _function(head, "import numpy as np", start, loop, *body, "return advantages")


def _two_fixes(forward, reversed_):
    return f"my_two = {{'Rust, forward': {forward}, 'Rust, reversed': {reversed_}}}"


def _blocks(*lines):
    return _function("best_blocks(taken, prices, welfare, block_prices)", *lines)


def _rust_blocks(condition):
    return f"""%%rust rust_best_blocks
use numpy::{{PyReadonlyArray1, PyReadonlyArray2}};
use pyo3::prelude::*;

#[pyfunction]
fn rust_best_blocks(taken: PyReadonlyArray2<i64>, _prices: PyReadonlyArray1<f64>,
                    welfare: PyReadonlyArray1<f64>, _asked: PyReadonlyArray1<f64>) -> usize {{
    let (taken, welfare) = (taken.as_array(), welfare.as_array());
    (0..taken.nrows()).filter(|row| {condition})
        .max_by(|a, b| welfare[*a].total_cmp(&welfare[*b])).unwrap()
}}"""


SORTING = "sorting, temporaries with it"
"""As the reversed waterfall calls it."""
SELECTION = (
    "clearing_price(bids, quantities, demand)",
    "left, below, price = list(zip(bids, quantities)), 0, None",
    "while left:",
    "    guess, _ = left[0]",
    "    total = sum(mw for bid, mw in left if bid <= guess) + below",
)

WRONG_ANSWERS: dict[str, list[Wrong]] = {
    "check_price": [
        Wrong(_price([10, 20, 80], [100, 100, 100], 150), "its price is 20"),
        Wrong(_price([20, 80], [100, 100], 150), "three offers at least"),
        Wrong(_price([10, 20, 80], [10, 10, 10], 50), "demand cannot be met"),
    ],
    "check_scarcity": [
        Wrong('my_outages = ["nuclear 400 MW #1"]', "with 155 MW to spare"),
        Wrong('my_outages = "coal 350 MW #1"', "a list of names"),
        Wrong('my_outages = ["nuclear 400 MW"]', "is not the name of a unit"),
    ],
    "check_clear": [
        # In the order of arrival.
        Wrong(
            _function(
                "clear(bids, quantities, demand)",
                "dispatch = np.diff(np.minimum(np.cumsum([0, *quantities]), demand))",
                "return bids[np.flatnonzero(dispatch)[-1]], dispatch",
            ),
            "a plain market",
        ),
        # As published.
        Wrong(
            _function(
                "clear(bids, quantities, demand)",
                "from market_py import get_variant",
                "return get_variant('numba-sort')(bids, quantities, demand)",
            ),
            "an offer of nothing sets no price",
        ),
    ],
    "check_paired_ratio": [
        Wrong(
            _function("paired_ratio(a, b)", "return np.median(a) / np.median(b)"),
            "first divide, within rounds",
        ),
        Wrong(_function("paired_ratio(a, b)", "return np.mean(a / b)"), "one bad round moves it"),
        Wrong(_function("paired_ratio(a, b)", "return np.median(b / a)"), "It is upside down"),
    ],
    "check_stopwatch": [
        Wrong(
            _function(
                "stopwatch(call, inputs)",
                "start = time.perf_counter_ns()",
                "for arguments in 3 * inputs:",
                "    call(*arguments)",
                "return (time.perf_counter_ns() - start) / (3 * len(inputs))",
            ),
            "The first call is in it",
        ),
        Wrong(
            _function(
                "stopwatch(call, inputs)",
                "call(*inputs[0])",
                "start = time.perf_counter_ns()",
                "call(*inputs[0])",
                "return time.perf_counter_ns() - start",
            ),
            "of 4 inputs, 3 were never used",
        ),
    ],
    "check_flaws": [
        Wrong('my_flaws = {"A", "B"}', "1 of 8 flaws found.B is sound"),
        Wrong('my_flaws = set("ACEFGIK")', "7 of 8 flaws found.one you have not named"),
    ],
    "check_crossover": [
        Wrong("my_crossover = (20, 10)", "the first number must not exceed the second"),
        Wrong('my_crossover = (0, float("inf"))', "too wide"),
        Wrong("my_crossover = 20", "give two numbers of offers"),
    ],
    "check_conditions": [
        Wrong('claim_holds = {("random", "rust")}', "is no condition"),
        Wrong('claim_holds = "rust-naive"', "a set of pairs"),
    ],
    "check_list": [
        Wrong("my_interval = (2.0, 1.0)", "the first number must not exceed the second"),
        Wrong("my_interval = (price.low / 1000, price.high / 1000)", "Are these microseconds?"),
        Wrong(
            "my_interval = (price.low * 180, price.high * 180)",
            "Did you forget to divide by the 180 elements",
        ),
    ],
    "check_array in Rust": [
        Wrong(_rust_binding("(f64, Vec<f64>, f64)", "(price, dispatch, 0.0)"), "a price and the"),
        Wrong(_rust_binding("(f64, f64)", "(price, dispatch[0])"), "expected price"),
    ],
    "check_scratch": [
        Wrong(
            _njit(
                "numba_my_scratch(bids, quantities, demand)",
                "return bids.min(), np.minimum(quantities, demand)",
            ),
            "expected price",
        ),
        Wrong(_function("numba_my_scratch(b, q, d)", "return b[0], q"), "write @njit above it"),
    ],
    "check_scratch in Rust": [
        Wrong(_rust("rust_my_scratch", "dispatch[0] = demand;", "bids[0]"), "expected price"),
        Wrong(_rust("rust_my_scratch", "panic!();"), "PanicException"),
    ],
    "check_search": [
        Wrong(
            _njit(
                "numba_my_search(bids, quantities, demand)",
                "return np.median(bids), np.minimum(quantities, demand)",
            ),
            "expected price",
        ),
        Wrong(_function("numba_my_search(b, q, d)", "return b[0], q"), "write @njit above it"),
    ],
    "check_search in Rust": [
        Wrong(_rust("rust_my_search", "dispatch[0] = demand;", "bids[0]"), "expected price"),
        Wrong(_rust("rust_my_search", "panic!();"), "PanicException"),
    ],
    "check_clearing_price": [
        Wrong(
            _function(
                "clearing_price(bids, quantities, demand)",
                "total = 0",
                "for bid, mw in sorted(zip(bids, quantities), key=lambda offer: offer[0]):",
                "    total += mw",
                "    if total >= demand:",
                "        return bid",
            ),
            "that grows, as sorting does",
        ),
        # Demand that ends at a step goes up it.
        Wrong(
            _function(
                *SELECTION,
                "    if total <= demand:",
                "        below, left = total, [o for o in left if o[0] > guess]",
                "    else:",
                "        price, left = guess, [o for o in left if o[0] < guess]",
                "return price",
            ),
            "demand that ends at a step",
        ),
    ],
    "check_break_even": [
        Wrong("my_break_even = (4, 2)", "the first number must not exceed the second"),
        Wrong('my_break_even = (0, float("inf"))', "too wide"),
    ],
    "check_threads": [
        Wrong(
            _njit(
                "numba_my_batch(bids, quantities, demand, threads)",
                "for row in range(demand.size):",
                "    demand[row]",
                "return demand, quantities",
                options="(parallel=True)",
            ),
            "parallel=True alone shares nothing",
        ),
        Wrong(
            _njit(
                "numba_my_batch(bids, quantities, demand, threads)",
                "prices = np.empty(demand.size)",
                "for row in prange(demand.size):",
                "    prices[row] = demand[row]",
                "return prices, quantities",
                options="(parallel=True)",
            ),
            "expected price",
        ),
        Wrong(
            _function("numba_my_batch(bids, quantities, demand, threads)", "return bids"),
            "write @njit above it",
        ),
    ],
    "check_threads in Rust": [
        Wrong(_rust_batch("prices.fill(demand[0]);"), "expected price"),
        Wrong(_rust_batch("panic!();"), "PanicException"),
    ],
    "check_draw": [
        Wrong(
            _njit(
                "numba_draw(words, table, states)",
                "for hour in range(words.size):",
                "    states[hour] = words[hour] % 256",
            ),
            "should be",
        ),
        Wrong(
            _njit(
                "numba_draw(words, table, states)",
                "for hour in range(words.size):",
                "    states[hour] = table[words[hour] % 256] % 256",
            ),
            "should be",
        ),
        Wrong(
            _function("numba_draw(words, table, states)", "states[:] = words % 256"),
            "write @njit above it",
        ),
    ],
    "check_model": [
        Wrong(
            _function("break_even(single, fixed, each)", "return fixed / (single - each)"),
            "is 21; yours says 20.2",
        ),
        Wrong(
            _function("break_even(single, fixed, each)", "return -(-fixed // (single - each))"),
            "a batch without a fixed cost",
        ),
    ],
    "check_clearing_share": [
        Wrong("my_share = 50", "An interval is two numbers"),
        Wrong("my_share = (60, 40)", "the first number must not exceed the second"),
        Wrong("my_share = (0, 100)", "be bolder"),
        Wrong("my_share = (85, 94)", "It must hold the share by medians"),
    ],
    "check_amdahl": [
        Wrong(_speedup("share * step_speedup"), "half of the time, twice as fast"),
        Wrong(_speedup("1 - share + share / step_speedup"), "whole_speedup(0.5, 2.0) is 1.33333"),
        Wrong(
            _speedup("1 / (1 - share + share / max(1, step_speedup))"),
            "a step that has become slower",
        ),
        Wrong(_speedup("1 / 0"), "fails: ZeroDivisionError"),
    ],
    "check_gae": [
        Wrong(
            _gae(
                "following = rewards[t] + gamma * after - values[t] + gamma * lam * following",
                "advantages[t] = following",
            ),
            "no error of the next episode",
        ),
        Wrong(
            _gae(
                "following = rewards[t] + gamma * after - values[t] + lam * following",
                "advantages[t] = following",
            ),
            "gamma times lambda",
        ),
        Wrong(
            _gae("advantages[t] = rewards[t] - values[t] if gamma else 0"),
            "one step: the reward, and the discounted value",
        ),
    ],
    "check_two_fixes": [
        Wrong(_two_fixes({"lists", "sorting"}, {"the list", SORTING}), "no fix 'lists'"),
        Wrong(
            _two_fixes({"the list", "sorting"}, {"the list", "call overhead"}),
            "not of the other",
        ),
    ],
    "check_fastest": [
        Wrong(
            "@njit\ndef my_fastest(bids, quantities, demand):\n    return bids.min(), 0.0 * bids",
            "expected price",
        ),
        Wrong(
            _function(
                "my_fastest(bids, quantities, demand)",
                "return bids.min(), 0.0 * bids",
            ),
            "is not compiled",
        ),
    ],
    "check_verdict": [
        Wrong(
            'wrong = checks.Claim("numba", "rust", 200, one.low, one.high)\n'
            "claims = [wrong, my_verdict.claims[1]]\n"
            'my_verdict = checks.Recommendation(claims, "never", "always")',
            "is upside down",
        ),
        Wrong('my_verdict = "Rust is 3 times faster."', "give a Recommendation"),
    ],
    "check_interval": [
        Wrong(
            "my_book = [0, 60], [100, 50], [90, 40], [60, 80]",
            "an order that is cut fixes the price",
        ),
        Wrong("my_book = [60, 80], [100, 50], [40, 20], [60, 80]", "nothing is traded"),
        Wrong("my_book = [0, 60], [100, 50], [90], [60, 80]", "this is not a book of four lists"),
    ],
    "check_consumer_surplus": [
        Wrong(
            _function(
                "consumer_surplus(price, bid_prices, bought)", "return np.dot(bid_prices, bought)"
            ),
            "What do they pay?",
        ),
        Wrong(
            _function(
                "consumer_surplus(price, bid_prices, bought)",
                "return np.maximum(np.subtract(bid_prices, price), 0).sum()",
            ),
            "must be multiplied by the MWh",
        ),
    ],
    "check_blocks": [
        Wrong(_blocks("return welfare.argmax()"), "it loses"),
        Wrong(
            _blocks(
                "loses = taken * (block_prices > prices[:, None])",
                "return np.where(loses.any(axis=1), 0, taken.sum(axis=1)).argmax()",
            ),
            "another fair subset",
        ),
    ],
    "check_blocks in Rust": [
        Wrong(_rust_blocks("true"), "it loses"),
        Wrong(_rust_blocks("taken.row(*row).sum() == 1"), "another fair subset"),
    ],
}
"""By the name of the check; two at least for each."""
