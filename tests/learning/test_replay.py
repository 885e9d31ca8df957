"""The replay buffer: both backends against each other and against a plain list."""

import copy
import multiprocessing
import os
import pickle
import subprocess
import sys
import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.ticks import lets_others_run
from market_py.learning.replay import BACKENDS, Batch, ReplayBuffer
from market_py.registry import available_backends

F, A = 3, 2
PARTS = Batch._fields[:5]


def transitions(first, number):
    """Rows that tell their number in each part."""
    numbers = np.arange(first, first + number, dtype=np.float32)
    rows = numbers[:, None]
    return (
        rows + np.arange(F) * 0.25,
        -rows - np.arange(A) * 0.25,
        2 * numbers,
        rows + 1 + np.arange(F) * 0.25,
        numbers % 3 == 0,
    )


def numbers_of(batch):
    """Which rows were drawn; each must be whole."""
    numbers = batch.rewards / 2
    for at, number in enumerate(numbers):
        for name, right in zip(PARTS, transitions(number, 1), strict=True):
            assert np.array_equal(getattr(batch, name)[at], right[0]), name
    return numbers.astype(int)


@pytest.fixture(params=BACKENDS)
def name(request):
    if request.param not in available_backends():
        pytest.skip(f"{request.param} is not there")
    return request.param


class TestDraws:
    @pytest.mark.parametrize("prioritised", [False, True])
    def test_only_the_last_transitions_are_drawn_each_whole(self, name, prioritised):
        buffer = ReplayBuffer(10, F, A, prioritised=prioritised, backend=name)
        added = 0
        for number in (1, 3, 4, 7, 10, 9, 25, 1):
            buffer.add(*transitions(added, number))
            added += number
            assert len(buffer) == min(added, 10)
            batch = buffer.sample(400)
            drawn = numbers_of(batch)
            assert set(drawn) == set(range(max(0, added - 10), added))
            assert np.array_equal(drawn % 10, batch.indices)
            assert np.all(batch.weights == 1)

    def test_uniform_draws_are_uniform(self, name):
        buffer = ReplayBuffer(7, F, A, seed=3, backend=name)
        buffer.add(*transitions(0, 7))
        counts = np.bincount(buffer.sample(70_000).indices, minlength=7)
        assert np.all(np.abs(counts - 10_000) < 5 * np.sqrt(10_000 * 6 / 7))

    def test_prioritised_draws_follow_the_priorities(self, name):
        buffer = ReplayBuffer(20, F, A, prioritised=True, alpha=1.0, backend=name)
        buffer.add(*transitions(0, 20))
        priorities = np.arange(20.0)
        buffer.update_priorities(np.arange(20), priorities)
        batch = buffer.sample(19_000, beta=1.0)
        counts = np.bincount(batch.indices, minlength=20)
        # One from each share: no count can be off by more than two.
        assert np.all(np.abs(counts - 100 * priorities) <= 2)
        weights = 1 / priorities[batch.indices]
        np.testing.assert_allclose(batch.weights, weights, rtol=1e-4)

    def test_new_transitions_have_the_largest_priority(self, name):
        buffer = ReplayBuffer(10, F, A, prioritised=True, alpha=1.0, backend=name)
        buffer.add(*transitions(0, 4))
        buffer.update_priorities([0, 1, 2, 3], [8.0, 1.0, 1.0, 1.0])
        buffer.add(*transitions(4, 1))
        counts = np.bincount(buffer.sample(1900).indices, minlength=5)
        assert np.all(np.abs(counts - [800, 100, 100, 100, 800]) <= 2)

    def test_any_byte_but_zero_is_true(self, name):
        """NumPy's truth values are bytes, which a view makes of any."""
        buffer = ReplayBuffer(4, F, A, seed=1, backend=name)
        given = list(transitions(0, 4))
        given[4] = np.array([2, 0, 255, 1], np.uint8).view(np.bool_)
        buffer.add(*given)
        _, rows, _, _ = buffer._ring.state()
        assert rows.reshape(4, -1)[:, -1].tolist() == [1, 0, 1, 1]
        batch = buffer.sample(40)
        assert np.array_equal(batch.done.view(np.uint8), batch.indices != 1)

    def test_no_priorities_may_be_changed(self, name):
        buffer, same = (ReplayBuffer(10, F, A, prioritised=True, backend=name) for _ in range(2))
        for each in (buffer, same):
            each.add(*transitions(0, 5))
        buffer.update_priorities(np.empty(0, int), np.empty(0))
        assert np.array_equal(buffer.sample(50).indices, same.sample(50).indices)

    def test_any_layout_is_the_same(self, name):
        buffer, same = (ReplayBuffer(10, F, A, prioritised=True, backend=name) for _ in range(2))
        same.add(*transitions(0, 5))
        kinds = np.float32, np.float32, np.float32, np.float32, np.bool_
        given = [
            misaligned(np.asarray(values, dtype))
            for values, dtype in zip(transitions(0, 5), kinds, strict=True)
        ]
        buffer.add(*given)
        same.update_priorities([0, 1], [3.0, 4.0])
        buffer.update_priorities(misaligned(np.array([0, 1])), misaligned(np.array([3.0, 4.0])))
        for left, right in zip(buffer.sample(20), same.sample(20), strict=True):
            assert np.array_equal(left, right)

    def test_another_seed_draws_others(self, name):
        drawn = []
        for seed in (0, 1, 2**64 - 1):
            buffer = ReplayBuffer(1000, F, A, seed=seed, backend=name)
            buffer.add(*transitions(0, 1000))
            drawn += [buffer.sample(50).indices, buffer.sample(50).indices]
        assert len({tuple(indices) for indices in drawn}) == 6


@given(data=st.data())
@settings(deadline=None)
def test_both_backends_draw_the_same(data):
    if "rust" not in available_backends():
        pytest.skip("rust is not there")
    prioritised = data.draw(st.booleans())
    options = {
        "prioritised": prioritised,
        "alpha": data.draw(st.floats(0, 1)),
        "seed": data.draw(st.integers(0, 2**64 - 1)),
    }
    capacity = data.draw(st.sampled_from([1, 2, 7, 8, 9, 64, 65, 600]))
    buffers = [ReplayBuffer(capacity, F, A, backend=each, **options) for each in BACKENDS]
    added = 0
    for _ in range(data.draw(st.integers(1, 5))):
        number = data.draw(st.integers(1, 2 * capacity))
        for buffer in buffers:
            buffer.add(*transitions(added, number))
        added += number
        size, beta = data.draw(st.integers(1, 20)), data.draw(st.floats(0, 1))
        one, other = (buffer.sample(size, beta=beta) for buffer in buffers)
        numbers_of(one)
        for left, right in zip(one, other, strict=True):
            assert np.array_equal(left, right)
        if prioritised:
            shares = st.sampled_from([0.0, 1e-300, 1e-9, 0.5, 1.0, 3.0, 1e99])
            priorities = data.draw(st.lists(shares, min_size=size, max_size=size))
            for buffer in buffers:
                buffer.update_priorities(one.indices, priorities)


class TestFiles:
    @pytest.mark.parametrize("prioritised", [False, True])
    @pytest.mark.parametrize("added", [0, 4, 10, 33])
    def test_what_is_loaded_goes_on_alike_with_either_backend(
        self, name, prioritised, added, tmp_path
    ):
        buffer = ReplayBuffer(10, F, A, prioritised=prioritised, seed=5, backend=name)
        if added:
            buffer.add(*transitions(0, added))
            drawn = buffer.sample(6).indices
            if prioritised:
                buffer.update_priorities(drawn, np.arange(6.0))
        buffer.save(tmp_path / "buffer.npz")
        others = [
            ReplayBuffer.load(tmp_path / "buffer.npz", backend=other)
            for other in BACKENDS
            if other in available_backends()
        ]
        for each in (buffer, *others):
            each.add(*transitions(added, 3))
        batches = [each.sample(30) for each in (buffer, *others)]
        for batch in batches[1:]:
            for left, right in zip(batches[0], batch, strict=True):
                assert np.array_equal(left, right)

    def test_a_file_cut_short_is_refused_wherever(self, name, tmp_path):
        buffer = ReplayBuffer(10, F, A, prioritised=True, backend=name)
        buffer.add(*transitions(0, 10))
        path = tmp_path / "buffer.npz"
        buffer.save(path)
        whole = path.read_bytes()
        for length in [*range(0, len(whole), 97), len(whole) - 1]:
            path.write_bytes(whole[:length])
            with pytest.raises(
                ValueError, match=r"buffer\.npz: is not a replay buffer, or damaged"
            ):
                ReplayBuffer.load(path, backend=name)
        with pytest.raises(FileNotFoundError):
            ReplayBuffer.load(tmp_path / "none.npz")

    def test_a_file_that_does_not_fit_itself_is_refused(self, name, tmp_path):
        buffer = ReplayBuffer(10, F, A, prioritised=True, backend=name)
        buffer.add(*transitions(0, 10))
        path = tmp_path / "buffer.npz"
        buffer.save(path)
        with np.load(path) as file:
            kept = dict(file)
        for key, wrong in (
            ("format", 2),
            ("rows", kept["rows"][1:]),
            ("preferences", -kept["preferences"]),
            ("largest", np.nan),
            ("rows", np.where(np.arange(len(kept["rows"])) == 7, np.nan, kept["rows"])),
            ("rows", np.where(np.arange(len(kept["rows"])) == 9, 0.5, kept["rows"])),
            ("rows", kept["rows"].astype(complex)),
            ("rows", kept["rows"].reshape(10, -1)),
            ("preferences", np.zeros(10)),
            ("preferences", np.full(10, 1e-6 * 0.9)),
            ("preferences", kept["preferences"] * np.nan),
            ("preferences", np.full(10, 1e61)),
            ("largest", 0.5),
            ("largest", 1e61),
            ("alpha", 2.0),
            ("counters", np.array([9, 0], np.uint64)),
            ("counters", np.array([10, 2**64 - 1], np.uint64)),
            ("counters", np.array([2**64 - 1, 0], np.uint64)),
            ("counters", np.array([10, -1])),
            ("counters", np.array([10, 0, 0], np.uint64)),
            ("sizes", [10, F, A + 1]),
        ):
            np.savez(path, **{**kept, key: wrong})
            with pytest.raises(ValueError, match="is not a replay buffer, or damaged"):
                ReplayBuffer.load(path, backend=name)
        np.savez(path, **kept)
        ReplayBuffer.load(path, backend=name)

    def test_saving_replaces_a_file_or_leaves_it(self, name, tmp_path):
        buffer = ReplayBuffer(10, F, A, backend=name)
        buffer.save(tmp_path / "buffer.npz")
        with pytest.raises(OSError):
            buffer.save(tmp_path / "no folder" / "buffer.npz")
        assert [path.name for path in tmp_path.iterdir()] == ["buffer.npz"]


class TestCopies:
    @pytest.mark.parametrize("make", [copy.deepcopy, lambda it: pickle.loads(pickle.dumps(it))])
    @pytest.mark.parametrize("prioritised", [False, True])
    def test_a_copy_goes_on_alike_and_by_itself(self, name, prioritised, make):
        buffer = ReplayBuffer(10, F, A, prioritised=prioritised, seed=5, backend=name)
        buffer.add(*transitions(0, 13))
        buffer.sample(6)
        if prioritised:
            buffer.update_priorities([1, 2], [0.0, 7.0])
        other = make(buffer)
        assert other.backend == name
        for left, right in zip(buffer.sample(30), other.sample(30), strict=True):
            assert np.array_equal(left, right)
        other.add(*transitions(13, 1))
        assert 13 not in numbers_of(buffer.sample(200))

    def test_a_spawned_process_draws_the_same(self, name):
        buffer = ReplayBuffer(10, F, A, prioritised=True, backend=name)
        buffer.add(*transitions(0, 13))
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            found = pool.apply(ReplayBuffer.sample, (buffer, 30))
        for left, right in zip(buffer.sample(30), found, strict=True):
            assert np.array_equal(left, right)

    @pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
    def test_a_child_forked_during_a_call_of_another_thread_draws(self):
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", FORKS], capture_output=True, timeout=120
        )
        assert not done.returncode, done.stderr.decode()


FORKS = """
import os, signal, threading
import numpy as np
from market_py.learning.replay import ReplayBuffer
buffer = ReplayBuffer(4000, 64, 2, prioritised=True, backend="numpy")
row = np.zeros((2000, 64))

def work():
    while True:
        buffer.add(row, row[:, :2], row[:, 0], row, row[:, 0] > 0)
        buffer.sample(2000)

threading.Thread(target=work, daemon=True).start()
while not len(buffer):
    pass
for _ in range(20):
    if not (child := os.fork()):
        signal.alarm(5)
        assert len(buffer) and len(buffer.sample(3).rewards) == 3
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
os._exit(0)
"""


class TestBadInput:
    def wrong(self, part, value):
        given = [np.array(values) for values in transitions(0, 4)]
        given[part] = value(given[part])
        return given

    @pytest.mark.parametrize(
        ("part", "value", "message"),
        [
            (0, lambda v: v[:3], r"observations: must have shape \(4, 3\), got \(3, 3\)"),
            (0, lambda v: v[:, :2], r"observations: must have shape \(4, 3\), got \(4, 2\)"),
            (1, lambda v: v[:, 0], r"actions: must have shape \(4, 2\), got \(4,\)"),
            (2, lambda v: v[:, None], r"rewards: must have shape \(4,\), got \(4, 1\)"),
            (3, lambda v: v.T, r"next_observations: must have shape \(4, 3\), got \(3, 4\)"),
            (4, lambda v: v[:2], r"done: must have shape \(4,\), got \(2,\)"),
            (0, lambda v: put(v, (2, 1), np.nan), r"observations\[2, 1\] = nan: must be finite"),
            (1, lambda v: put(v, (0, 1), np.inf), r"actions\[0, 1\] = inf: must be finite"),
            (2, lambda v: put(v * 1.0, 3, -np.inf), r"rewards\[3\] = -inf: must be finite"),
            (3, lambda v: put(v.astype(float), (1, 0), 1e300), r"next_observations\[1, 0\] = inf"),
        ],
    )
    def test_wrong_transitions_change_nothing(self, name, part, value, message):
        buffer = ReplayBuffer(10, F, A, prioritised=True, backend=name)
        buffer.add(*transitions(0, 5))
        with pytest.raises(ValueError, match=message):
            buffer.add(*self.wrong(part, value))
        assert len(buffer) == 5
        assert set(numbers_of(buffer.sample(100))) == set(range(5))

    @pytest.mark.parametrize("part", range(5))
    @pytest.mark.parametrize(
        ("value", "message"),
        [
            (lambda v: v.astype(str), "got ndarray of dtype <U"),
            (lambda v: v.astype(str).tolist(), "got list of dtype <U"),
            (lambda v: v.astype(complex), "got ndarray of dtype complex128"),
            (lambda v: np.where(np.ones_like(v, bool), None, v), "got ndarray of dtype object"),
            (lambda v: np.ma.array(v, mask=v > 1), "none of them masked, got MaskedArray"),
            (
                lambda v: np.ma.array(v.astype(np.float32), mask=v > 1),
                "none of them masked, got MaskedArray",
            ),
        ],
    )
    def test_transitions_of_another_kind_change_nothing(self, name, part, value, message):
        buffer = ReplayBuffer(10, F, A, prioritised=True, backend=name)
        buffer.add(*transitions(0, 5))
        must = f"{PARTS[part]}: must be {'booleans' if part == 4 else 'real numbers'}, {message}"
        with pytest.raises(TypeError, match=must):
            buffer.add(*self.wrong(part, value))
        with pytest.raises(TypeError, match="done: must be booleans, got ndarray of dtype int64"):
            buffer.add(*self.wrong(4, lambda v: v.astype(np.int64)))
        assert len(buffer) == 5
        assert set(numbers_of(buffer.sample(100))) == set(range(5))

    @pytest.mark.parametrize(
        ("indices", "priorities", "error", "message"),
        [
            (
                [0, 5],
                [1, 1],
                ValueError,
                r"indices\[1\] = 5: must be the index of a transition",
            ),
            (
                [-1],
                [1],
                ValueError,
                r"indices\[0\] = -1: must be the index of a transition",
            ),
            (
                np.array([0, 2**64 - 1, 7], np.uint64),
                [1, 1, 1],
                ValueError,
                rf"indices\[1\] = {2**64 - 1}: must be the index of a transition",
            ),
            (
                [2**53 + 1],
                [1],
                ValueError,
                rf"indices\[0\] = {2**53 + 1}: must be the (?:place|index)",
            ),
            ([0.0], [1], TypeError, "indices: must be integers, got list of dtype float64"),
            ([True], [1], TypeError, "indices: must be integers, got list of dtype bool"),
            (["0"], [1], TypeError, "indices: must be integers, got list of dtype <U1"),
            ([0], ["2.5"], TypeError, "priorities: must be real numbers, got list of dtype <U3"),
            ([0], [1j], TypeError, "priorities: must be real numbers, got list of dtype complex"),
            ([0], [None], TypeError, "priorities: must be real numbers, got list of dtype object"),
            ([0], np.ma.array([1.0], mask=[1]), TypeError, "priorities: .* none of them masked"),
            ([0, 1], [1], ValueError, "priorities: must have one axis like indices"),
            ([0, 1], [1, -1], ValueError, r"priorities\[1\] = -1.0: must be from 0 to 1e100"),
            ([0, 1], [1, np.nan], ValueError, r"priorities\[1\] = nan: must be from 0 to 1e100"),
            ([0, 1], [1, 1e101], ValueError, r"priorities\[1\] = 1e\+101: must be"),
        ],
    )
    def test_wrong_priorities_change_nothing(self, name, indices, priorities, error, message):
        buffer, same = (ReplayBuffer(10, F, A, prioritised=True, backend=name) for _ in range(2))
        for each in (buffer, same):
            each.add(*transitions(0, 5))
        with pytest.raises(error, match=message):
            buffer.update_priorities(indices, priorities)
        assert np.array_equal(buffer.sample(50).indices, same.sample(50).indices)

    def test_a_uniform_buffer_keeps_no_priorities(self, name):
        buffer = ReplayBuffer(10, F, A, backend=name)
        buffer.add(*transitions(0, 5))
        with pytest.raises(ValueError, match="priorities: the buffer keeps none"):
            buffer.update_priorities([0], [1.0])

    def test_nothing_can_be_drawn_from_an_empty_buffer(self, name):
        buffer = ReplayBuffer(10, F, A, backend=name)
        with pytest.raises(ValueError, match="there is nothing to sample yet"):
            buffer.sample(1)

    @pytest.mark.parametrize(
        ("changed", "error", "message"),
        [
            ({"capacity": 0}, ValueError, "capacity = 0: must be in 1 to"),
            ({"capacity": 2.0}, TypeError, "capacity: must be a whole number, got float"),
            ({"capacity": True}, TypeError, "capacity: must be a whole number, got bool"),
            ({"observation_size": 0}, ValueError, "observation_size = 0"),
            ({"action_size": -1}, ValueError, "action_size = -1"),
            ({"alpha": 1.5}, ValueError, r"alpha = 1\.5: must be at most 1"),
            ({"alpha": -0.5}, ValueError, r"alpha = -0\.5: must be finite and >= 0"),
            ({"alpha": np.nan}, ValueError, "alpha = nan"),
            ({"alpha": "0.5"}, TypeError, "alpha: must be real numbers, got str of dtype <U3"),
            ({"alpha": None}, TypeError, "alpha: must be real numbers, got NoneType"),
            ({"seed": -1}, ValueError, "seed = -1"),
            ({"seed": 2**64}, ValueError, "seed = 18446744073709551616"),
            ({"backend": "numba"}, ValueError, "backend = 'numba': must be one of rust, numpy"),
        ],
    )
    def test_wrong_parameters(self, name, changed, error, message):
        given = {"capacity": 9, "observation_size": F, "action_size": A, "backend": name, **changed}
        with pytest.raises(error, match=message):
            ReplayBuffer(**given)

    @pytest.mark.parametrize(
        "sizes", [(2**60, F, A), (2**62, F, A), (2**63 - 1, 1, 1), (1, 2**63 - 1, 1)]
    )
    @pytest.mark.parametrize("prioritised", [False, True])
    def test_too_much_memory_is_a_memory_error(self, name, sizes, prioritised):
        with pytest.raises(MemoryError, match="not enough memory"):
            ReplayBuffer(*sizes, prioritised=prioritised, backend=name)

    @pytest.mark.parametrize(("number", "beta"), [(0, 0.4), (-1, 0.4), (1, -0.1), (1, np.nan)])
    def test_wrong_draws(self, name, number, beta):
        buffer = ReplayBuffer(10, F, A, backend=name)
        buffer.add(*transitions(0, 5))
        with pytest.raises(ValueError, match=r"number|beta"):
            buffer.sample(number, beta=beta)


def misaligned(array):
    """The same values, a byte off the places where they belong."""
    moved = np.frombuffer(b"." + array.tobytes(), np.uint8)[1:]
    moved = np.ndarray(array.shape, array.dtype, moved.data)
    assert array.itemsize == 1 or not moved.flags.aligned
    return moved


@pytest.mark.skipif("rust" not in available_backends(), reason="not there")
def test_the_extension_by_itself_names_what_is_misaligned():
    buffer = ReplayBuffer(10, F, A, backend="rust")._ring
    dtypes = np.float32, np.float32, np.float32, np.float32, np.bool_
    given = [np.asarray(part, dtype) for part, dtype in zip(transitions(0, 5), dtypes, strict=True)]
    given[1] = misaligned(given[1])
    with pytest.raises(ValueError, match="actions: must be aligned"):
        buffer.add(*given)


def put(array, at, value):
    array[at] = value
    return array


def test_threads_never_see_a_torn_row(name):
    """Writers, readers, and one that changes priorities, all at once."""
    buffer = ReplayBuffer(97, F, A, prioritised=True, backend=name)
    buffer.add(*transitions(0, 97))
    failures, stop = [], threading.Event()

    def write(first):
        for at in range(60):
            buffer.add(*transitions(first + 50 * at, 50))

    def read():
        while not stop.is_set():
            batch = buffer.sample(32)
            try:
                numbers_of(batch)
                buffer.update_priorities(batch.indices, np.abs(batch.rewards))
            except BaseException as error:
                failures.append(error)
                return

    writers = [threading.Thread(target=write, args=(10_000 * (k + 1),)) for k in range(3)]
    readers = [threading.Thread(target=read) for _ in range(2)]
    for thread in (*writers, *readers):
        thread.start()
    for thread in writers:
        thread.join()
    stop.set()
    for thread in readers:
        thread.join()
    assert not failures, failures[0]
    assert len(buffer) == 97


def test_large_draws_at_once_are_whole_and_each_its_own():
    if "rust" not in available_backends():
        pytest.skip("rust is not there")
    buffer = ReplayBuffer(1000, 64, A, backend="rust")
    rng = np.random.default_rng(0)
    observations = rng.random((1000, 64), np.float32)
    buffer.add(
        observations, np.zeros((1000, A)), np.zeros(1000), observations, np.zeros(1000, bool)
    )
    batches = []
    threads = [
        threading.Thread(target=lambda: batches.append(buffer.sample(5000))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for batch in batches:
        assert np.array_equal(batch.observations, observations[batch.indices])
    assert len({tuple(batch.indices[:20]) for batch in batches}) == 4


def test_a_large_draw_lets_other_threads_run():
    if "rust" not in available_backends():
        pytest.skip("rust is not there")
    buffer = ReplayBuffer(100, 64, A, backend="rust")
    rows = np.zeros((100, 64), np.float32)
    buffer.add(rows, np.zeros((100, A)), np.zeros(100), rows, np.zeros(100, bool))
    assert lets_others_run(lambda: buffer.sample(20_000))
