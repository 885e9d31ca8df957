"""Policies that are neural networks, against plain double precision."""

import copy
import pickle
import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from market_py.env import MarketVectorEnv, System
from market_py.learning.policy import MLPPolicy
from market_py.learning.replay import BACKENDS
from market_py.registry import available_backends

ACTIVATIONS = {"tanh": np.tanh, "relu": lambda x: np.maximum(x, 0)}


@pytest.fixture(params=BACKENDS)
def name(request):
    if request.param not in available_backends():
        pytest.skip(f"{request.param} is not there")
    return request.param


def layers(sizes, agents=None, seed=0):
    """Random layers of the size that training leaves behind."""
    rng = np.random.default_rng(seed)
    own = () if agents is None else (agents,)
    pairs = list(zip(sizes[1:], sizes, strict=False))
    weights = [rng.normal(0, 1 / np.sqrt(shape[1]), (*own, *shape)) for shape in pairs]
    biases = [rng.normal(0, 0.1, (*own, shape[0])) for shape in pairs]
    return [w.astype(np.float32) for w in weights], [b.astype(np.float32) for b in biases]


def expected(weights, biases, observations, activation):
    values = np.asarray(observations, float)
    for depth, (weight, bias) in enumerate(zip(weights, biases, strict=True)):
        if depth:
            values = ACTIVATIONS[activation](values)
        own = "a" if weight.ndim == 3 else ""
        axes = f"...{own}i,{own}oi->...{own}o"
        values = np.einsum(axes, values, weight.astype(float)) + bias.astype(float)
    return values


def assert_close(answers, right):
    assert answers.dtype == np.float32 and answers.shape == right.shape
    assert np.all(np.abs(answers - right) <= 1e-5 * np.maximum(1, np.abs(right)))


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("shape", [(8,), (1, 8), (3, 8), (17, 8), (5, 10, 8), (4096, 8), (0, 8)])
def test_one_network_for_all(name, activation, shape):
    weights, biases = layers((8, 64, 64, 2))
    policy = MLPPolicy(weights, biases, activation=activation, backend=name)
    observations = np.random.default_rng(1).normal(size=shape).astype(np.float32)
    assert_close(policy(observations), expected(weights, biases, observations, activation))


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("shape", [(5, 7), (1, 5, 7), (40, 5, 7), (3, 2, 5, 7)])
def test_a_network_for_each_agent(name, activation, shape):
    weights, biases = layers((7, 33, 3), agents=5)
    policy = MLPPolicy(weights, biases, activation=activation, backend=name)
    observations = np.random.default_rng(1).normal(size=shape)
    right = expected(weights, biases, observations.astype(np.float32), activation)
    assert_close(policy(observations), right)


@given(
    sizes=st.lists(st.integers(1, 80), min_size=2, max_size=5),
    agents=st.none() | st.integers(1, 4),
    rows=st.integers(0, 70),
    activation=st.sampled_from(sorted(ACTIVATIONS)),
    seed=st.integers(0, 2**32),
)
@settings(deadline=None)
def test_any_shape(sizes, agents, rows, activation, seed):
    weights, biases = layers(sizes, agents, seed)
    own = (sizes[0],) if agents is None else (agents, sizes[0])
    observations = np.random.default_rng(seed).normal(0, 3, (rows, *own)).astype(np.float32)
    right = expected(weights, biases, observations, activation)
    for name in BACKENDS:
        if name in available_backends():
            policy = MLPPolicy(weights, biases, activation=activation, backend=name)
            assert_close(policy(observations), right)


def test_saturated_and_tiny_values(name):
    one = np.ones((1, 1), np.float32)
    policy = MLPPolicy([one, one], [[0.0], [0.0]], backend=name)
    values = np.float32([[-1e30], [-20], [-9], [-1e-30], [0], [1e-20], [3e-4], [8.9], [1e30]])
    np.testing.assert_allclose(policy(values), np.tanh(values.astype(float)), rtol=1e-6)


def test_answers_do_not_depend_on_threads_or_layout(name):
    weights, biases = layers((8, 64, 64, 2))
    observations = np.random.default_rng(1).normal(size=(3000, 8)).astype(np.float32)
    one = MLPPolicy(weights, biases, backend=name, threads=1)(observations)
    policy = MLPPolicy(weights, biases, backend=name, threads=3)
    strided = np.empty((3000, 16), np.float32)[:, ::2]
    strided[:] = observations
    for same in (observations, np.asfortranarray(observations), strided, observations.tolist()):
        assert np.array_equal(policy(same), one)
    odd = np.ndarray((3000, 8), np.float32, np.zeros(96_001, np.uint8)[1:].data)
    odd[:] = observations
    assert not odd.flags.aligned
    assert np.array_equal(policy(odd), one)
    before = observations.copy()
    found = []
    threads = [
        threading.Thread(target=lambda: found.append(policy(observations))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(np.array_equal(answers, one) for answers in found)
    assert np.array_equal(observations, before)


def test_actions_of_all_agents_of_all_markets(name):
    """The observations of the vector environment are what is answered, as they come."""
    system = System.random(6)
    markets = MarketVectorEnv(system, 32)
    observations, _ = markets.reset(seed=1)
    weights, biases = layers((observations.shape[-1], 16, 2), agents=6)
    policy = MLPPolicy(weights, biases, backend=name)
    right = expected(weights, biases, observations.astype(np.float32), "tanh")
    assert_close(policy(observations), right)


@pytest.mark.parametrize("make", [copy.deepcopy, lambda it: pickle.loads(pickle.dumps(it))])
@pytest.mark.parametrize("agents", [None, 3])
def test_a_copy_answers_the_same(name, make, agents):
    weights, biases = layers((4, 5, 2), agents)
    policy = MLPPolicy(weights, biases, activation="relu", backend=name, threads=1)
    other = make(policy)
    observations = np.random.default_rng(0).normal(size=(9, 3, 4))
    assert np.array_equal(other(observations), policy(observations))
    assert (other.backend, other.activation, other.agents) == (name, "relu", agents)


class TestStateDict:
    def state(self, front=""):
        weights, biases = layers((4, 5, 5, 5, 5, 5, 3))
        numbers = (0, 2, 4, 6, 8, 10)  # In the order of numbers, not of letters.
        named = {}
        for number, weight, bias in zip(numbers, weights, biases, strict=True):
            named |= {f"{front}{number}.weight": weight, f"{front}{number}.bias": bias}
        return named, weights, biases

    @pytest.mark.parametrize("front", ["", "mlp_extractor.policy_net."])
    def test_arrays(self, name, front):
        state, weights, biases = self.state(front)
        shuffled = dict(sorted(state.items()))
        policy = MLPPolicy.from_state_dict(shuffled, activation="relu", backend=name)
        observations = np.random.default_rng(0).normal(size=(9, 4)).astype(np.float32)
        assert_close(policy(observations), expected(weights, biases, observations, "relu"))

    def test_tensors(self, name):
        class Tensor:
            """What is needed of one of torch."""

            def __init__(self, values, steps=("detach", "cpu", "numpy")):
                self.values, self.steps = values, steps

            def __getattr__(self, step):
                if step != self.steps[0]:
                    raise RuntimeError(f"{step} before {self.steps[0]}")
                rest = self.steps[1:]
                return lambda: Tensor(self.values, rest) if rest else self.values

        state, weights, biases = self.state()
        tensors = {key: Tensor(values) for key, values in state.items()}
        policy = MLPPolicy.from_state_dict(tensors, backend=name)
        assert all(np.array_equal(a, b) for a, b in zip(policy.weights, weights, strict=True))
        assert all(np.array_equal(a, b) for a, b in zip(policy.biases, biases, strict=True))

    def test_other_names_are_refused(self, name):
        state, _, _ = self.state()
        with pytest.raises(ValueError, match=r"state\['log_std'\]: is not the weight or the bias"):
            MLPPolicy.from_state_dict({**state, "log_std": np.zeros(2)}, backend=name)
        del state["2.bias"]
        with pytest.raises(ValueError, match=r"the layer '2' has only \['weight'\]"):
            MLPPolicy.from_state_dict(state, backend=name)

    def test_two_networks_are_refused(self, name):
        state, _, _ = self.state("policy_net.")
        other, _, _ = self.state("value_net.")
        with pytest.raises(
            ValueError,
            match=r"state: holds layers of 'policy_net\.' and of 'value_net\.': pass only",
        ):
            MLPPolicy.from_state_dict(state | other, backend=name)

    def test_sequences_in_a_sequence(self, name):
        state, weights, _ = self.state()
        nested = {
            f"net.{int(key.split('.')[0]) // 6}.{key}": values for key, values in state.items()
        }
        policy = MLPPolicy.from_state_dict(dict(sorted(nested.items())), backend=name)
        assert all(np.array_equal(a, b) for a, b in zip(policy.weights, weights, strict=True))


@pytest.mark.skipif("rust" not in available_backends(), reason="not there")
def test_the_extension_by_itself_drops_no_layer():
    from rust_market import MLP

    weights, biases = layers((3, 4, 2))
    with pytest.raises(ValueError, match="biases: must be as many as weights, 2, got 1"):
        MLP(weights, biases[:1], agents=1, relu=False)
    with pytest.raises(ValueError, match="biases: must be as many as weights, 1, got 2"):
        MLP(weights[:1], biases, agents=1, relu=False)


class TestBadInput:
    W, B = layers((3, 4, 2))

    def changed(self, **changed):
        return {"weights": self.W, "biases": self.B, **changed}

    @pytest.mark.parametrize(
        ("changed", "message"),
        [
            ({"weights": [], "biases": []}, "biases: must be as many as weights and at least one"),
            ({"biases": B[:1]}, "biases: must be as many as weights"),
            ({"weights": [W[0], W[1][:, :3]]}, r"weights\[1\]: must have shape \(2, 4\), got"),
            (
                {"weights": [W[0][0], W[1]]},
                r"weights\[0\]: must have 2 or 3 axes, got shape \(3,\)",
            ),
            ({"weights": [W[0], W[1][None]], "biases": [B[0], B[1][None]]}, r"weights\[1\]: must"),
            ({"biases": [B[0][:3], B[1]]}, r"biases\[0\]: must have shape \(4,\) like the weights"),
            ({"biases": [B[0], [0, np.nan]]}, r"biases\[1\]\[1\] = nan: must be finite"),
            (
                {"weights": [W[0], W[1].astype(float) * 1e39]},
                r"weights\[1\]\[0, 0\] = -?inf: must be finite",
            ),
            ({"activation": "sigmoid"}, "activation = 'sigmoid': must be 'tanh' or 'relu'"),
            ({"backend": "numba"}, "backend = 'numba': must be one of rust, numpy"),
            ({"threads": 0}, "threads = 0: must be a positive integer or None"),
        ],
    )
    def test_wrong_layers(self, name, changed, message):
        with pytest.raises(ValueError, match=message):
            MLPPolicy(**{"backend": name, **self.changed(**changed)})

    @pytest.mark.parametrize(
        ("observations", "message"),
        [
            (np.zeros((5, 4)), r"observations: must have shape \(..., 3\), got \(5, 4\)"),
            (0.0, r"observations: must have shape \(..., 3\), got \(\)"),
            ([[0, 0, 0], [0, np.nan, 0]], r"observations\[1, 1\] = nan: must be finite"),
            ([0, 0, 1e300], r"observations\[2\] = inf: must be finite"),
            (
                np.where(np.arange(3000) == 2222, -np.inf, 0).reshape(10, 100, 3),
                r"\[7, 40, 2\] = -inf",
            ),
        ],
    )
    def test_wrong_observations(self, name, observations, message):
        with pytest.raises(ValueError, match=message):
            MLPPolicy(self.W, self.B, backend=name)(observations)

    @pytest.mark.parametrize(
        ("values", "message"),
        [
            ([["1", "2", "3"]], "must be real numbers, got list of dtype <U1"),
            ([[1j, 2, 3]], "must be real numbers, got list of dtype complex128"),
            ([[None, 2, 3]], "must be real numbers, got list of dtype object"),
            (np.ma.array(np.ones((1, 3), np.float32), mask=[[0, 1, 0]]), "none of them masked"),
        ],
    )
    def test_what_is_no_array_of_numbers(self, name, values, message):
        with pytest.raises(TypeError, match=f"observations: .*{message}"):
            MLPPolicy(self.W, self.B, backend=name)(values)
        with pytest.raises(TypeError, match=rf"weights\[0\]: .*{message}"):
            MLPPolicy([values], [[0]], backend=name)
        with pytest.raises(TypeError, match=r"weights\[0\]: must be real numbers"):
            MLPPolicy.from_state_dict({"0.weight": values, "0.bias": [0]}, backend=name)

    def test_observations_of_too_few_agents(self, name):
        weights, biases = layers((3, 4, 2), agents=5)
        policy = MLPPolicy(weights, biases, backend=name)
        with pytest.raises(ValueError, match=r"must have shape \(..., 5, 3\), got \(4, 3\)"):
            policy(np.zeros((4, 3)))
