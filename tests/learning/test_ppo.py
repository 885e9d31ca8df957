"""Gradients are those of the loss, both backends agree, and learners find what theory says."""

import copy
import math
import os
import signal
import subprocess
import sys
import textwrap
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from market_py import env, extension
from market_py.learning import PPO, MLPPolicy, numpy_ppo
from market_py.learning.actor_critic import Shape
from market_py.learning.numpy_ppo import Samples, Settings
from market_py.learning.ppo import UPDATES
from market_py.learning.theory import (
    COMPETITION,
    PIVOTAL,
    WITHHOLDING,
    WITHHOLDING_RULES,
    withholding_threshold,
)

SMALL = env.System([60.0, 40.0, 30.0], [10.0, 20.0, 15.0], [70.0, 90.0, 80.0])
SETTINGS = Settings(3e-4, 0.2, 0.5, 0.01, 0.5, 2048)
BACKENDS = [
    "numpy",
    pytest.param(
        "rust", marks=pytest.mark.skipif(not extension.status()[0], reason="no extension")
    ),
]


def drawn(shape, sets, number, seed=0, dtype=np.float64):
    """Parameters, and samples whose actions are likely, and clipped now and then."""
    rng = np.random.default_rng(seed)
    parameters = shape.draw(sets, rng).astype(dtype)
    parameters += 0.1 * rng.standard_normal(parameters.shape).astype(dtype)
    observations = rng.standard_normal((number, sets, shape.inputs))
    actions = rng.standard_normal((number, sets, shape.actions))
    log_probs = -(actions**2 / 2 + numpy_ppo.LOG_ROOT).sum(axis=2)
    advantages, returns = rng.standard_normal((2, number, sets))
    log_probs += 0.2 * rng.standard_normal(log_probs.shape)
    samples = observations, actions, log_probs, advantages, returns
    return parameters, Samples(*(values.astype(dtype) for values in samples))


def weighted(shape, parameters, samples, settings):
    """The loss of each set of networks, of which the gradient is taken."""
    losses, _ = numpy_ppo.differentiate(shape, parameters, samples, settings)
    weights = settings.vf_coef, settings.ent_coef
    return losses.policy + weights[0] * losses.value - weights[1] * losses.entropy


@pytest.mark.parametrize(
    ("activation", "hidden", "sets"), [("tanh", (7, 5), 3), ("tanh", (), 1), ("relu", (6,), 2)]
)
def test_the_gradient_is_that_of_the_loss(activation, hidden, sets):
    """A step of 1e-30 i along a direction: the imaginary part of the loss is its derivative.

    Nothing cancels, so that it is as exact as automatic differentiation (J. N. Lyness, C. B. Moler,
    "Numerical differentiation of analytic functions", SIAM J. Numer. Anal. 4 (1967) 202-210).
    """
    shape = Shape(4, hidden, 2, activation)
    parameters, samples = drawn(shape, sets, 50)
    losses, gradient = numpy_ppo.differentiate(shape, parameters, samples, SETTINGS)
    assert np.all((losses.clip_fraction > 0.05) & (losses.clip_fraction < 0.95))
    rng = np.random.default_rng(1)
    for _ in range(20):
        direction = rng.standard_normal(parameters.shape)
        loss = weighted(shape, parameters + 1e-30j * direction, samples, SETTINGS)
        expected = (gradient * direction).sum(axis=1)
        assert np.allclose(loss.imag / 1e-30, expected, rtol=1e-12, atol=1e-13)


def test_the_gradient_agrees_with_finite_differences():
    shape = Shape(3, (5, 4), 2)
    parameters, samples = drawn(shape, 2, 40)
    _, gradient = numpy_ppo.differentiate(shape, parameters, samples, SETTINGS)
    step = 1e-6
    for at in range(shape.size):
        moved = np.zeros(shape.size)
        moved[at] = step
        up, down = (
            weighted(shape, parameters + sign * moved, samples, SETTINGS) for sign in (1, -1)
        )
        scale = np.linalg.norm(gradient, axis=1)
        assert np.all(np.abs((up - down) / (2 * step) - gradient[:, at]) <= 1e-6 * scale)


def updated(backend, shape, parameters, samples, settings, epochs=1, steps=0, threads=1):
    """Parameters, moments and losses after an update."""
    parameters, moments = parameters.copy(), np.zeros((2, *parameters.shape), np.float32)
    number = len(samples.returns)
    rng = np.random.default_rng(7)
    order = np.array([rng.permutation(number) for _ in range(epochs)], np.uint32)
    update = UPDATES[backend]
    losses = update(shape, parameters, moments, steps, samples, order, settings, threads)
    return parameters, moments, losses


needs_rust = pytest.mark.skipif(not extension.status()[0], reason="no extension")


@needs_rust
@given(
    st.integers(1, 9),
    st.lists(st.integers(1, 70), max_size=3),
    st.integers(1, 3),
    st.integers(1, 300),
    st.integers(1, 3),
    st.sampled_from(["tanh", "relu"]),
    st.integers(0, 2**32 - 1),
)
def test_rust_computes_the_gradient_of_numpy(inputs, hidden, actions, number, sets, kind, seed):
    shape = Shape(inputs, tuple(hidden), actions, kind)
    parameters, samples = drawn(shape, sets, number, seed)
    _, gradient = numpy_ppo.differentiate(shape, parameters, samples, SETTINGS)
    single = Samples(*(values.astype(np.float32) for values in samples))
    # Without a limit on its norm, a tenth of the gradient becomes the first moment.
    settings = SETTINGS._replace(max_grad_norm=1e30)
    _, (first, _), losses = updated("rust", shape, parameters.astype(np.float32), single, settings)
    norms = np.linalg.norm(gradient, axis=1)
    # One sample has no spread of advantages; then rounding decides what is divided by it.
    if number > 1:
        assert np.all(np.linalg.norm(10 * first - gradient, axis=1) <= 1e-4 * norms + 1e-6)
    expected, _ = numpy_ppo.differentiate(shape, parameters, samples, SETTINGS)
    for name in ("value", "entropy", "approx_kl"):
        assert np.allclose(getattr(losses, name), getattr(expected, name), rtol=1e-3, atol=1e-5)


@needs_rust
@pytest.mark.parametrize(("sets", "size"), [(1, 100), (3, 64), (2, 1000)])
def test_updates_of_both_backends_agree(sets, size):
    shape = Shape(5, (64, 64), 2)
    parameters, samples = drawn(shape, sets, 500, dtype=np.float32)
    settings = SETTINGS._replace(minibatch_size=size)
    ours, _, losses = updated("numpy", shape, parameters, samples, settings, 3)
    theirs, _, their_losses = updated("rust", shape, parameters, samples, settings, 3)
    moved = np.linalg.norm(ours - parameters)
    assert moved > 0.01
    assert np.linalg.norm(ours - theirs) < 0.01 * moved
    for one, other in zip(losses, their_losses, strict=True):
        assert np.allclose(one, other, rtol=1e-3, atol=1e-4)


@needs_rust
@pytest.mark.parametrize("sets", [1, 4])
def test_no_bit_depends_on_the_number_of_threads(sets):
    shape = Shape(5, (33, 16), 2)
    parameters, samples = drawn(shape, sets, 3000, dtype=np.float32)
    settings = SETTINGS._replace(minibatch_size=1300)
    alone, *others = (
        updated("rust", shape, parameters, samples, settings, 2, threads=threads)
        for threads in (1, 2, 5)
    )
    for other in others:
        for one, same in zip(alone[:2], other[:2], strict=True):
            assert np.array_equal(one, same)
        assert np.array_equal(alone[2], other[2])


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_gradient_has_a_largest_norm(backend):
    shape = Shape(3, (8,), 2)
    parameters, samples = drawn(shape, 2, 64, dtype=np.float32)
    huge = samples._replace(returns=1000 * samples.returns)
    _, (first, _), _ = updated(backend, shape, parameters, huge, SETTINGS)
    assert np.allclose(np.linalg.norm(10 * first, axis=1), 0.5, rtol=1e-4)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_gradient_that_is_not_finite_is_an_error(backend):
    shape = Shape(3, (8,), 2)
    parameters, samples = drawn(shape, 2, 64, dtype=np.float32)
    returns = samples.returns.copy()
    returns[:, 1] = 3e38
    with (
        pytest.raises(ValueError, match=r"gradient norm\[1\] = (inf|nan): must be finite"),
        np.errstate(all="ignore"),
    ):
        settings = SETTINGS._replace(vf_coef=100.0)
        updated(backend, shape, parameters, samples._replace(returns=returns), settings)


def learner(backend, **changed):
    options = {"num_envs": 6, "num_steps": 8, "hidden": (16,), "minibatch_size": 20, "seed": 4}
    return PPO(SMALL, backend=backend, **{**options, **changed})


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("shared", [False, True])
def test_rollouts_say_what_happened(backend, shared):
    made = learner(backend, shared=shared)
    batch = made.rollout()
    assert batch.observations.shape == (8, 6, 3, 4)
    assert np.array_equal(batch.ended[:, 0], [False, False, True] * 2 + [False, False])
    assert np.all(batch.final_values[~batch.ended] == 0)
    assert np.all(batch.final_values[batch.ended] != 0)
    # The density of the actions is that of the policy.
    means = made.policy(batch.observations)
    expected = -((batch.actions - means) ** 2 / 2 + numpy_ppo.LOG_ROOT).sum(axis=3)
    assert np.allclose(batch.log_probs, expected, atol=1e-5)
    # The first update meets a policy that has not changed.
    losses = made.update(batch)
    assert losses.value.shape == ((1,) if shared else (3,))


def state(made):
    return [*made._learned, made._markets.state.words]


def same(one, other):
    return all(np.array_equal(a, b) for a, b in zip(state(one), state(other), strict=True))


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("shared", [False, True])
def test_a_learner_that_is_saved_goes_on_as_the_other_does(backend, shared, tmp_path):
    made, other = (learner(backend, shared=shared, seed=seed) for seed in (4, 9))
    list(made.train(2, checkpoint=tmp_path / "learner.npz"))
    other.load(tmp_path / "learner.npz")
    assert same(made, other)
    list(made.train(2)), list(other.train(2))
    assert same(made, other)
    assert np.array_equal(made.evaluate(3).prices, other.evaluate(3).prices)


@pytest.mark.parametrize("threads", [1, 2, 7])
def test_a_learner_does_not_depend_on_threads(threads):
    one, other = learner(None), learner(None, threads=threads)
    list(one.train(2)), list(other.train(2))
    assert same(one, other)


def test_a_copy_goes_on_alone():
    made = learner(None)
    other = copy.deepcopy(made)
    list(made.train(2))
    assert not same(made, other)
    list(other.train(2))
    assert same(made, other)


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"max_bid_delta": 30.0}, "max_bid_delta"),
        ({"observer": "basic"}, "observer"),
        ({"hidden": (17,)}, "parameters"),
        ({"num_envs": 7}, "state"),
        ({"shared": True}, "parameters"),
    ],
)
def test_another_learner_is_refused_by_name(changed, named, tmp_path):
    learner("numpy").save(tmp_path / "kept.npz")
    other = learner("numpy", **changed)
    before = [np.copy(each) for each in state(other)]
    with pytest.raises(ValueError, match=rf"is not a checkpoint of this learner: .*{named}"):
        other.load(tmp_path / "kept.npz")
    assert all(np.array_equal(a, b) for a, b in zip(before, state(other), strict=True))


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", ["rewards", "observations", "actions", "values"])
@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_what_is_not_finite_is_named_with_its_agent(backend, name, wrong):
    made = learner(backend)
    batch = made.rollout()
    getattr(batch, name)[5, 3, 2] = wrong
    before = [np.copy(each) for each in state(made)]
    with pytest.raises(ValueError, match=rf"{name}\[5, 3, 2(, 0)?\] = {wrong}: must be finite"):
        made.update(batch)
    assert all(np.array_equal(a, b) for a, b in zip(before, state(made), strict=True))


@pytest.mark.parametrize("part", ["rollout", "update"])
def test_an_interrupted_update_leaves_no_trace(part, monkeypatch, tmp_path):
    made, other = learner(None), learner(None)
    list(made.train(1)), list(other.train(1))

    def interrupted(*_):
        made._markets.step(np.zeros((6, 3, 2)))
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(made, part, interrupted)
        with pytest.raises(KeyboardInterrupt):
            list(made.train(5, checkpoint=tmp_path / "kept.npz"))
    assert same(made, other)
    restored = learner(None)
    restored.load(tmp_path / "kept.npz")
    list(made.train(1)), list(other.train(1)), list(restored.train(1))
    assert same(made, other)
    assert same(made, restored)


@pytest.mark.skipif(os.name == "nt", reason="sends a signal of POSIX")
def test_ctrl_c_ends_training_and_the_checkpoint_goes_on(tmp_path):
    script = textwrap.dedent("""
        import signal, sys
        from market_py.env import System
        from market_py.learning import PPO
        # A process in the background inherits that it ignores the signal.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        learner = PPO(System.random(5), num_envs=32, num_steps=64)
        try:
            for done in learner.train(10_000, checkpoint=sys.argv[1]):
                print(done.number, flush=True)
        except KeyboardInterrupt:
            print("kept", learner.updates, flush=True)
    """)
    path = tmp_path / "kept.npz"
    with subprocess.Popen(
        [sys.executable, "-c", script, path], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline() == "0\n"
        process.send_signal(signal.SIGINT)
        *_, last = process.stdout.read().splitlines()
    restored = PPO(env.System.random(5), num_envs=32, num_steps=64)
    restored.load(path)
    assert last == f"kept {restored.updates}"
    assert [done.number for done in restored.train(1)] == [restored.updates - 1]


def test_the_policy_is_that_of_the_learner():
    made = learner(None)
    before = made.policy
    list(made.train(1))
    assert made.policy is before
    agent = MLPPolicy.from_state_dict(made.policy.state_dict(agent=1))
    seen = made.rollout().observations
    assert np.array_equal(made.policy(seen)[:, :, 1], agent(seen[:, :, 1]))


@pytest.mark.parametrize("markup", [-10, 0.0, 0.5])
def test_the_first_bids_are_as_wanted(markup):
    found = learner(None, markup=markup).evaluate(2)
    assert np.allclose(found.markups, 50 * np.tanh(markup), atol=1.5)
    assert np.allclose(found.withheld / SMALL.capacities, 0.05, atol=0.01)


def test_the_time_of_steps_is_a_part_of_that_of_training():
    made = learner(None)
    assert made.seconds_stepping == 0
    start = time.perf_counter()
    list(made.train(2))
    assert 0 < made.seconds_stepping < time.perf_counter() - start


# A bid affects the reward of its own hour only; later rewards would add noise.
FAST = {
    **{"gamma": 0.0, "learning_rate": 1e-3},
    **{"num_envs": 32, "num_steps": 48, "minibatch_size": 512},
}
SEEDS = [0, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(1, 5))]


def trained(system, seed, updates, **rules):
    made = PPO(system, seed=seed, **FAST, **rules)
    first, *_ = made.train(updates)
    return first, made.evaluate()


@pytest.mark.parametrize("seed", SEEDS)
def test_a_pivotal_generator_asks_for_all_it_may(seed):
    first, found = trained(PIVOTAL, seed, 30)
    assert first.price < 60
    assert abs(found.prices.mean() - 70) < 0.7


@pytest.mark.long
@pytest.mark.parametrize("seed", range(5))
def test_a_generator_withholds_what_raises_the_price(seed):
    first, found = trained(WITHHOLDING, seed, 180, **WITHHOLDING_RULES)
    assert first.price < 57
    assert abs(found.prices.mean() - 60) < 0.6
    # In the hour of the lowest demand the most must be withheld.
    threshold = withholding_threshold(WITHHOLDING, WITHHOLDING.demand).max()
    assert abs(found.withheld[:, :, 0].mean() - threshold) < 5


@pytest.mark.long
@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("shared", [True, False])
def test_competition_brings_the_price_down_to_the_cost(seed, shared):
    """Actors begin with a markup of 20 €/MWh; both prices end within 2 % of the cost, 20 €/MWh.

    While actions are noisy, a bid below cost is free: another one sets the price. The noise must
    vanish, and a step of Adam changes its logarithm by at most the learning rate. Shared networks
    take twelve times as many steps in an update as those of an agent alone.
    """
    changed = {} if shared else {"learning_rate": 3e-3, "minibatch_size": 128}
    markup = math.atanh(20 / 50)
    made = PPO(COMPETITION, seed=seed, shared=shared, markup=markup, **{**FAST, **changed})
    assert made.evaluate().prices.mean() > 35
    *_, last = made.train(100)
    assert abs(last.price - 20) < 0.4
    assert abs(made.evaluate().prices.mean() - 20) < 0.4
