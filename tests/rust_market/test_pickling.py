"""Objects of the extension are copied, pickled, and sent to other processes."""

import copy
import itertools
import multiprocessing
import pickle

import numpy as np
import pytest

import rust_market

COPIES = {
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    **{
        f"pickle {protocol}": lambda it, protocol=protocol: pickle.loads(pickle.dumps(it, protocol))
        for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1)
    },
}


def environment(pro_rata=True, price_cap=300.0):
    return rust_market.Environment(
        capacities=[100.0, 50.0, 20.0],
        costs=[10.0, 20.0, 30.0],
        demand=[80.0, 120.0, 500.0],
        noise=(5.0, -20.0, 20.0),
        max_bid_delta=50.0,
        markup_penalty=0.1,
        unserved_penalty=1.0,
        reward_scale=0.01,
        pro_rata=pro_rata,
        price_cap=price_cap,
        template=np.arange(9.0),
        demand_scale=0.5,
        time=[7.0, 8.0, 9.0, 10.0],
        autoreset=True,
    )


def stepped(market):
    state = np.array([[1, 2, 3, 4], [0, 0, 5, 0], [0, 1, 2, 0]], np.uint64)
    actions = np.random.default_rng(0).random((4, 3, 2))
    shown, rows = np.zeros((4, 3, 3)), np.zeros((4, 3))
    filled = shown, shown.copy(), rows, np.zeros(4, bool), np.zeros(4), np.zeros(4), rows.copy()
    for _ in range(5):
        market.step(state, actions, *filled, 1)
    return [state, *filled]


def network(agents, relu):
    rng = np.random.default_rng(agents)
    own = (agents,) if agents > 1 else ()
    sizes = (3, 17, 33, 2)
    weights = [rng.normal(size=(*own, o, i)).astype("f4") for i, o in itertools.pairwise(sizes)]
    biases = [rng.normal(size=(*own, o)).astype("f4") for o in sizes[1:]]
    return rust_market.MLP(weights, biases, agents=agents, relu=relu)


def answered(policy):
    given = np.random.default_rng(9).normal(size=(12, 3)).astype("f4")
    answers = np.zeros((12, 2), "f4")
    policy.answer(given, answers, 1)
    return [answers]


def transitions(number, first=0):
    count = np.arange(first, first + number, dtype="f4")
    return (
        count[:, None].repeat(3, 1),
        count[:, None] / 2,
        count,
        -count[:, None].repeat(3, 1),
        (count % 2 == 0),
    )


def replay(alpha, added=13):
    buffer = rust_market.ReplayBuffer(8, 3, 1, seed=2**64 - 1, alpha=alpha)
    if added:
        buffer.add(*transitions(added))
        if alpha is not None:
            indices = drawn(buffer)[5]
            buffer.update(indices, np.arange(len(indices)) / 3)
    return buffer


def drawn(buffer, number=6):
    rows, row = (number, 3), np.zeros(number, "f4")
    batch = (np.zeros(rows, "f4"), row[:, None].copy(), row, np.zeros(rows, "f4"),
             np.zeros(number, bool), np.zeros(number, "i8"), row.copy())  # fmt: skip
    buffer.sample(0.7, *batch)
    return batch


def continued(buffer):
    first = [] if len(buffer) == 0 else [*drawn(buffer)]
    buffer.add(*transitions(3, 100))
    return [*first, *drawn(buffer), *drawn(buffer)]


CASES = {
    "environment": (environment, stepped),
    "environment without a cap": (lambda: environment(False, None), stepped),
    "MLP": (lambda: network(1, False), answered),
    "MLP of agents": (lambda: network(3, True), answered),
    "replay": (lambda: replay(None), continued),
    "replay by priority": (lambda: replay(0.6), continued),
    "empty replay": (lambda: replay(0.6, 0), continued),
}


@pytest.mark.parametrize("way", COPIES)
@pytest.mark.parametrize("case", CASES)
def test_a_copy_goes_on_as_the_original(case, way):
    make, use = CASES[case]
    original = make()
    other = COPIES[way](original)
    assert type(other) is type(original)
    first = use(original)
    second = use(other)
    # The copy is its own: what became of the original has not changed it.
    assert all(map(np.array_equal, first, second))


@pytest.mark.parametrize("case", ["environment", "MLP of agents", "replay by priority"])
def test_a_spawned_process_goes_on_alike(case):
    make, use = CASES[case]
    original = make()
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        told = pool.apply_async(use, [original]).get(120)
    assert all(map(np.array_equal, use(original), told))


class TestRestore:
    def test_a_shorter_state_leaves_nothing_of_the_longer(self):
        buffer, short = replay(0.6), replay(0.6, 2)
        buffer.restore(*short.state())
        assert len(buffer) == 2
        assert drawn(buffer, 200)[5].max() == 1

    @pytest.mark.parametrize(
        "change",
        [
            lambda state: {"rows": np.where(state["rows"] == 5, np.nan, state["rows"])},
            lambda state: {"rows": np.where(state["rows"] == 5, np.inf, state["rows"])},
            lambda state: {"preferences": np.zeros_like(state["preferences"])},
            lambda state: {"preferences": state["preferences"] * np.inf},
            lambda state: {"largest": 0.0},
            lambda state: {"largest": np.nan},
            lambda state: {"counters": (2**64 - 1, 0)},
            lambda state: {"counters": (8, 2**64 - 1)},
            lambda state: {"counters": (3, 0)},
        ],
    )
    def test_a_state_that_makes_no_sense_changes_nothing(self, change):
        buffer, same = replay(0.6), replay(0.6)
        state = dict(
            zip(("counters", "rows", "preferences", "largest"), buffer.state(), strict=True)
        )
        changed = {
            name: np.ascontiguousarray(value, state[name].dtype)
            if isinstance(value, np.ndarray)
            else value
            for name, value in change(state).items()
        }
        with pytest.raises(ValueError, match="state: does not fit"):
            buffer.restore(**(state | changed))
        assert all(map(np.array_equal, continued(buffer), continued(same)))
