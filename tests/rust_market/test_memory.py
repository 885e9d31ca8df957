"""A size that a caller gives is an error where memory does not suffice, never the end."""

import numpy as np
import pytest

import rust_market

SETTINGS = {
    "capacities": [1.0, 2.0],
    "costs": [1.0, 2.0],
    "demand": [1.0, 2.0],
    "noise": (0.0, 0.0, 0.0),
    "max_bid_delta": 1.0,
    "markup_penalty": 0.0,
    "unserved_penalty": 0.0,
    "reward_scale": 1.0,
    "pro_rata": False,
    "price_cap": None,
    "template": [0.0] * 4,
    "demand_scale": 1.0,
    "time": [0.0] * 3,
    "autoreset": True,
}

BOAST = """
import sys, numpy as np, rust_market
from collections.abc import Sequence

class List(list):
    def __len__(self):
        return 2**40

class Boast(Sequence):
    def __len__(self):
        return 2**40
    def __getitem__(self, at):
        raise IndexError

kind, name, settings = sys.argv[1], sys.argv[2], eval(sys.argv[3])
boast = List([1.0, 2.0]) if kind == "list" else Boast()
try:
    if name in ("weights", "biases"):
        boast = List([np.ones((1, 1), "f4")]) if kind == "list" else Boast()
        layers = {"weights": [np.ones((1, 1), "f4")], "biases": [np.ones(1, "f4")]}
        rust_market.MLP(**(layers | {name: boast}), agents=1, relu=False)
    else:
        rust_market.Environment(**(settings | {name: boast}))
    print("taken")
except (MemoryError, TypeError, ValueError) as error:
    print(type(error).__name__)
"""


@pytest.mark.parametrize("kind", ["list", "sequence"])
@pytest.mark.parametrize(
    "name", ["capacities", "costs", "demand", "template", "time", "weights", "biases"]
)
def test_a_sequence_that_boasts_of_its_length(in_process, kind, name):
    told = in_process(BOAST, kind, name, repr(SETTINGS))
    # NumPy and Python count what a subclass of list holds, whatever it says.
    assert told in ("taken\n", "MemoryError\n", "TypeError\n", "ValueError\n")
    assert kind == "list" or name == "time" or told != "taken\n"


LIMITED = """
import resource, sys, numpy as np, rust_market
room = int(sys.argv[2])
script = sys.argv[1]
exec(script.partition("#")[0])
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + room, -1))
try:
    exec(script.partition("#")[2])
    print("enough")
except MemoryError:
    print("MemoryError")
"""

ROOM = 1 << 27
WIDE = "w, b = np.ones((1, 1 << 24), 'f4'), np.ones(1, 'f4')"
MARKET = "n = 1 << 24; market = np.ones(n), np.ones(n), 3.0; out = np.ones(n)"


@pytest.mark.parametrize(
    "script",
    [
        f"{WIDE}#rust_market.MLP([w], [b], agents=1, relu=False)",
        "#rust_market.ReplayBuffer(1 << 40, 1, 1, seed=0, alpha=0.5)",
        "#rust_market.ReplayBuffer(2**60, 2**60, 2**60, seed=0, alpha=0.5)",
        *(
            f"{MARKET}#rust_market.{name}(*market)"
            for name in dir(rust_market)
            if name.startswith("market_clearing") and not name.endswith("into")
        ),
        "b = rust_market.ReplayBuffer(1 << 22, 8, 8, seed=0, alpha=0.5);"
        "r = np.zeros((1 << 22, 8), 'f4');"
        "b.add(r, r, r[:, 0].copy(), r, np.zeros(1 << 22, '?'))#b.state()",
        "b = rust_market.ReplayBuffer(4, 1, 1, seed=0, alpha=0.5); r = np.zeros((4, 1), 'f4');"
        "b.add(r, r, r[:, 0].copy(), r, np.zeros(4, '?')); n = 1 << 25;"
        "update = np.zeros(n, 'i8'), np.ones(n)#b.update(*update)",
    ],
)
@pytest.mark.long
def test_less_memory_than_a_call_needs(in_process, script):
    pytest.importorskip("resource")
    assert in_process(LIMITED, script, str(ROOM)) == "MemoryError\n"


def test_weights_that_would_be_padded_beyond_counting():
    weights = np.lib.stride_tricks.as_strided(np.ones(1, "f4"), (1, 1 << 60), (0, 0))
    with pytest.raises((MemoryError, ValueError)):
        rust_market.MLP([weights], [np.ones(1, "f4")], agents=1, relu=False)
