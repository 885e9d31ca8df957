"""No Python code that runs during a call can make the extension read or write memory of others."""

import numpy as np
import pytest

import rust_market

VARIANTS = [
    name
    for name in dir(rust_market)
    if name.startswith("market_clearing_") and name not in ("market_clearing_batch",)
]
CHECKED = [f"market_clearing_{name}" for name in ("naive", "ndarray", "scratch", "keys", "select")]

SABOTAGE = """
import itertools, sys, numpy as np, rust_market
name, saboteur = sys.argv[1:]

def sabotage():
    for array in (bids, quantities, out):
        if change == "dtype":
            array.dtype = "i1"
        elif change == "length":
            array.resize(1, refcheck=False)
        else:
            array.strides = (0,)

class Float:
    def __float__(self):
        sabotage()
        return 1.0

class Array:
    def __array__(self, dtype=None, copy=None):
        sabotage()
        return np.array(1.0)

for offers, change in itertools.product((3, 4096, 65536), ("dtype", "length", "strides")):
    bids, quantities, out = np.ones(offers), np.ones(offers), np.ones(offers)
    demand = {"float": Float, "array": Array}[saboteur]()
    arguments = (out,) if name == "market_clearing_into" else ()
    try:
        call = getattr(rust_market, name)
        if name.startswith("auction"):
            answer = call(bids, quantities, bids, quantities, k=demand)
        else:
            answer = call(bids, quantities, demand, *arguments)
        price = answer if arguments else np.ravel(answer[0])[0]
        print(change, "answered" if price == 1.0 or change == "dtype" else price)
    except (TypeError, ValueError) as error:
        print(change, type(error).__name__)
"""


BACKEND = [f"{what}_clearing{batch}" for what in ("market", "auction") for batch in ("", "_batch")]


@pytest.mark.parametrize("name", [*VARIANTS, *BACKEND])
def test_a_demand_that_changes_the_offers_while_it_is_converted(in_process, name):
    """PyO3 converts the demand of a variant first: the offers are then what they were made."""
    told = in_process(SABOTAGE, name, "float" if name in VARIANTS else "array").splitlines()
    assert len(told) == 9
    for change, answer in map(str.split, told):
        allowed = {"TypeError", "ValueError"}
        if name in VARIANTS and not (change == "dtype" and name in CHECKED):
            allowed.add("answered")
        assert answer in allowed


OTHER_THREAD = """
import sys, threading, numpy as np, rust_market
which = sys.argv[1]
B, N = 3000, 100
rng = np.random.default_rng(0)
bids, quantities = rng.random((B, N)), rng.random((B, N))
demand = rng.random(B)
weights = [rng.random((64, 8), np.float32), rng.random((1, 64), np.float32)]
policy = rust_market.MLP(weights, [np.zeros(64, "f4"), np.zeros(1, "f4")], agents=1, relu=False)
environment = rust_market.Environment(
    capacities=[1.0] * 5, costs=[1.0] * 5, demand=[2.0] * 4, noise=(0, 0, 0), max_bid_delta=1.0,
    markup_penalty=0.0, unserved_penalty=0.0, reward_scale=1.0, pro_rata=False, price_cap=None,
    template=[0.0] * 10, demand_scale=1.0, time=[0.0] * 5, autoreset=True)
buffer = rust_market.ReplayBuffer(1000, 64, 2, seed=0, alpha=None)
M = 20_000

def zeros(*shape, dtype="f8"):
    return np.zeros(shape, dtype)

calls = {
    "batch": lambda a: rust_market.market_clearing_batch(a[0], a[1], demand),
    "market": lambda a: rust_market.market_clearing(a[0], a[1], 5.0),
    "auction": lambda a: rust_market.auction_clearing(*a),
    "auctions": lambda a: rust_market.auction_clearing_batch(*a),
    "mlp": lambda a: policy.answer(a[0], a[1], 1),
    "step": lambda a: environment.step(*a, 1),
    "observe": lambda a: environment.observe(*a),
    "add": lambda a: buffer.add(*a),
    "sample": lambda a: buffer.sample(0.4, *a),
}
rows = lambda k: (zeros(k, 64, dtype="f4"), zeros(k, 2, dtype="f4"), zeros(k, dtype="f4"),
                  zeros(k, 64, dtype="f4"), zeros(k, dtype="?"))
makers = {
    "batch": lambda: (bids.copy(), quantities.copy()),
    "market": lambda: (bids.ravel().copy(), quantities.ravel().copy()),
    "auction": lambda: (bids.ravel().copy(), quantities.ravel().copy()) * 2,
    "auctions": lambda: (bids.copy(), quantities.copy(), quantities.copy(), bids.copy()),
    "mlp": lambda: (zeros(M, 8, dtype="f4"), zeros(M, 1, dtype="f4")),
    "step": lambda: (zeros(3, M, dtype="u8"), zeros(M, 5, 2), zeros(M, 5, 2), zeros(M, 5, 2),
                     zeros(M, 5), zeros(M, dtype="?"), zeros(M), zeros(M), zeros(M, 5)),
    "observe": lambda: (zeros(3, M, dtype="u8"), zeros(M, 5, 2)),
    "add": lambda: rows(M),
    "sample": lambda: (*rows(M), zeros(M, dtype="i8"), zeros(M, dtype="f4")),
}
buffer.add(*rows(10))
current = [makers[which]()]
done = threading.Event()

def change():
    while not done.is_set():
        for array in current[0]:
            array.shape = array.shape + (1,)
            array.dtype = "i1"

thread = threading.Thread(target=change)
sys.setswitchinterval(1e-5)
thread.start()
calls_done = 0
for _ in range(60):
    current[0] = arrays = makers[which]()
    try:
        calls[which](arrays)
        calls_done += 1
    except (TypeError, ValueError):
        pass
done.set()
thread.join()
# What was lent is given back, whatever became of it.
calls[which](makers[which]())
print("alive")
"""


@pytest.mark.parametrize(
    "which",
    ["batch", "market", "auction", "auctions", "mlp", "step", "observe", "add", "sample"],
)
def test_another_thread_that_changes_dtype_and_shape_meanwhile(in_process, which):
    assert in_process(OTHER_THREAD, which) == "alive\n"


def over(buffer, start, *shape, dtype="f8"):
    """Make an array over memory at a byte of a bytearray, which NumPy cannot tell from others."""
    count = int(np.prod(shape))
    return np.frombuffer(buffer, dtype, count, start).reshape(shape)


class TestOutputsThatShareMemory:
    """Each output is moved over each other array: refused, and a disjoint set is taken."""

    @staticmethod
    def layout(parts, moved=None, onto=None):
        """Lay parts out one after another; the moved one begins 8 bytes into another."""
        starts, end = {}, 0
        for name, (dtype, shape) in parts.items():
            starts[name] = end
            end += -(-int(np.prod(shape)) * np.dtype(dtype).itemsize // 8) * 8
        if moved is not None:
            size = np.dtype(parts[onto][0]).itemsize * int(np.prod(parts[onto][1]))
            starts[moved] = starts[onto] + (8 if size > 8 else 0)
        memory = bytearray(2 * end + 64)
        return [
            over(memory, starts[name], *shape, dtype=dtype)
            for name, (dtype, shape) in parts.items()
        ]

    def check(self, call, parts, outputs):
        call(*self.layout(parts))
        for moved in outputs:
            for onto in parts:
                if onto != moved:
                    with pytest.raises(ValueError, match="must not share memory with"):
                        call(*self.layout(parts, moved, onto))

    def test_environment(self):
        agents, hours, markets = 4, 3, 6
        environment = rust_market.Environment(
            capacities=np.ones(agents),
            costs=np.ones(agents),
            demand=np.ones(hours),
            noise=(0, 0, 0),
            max_bid_delta=1.0,
            markup_penalty=0.0,
            unserved_penalty=0.0,
            reward_scale=1.0,
            pro_rata=False,
            price_cap=None,
            template=np.zeros(agents * 2),
            demand_scale=1.0,
            time=np.zeros(hours + 1),
            autoreset=True,
        )
        shown = "f8", (markets, agents, 2)
        parts = {
            "state": ("u8", (3, markets)),
            "actions": shown,
            "observations": shown,
            "final_observations": shown,
            "rewards": ("f8", (markets, agents)),
            "ended": ("?", (markets,)),
            "demand": ("f8", (markets,)),
            "prices": ("f8", (markets,)),
            "dispatch": ("f8", (markets, agents)),
        }
        outputs = [name for name in parts if name != "actions"]
        self.check(lambda *arrays: environment.step(*arrays, 1), parts, outputs)
        parts = {name: parts[name] for name in ("state", "observations")}
        self.check(environment.observe, parts, parts)

    def test_replay_buffer(self):
        buffer = rust_market.ReplayBuffer(10, 3, 2, seed=0, alpha=0.5)
        rows = 6
        buffer.add(
            np.ones((rows, 3), "f4"),
            np.ones((rows, 2), "f4"),
            np.ones(rows, "f4"),
            np.ones((rows, 3), "f4"),
            np.ones(rows, "?"),
        )
        parts = {
            "observations": ("f4", (rows, 3)),
            "actions": ("f4", (rows, 2)),
            "rewards": ("f4", (rows,)),
            "next_observations": ("f4", (rows, 3)),
            "done": ("?", (rows,)),
            "indices": ("i8", (rows,)),
            "weights": ("f4", (rows,)),
        }
        self.check(lambda *arrays: buffer.sample(0.4, *arrays), parts, parts)

    def test_mlp(self):
        one = np.ones((1, 1), "f4")
        policy = rust_market.MLP([one], [one[0]], agents=1, relu=True)
        parts = {"observations": ("f4", (32, 1)), "answers": ("f4", (32, 1))}
        self.check(lambda *arrays: policy.answer(*arrays, 1), parts, ["answers"])

    def test_market_clearing_into(self):
        parts = dict.fromkeys(("bids", "quantities", "out"), ("f8", (9,)))
        self.check(
            lambda bids, quantities, out: rust_market.market_clearing_into(
                bids, quantities, 1.0, out
            ),
            parts,
            ["out"],
        )
