"""Test what is timed, saved and reported, never which candidate is faster."""

import io
import itertools
import json
import types
from dataclasses import asdict, replace

import numpy as np
import pyperf
import pytest
from rich.console import Console

import market_py
from market_py import registry
from market_py.benchmark import alternatives, confirm, inputs, machine, plan, settings, timing
from market_py.benchmark.agreement import verify_markets
from market_py.benchmark.baselines import baselines
from market_py.benchmark.cases import clearing, learning
from market_py.benchmark.report import tables
from market_py.benchmark.report.picture import save_pictures
from market_py.benchmark.results import (
    KINDS,
    TITLES,
    RaceResult,
    Results,
    StudyResult,
    Unreadable,
)
from market_py.benchmark.run import run
from market_py.cli.bench import main
from market_py.reliability import rts79


def size_of(name, offers=50):
    return inputs.DISTRIBUTIONS[name].offers or offers


class TestInputs:
    @pytest.mark.parametrize("name", inputs.DISTRIBUTIONS)
    def test_they_are_markets_and_reproducible(self, name):
        offers = size_of(name)
        markets = inputs.make_markets(name, offers, seed=3, distinct=20)
        assert len(markets) == 20
        for bids, quantities, demand in markets:
            assert bids.shape == quantities.shape == (offers,)
            assert np.isfinite(bids).all()
            assert (quantities >= 0).all()
            assert 0 < demand <= quantities.sum() * (1 + 1e-12)
            assert type(demand) is float
            # As compiled code takes them.
            assert bids.flags.carray
        again = inputs.make_markets(name, offers, seed=3, distinct=20)
        other = inputs.make_markets(name, offers, seed=4, distinct=20)
        for one, same, different in zip(markets, again, other, strict=True):
            assert np.array_equal(one[0], same[0])
            assert np.array_equal(one[1], same[1])
            assert one[2] == same[2]
            assert one[2] != different[2] or not np.array_equal(one[0], different[0])

    @pytest.mark.parametrize("name", inputs.DISTRIBUTIONS)
    def test_inputs_are_distinct_unless_repeated(self, name):
        markets = inputs.make_markets(name, size_of(name))
        assert len(markets) == inputs.DISTINCT
        different = {(tuple(bids), tuple(quantities), d) for bids, quantities, d in markets}
        assert len(different) == (1 if name == "repeated" else inputs.DISTINCT)

    def test_they_do_what_they_say(self):
        def made(name):
            return inputs.make_markets(name, 200, distinct=20)

        assert all((np.diff(bids) > 0).all() for bids, _, _ in made("sorted"))
        assert all((np.diff(bids) < 0).all() for bids, _, _ in made("reversed"))
        assert all(len(set(bids)) == 1 for bids, _, _ in made("equal"))
        assert all(len(set(bids)) == 2 for bids, _, _ in made("two levels"))
        assert all(2 < len(set(bids)) <= 8 for bids, _, _ in made("few levels"))
        for _, quantities, _ in made("one huge offer"):
            assert np.sum(quantities > 1e5) == 1
        for bids, _, _ in made("wide"):
            assert bids.min() < -1e100
            assert bids.max() > 1e100
            assert np.abs(bids).min() < 1e-100
        (bids, quantities, demand), *others = made("same order")
        for own_bids, own_quantities, own_demand in others:
            assert np.array_equal(np.argsort(own_bids), np.argsort(bids))
            assert not np.array_equal(own_bids, bids)
            assert np.array_equal(own_quantities, quantities)
            assert not np.shares_memory(own_quantities, quantities)
            assert own_demand == demand
        for bids, quantities, demand in made("boundary"):
            assert demand in np.cumsum(quantities[np.argsort(bids)])

    def test_the_rts79_has_outages_and_one_size(self):
        markets = inputs.make_markets("rts79", 32)
        capacities = np.array([unit.capacity for unit in rts79.UNITS])
        out = np.array([quantities == 0 for _, quantities, _ in markets])
        assert 0 < out.mean() < 0.15
        for _, quantities, _ in markets:
            assert set(quantities / capacities) <= {0.0, 1.0}
        with pytest.raises(ValueError, match="rts79 has 32 offers, not 50"):
            inputs.make_markets("rts79", 50)
        with pytest.raises(ValueError, match="distribution 'round': must be one of 'random'"):
            inputs.make_markets("round", 50)

    def test_the_backends_clear_all_of_them_alike(self):
        for name in inputs.DISTRIBUTIONS:
            names = [name for name in market_py.available_backends() if name != "python"]
            markets = inputs.make_markets(name, size_of(name, 20), distinct=20)
            verify_markets(registry.get_candidates(names), markets)

    def test_large_inputs_are_fewer(self):
        for offers in (5, 10_000, 100_000, 1_000_000, 100_000_000):
            number = inputs.distinct_inputs(offers)
            size = number * offers * 16
            assert inputs.FEWEST <= number <= inputs.DISTINCT
            assert size <= inputs.MOST_BYTES or number == inputs.FEWEST

    def test_batches(self):
        own, shared = (
            inputs.make_batches(name, 100, distinct=2) for name in inputs.BATCH_DISTRIBUTIONS
        )
        assert [array.shape for array in own[0]] == [(100, 32), (100, 32), (100,)]
        assert [array.shape for array in shared[0]] == [(32,), (100, 32), (100,)]
        assert not np.array_equal(own[0][1], own[1][1])
        clears = registry.get_batch_candidates()
        assert {"numba-sort", "numba"} <= set(clears)
        # Random markets have no ties: the looped variant agrees, too.
        verify_markets({name: clearing.on_threads(clear, 1) for name, clear in clears.items()}, own)


class TestCandidates:
    def test_names_mix_variants_and_backends_in_order(self):
        assert list(registry.get_candidates(["numpy", "numba-sort"])) == ["numpy", "numba-sort"]
        assert list(registry.get_batch_candidates(["numpy", "numba-sort"])) == [
            "numpy",
            "numba-sort",
        ]
        with pytest.raises(ValueError, match="'c' is neither a variant nor a backend"):
            registry.get_candidates(["numpy", "c"])
        with pytest.raises(ValueError, match="'c' is neither a variant nor a backend"):
            registry.get_batch_candidates(["c"])

    def test_the_looped_variant_clears_each_row_as_the_single_one(self):
        single, batch = (
            ask(["numba-sort"])["numba-sort"]
            for ask in (registry.get_candidates, registry.get_batch_candidates)
        )
        for name in inputs.BATCH_DISTRIBUTIONS:
            ((bids, quantities, demands),) = inputs.make_batches(name, 30, distinct=1)
            prices, dispatch = batch(bids, quantities, demands, 1)
            for row in range(30):
                own = bids if bids.ndim == 1 else bids[row]
                price, accepted = single(own, quantities[row], demands[row])
                assert prices[row] == price
                assert np.array_equal(dispatch[row], accepted)

    def test_batches_have_other_sizes_too(self):
        ((bids, quantities, demands),) = inputs.make_batches("own bids", 5, 0, 1, offers=7)
        assert bids.shape == quantities.shape == (5, 7)
        assert (demands < quantities.sum(axis=1)).all()
        ((bids, quantities, demands),) = inputs.make_batches("shared bids", 5, 0, 1, offers=64)
        assert (bids.shape, quantities.shape, demands.shape) == ((64,), (5, 64), (5,))
        assert np.array_equal(bids[:32], bids[32:])
        assert not np.array_equal(quantities[:, :32], quantities[:, 32:])
        with pytest.raises(ValueError, match="no multiple"):
            inputs.make_batches("shared bids", 5, 0, 1, offers=33)

    @pytest.mark.parametrize("shape", [(7,), (3, 7)])
    @pytest.mark.parametrize("shared", [False, True])
    def test_one_pass_reads_both_and_writes_one(self, shape, shared, monkeypatch):
        quantities = np.arange(np.prod(shape), dtype=float).reshape(shape)
        bids = np.full(7, 10.0) if shared else np.full(shape, 10.0)
        written = []
        monkeypatch.setattr(np, "empty_like", lambda like: written.append(like * 0) or written[0])
        baselines((bids, quantities, 1.0))
        assert np.array_equal(written[0], quantities + 10)


def raced(kind="single", distribution="random", offers=5, **times):
    """A race in which candidates, their spaces as underscores, took so many ns, more or less."""
    noise = np.linspace(0.99, 1.01, 5)
    rounds = {name.replace("_", " "): value * noise for name, value in times.items()}
    first = next(iter(rounds))
    race = timing.Race(
        offers, {**rounds, first + timing.AA_SUFFIX: rounds[first]}, 256, {first: 1.5}, {first: 0}
    )
    return RaceResult(kind, distribution, 1, (1,), race)


def results(*races):
    return Results(machine.record(), asdict(settings.Settings()), races=list(races))


class TestResults:
    def test_they_survive_a_round_trip(self, tmp_path):
        before = results(raced(numba=100.0 / 3, rust=20.0), raced("batch", "own bids", 32, rust=7))
        before.studied = [StudyResult("rust", 2, 1, 10, 0.5, (9.4, 0.1), (1176.0, 10.0))]
        before.confirmed = [confirm.Confirmation(5, "rust", 1e-6, 1e-8, 3.0)]
        before.save(tmp_path / "run.json")
        after = Results.load(tmp_path / "run.json")
        assert (after.studied[0].years, after.confirmed) == (10, before.confirmed)
        assert (after.time, after.machine) == (before.time, before.machine)
        assert after.settings == json.loads(json.dumps(before.settings))
        assert [entry.key for entry in after.races] == [entry.key for entry in before.races]
        for one, other in zip(before.races, after.races, strict=True):
            assert one.race.first_call_seconds == other.race.first_call_seconds
            assert one.race.disagreements == other.race.disagreements
            assert np.array_equal(one.race.rounds["rust"], other.race.rounds["rust"])
        assert list(tmp_path.iterdir()) == [tmp_path / "run.json"]

    def test_a_failed_save_leaves_the_last_one(self, tmp_path):
        path = tmp_path / "run.json"
        good = results(raced(rust=20.0))
        good.save(path)
        before = path.read_bytes()
        good.settings["unwritable"] = object()
        with pytest.raises(TypeError):
            good.save(path)
        assert path.read_bytes() == before
        assert list(tmp_path.iterdir()) == [path]

    @pytest.mark.parametrize(
        ("damage", "said"),
        [
            (lambda text: text[: len(text) // 2], "is not JSON"),
            (lambda text: "[1, 2]", "holds no results"),
            (lambda text: "{}", "holds no results"),
            (lambda text: text.replace('"schema": 3', '"schema": 99'), "has schema 99; 3 can be"),
            (lambda text: text.replace('"races"', '"rages"'), "is damaged: KeyError: 'races'"),
            (lambda text: text.replace('"single"', '"double"'), "is damaged: .*kind 'double'"),
            (lambda text: text.replace("19.8", '"x"'), "is damaged: ValueError"),
            (lambda text: text.replace("numba (again)", "b"), "is damaged: .*without an A/A pair"),
            (lambda text: text.replace("19.8,", ""), "rounds that are not as many positive"),
            (lambda text: text.replace("19.8", "-19.8"), "rounds that are not as many positive"),
        ],
    )
    def test_damaged_files_are_refused(self, damage, said, tmp_path):
        path = tmp_path / "run.json"
        results(raced(numba=50.0, rust=20.0)).save(path)
        damaged = damage(path.read_text())
        assert damaged != path.read_text()
        path.write_text(damaged)
        with pytest.raises(Unreadable, match=said):
            Results.load(path)
        assert main(["--plot", str(path)]) == 2

    def test_the_machine_is_described_without_naming_it(self):
        record = machine.record()
        json.dumps(record)
        assert record["cores"] >= 1
        assert record["packages"]["numpy"] == np.__version__
        assert record["extension"] is None or record["extension"]["profile"] == "release"
        assert "hostname" not in record
        assert machine.differences(record, record) == []
        (different,) = machine.differences(record, {**record, "cores": 1000})
        assert different.startswith("cores: ")
        # A newer package is what one compares.
        assert machine.differences(record, {**record, "packages": {}}) == []


SMALL = replace(
    settings.QUICK,
    sizes=(5, 20),
    repeated_sizes=(5,),
    distribution_sizes=(20,),
    distributions=("sorted", "equal"),
    batch_markets=50,
    capacity=1000,
    thread_years=3,
    cluster_years=3,
    rollout_hours=4,
    rounds=2,
    sample_seconds=1e-4,
    threads=(1, 2),
)


class TestRun:
    @pytest.mark.long
    def test_every_section_is_timed_kept_and_shown(self, tmp_path, monkeypatch):
        monkeypatch.setattr(timing, "WARM_UP_SECONDS", 1e-4)
        found, path = results(), tmp_path / "run.json"
        cases = plan.make_cases(replace(SMALL, kinds=settings.SECTIONS, years=3, seeds=(1, 2)))
        ticks = []
        assert run(found, cases, path, progress=ticks.append)
        assert len(ticks) == sum(case.rounds for case in cases)
        kept = Results.load(path)
        assert {entry.kind for entry in kept.races} == set(KINDS)
        assert kept.studied == found.studied
        compiled = [name for name in ("rust", "numba") if name in registry.available_backends()]
        # The first seed on one thread and on two, the second on two.
        assert [(study.backend, study.threads, study.seed) for study in kept.studied] == [
            (name, *run) for name in compiled for run in ((1, 1), (2, 1), (2, 2))
        ]
        for one, other in itertools.pairwise(kept.studied):
            if (one.backend, one.seed) == (other.backend, other.seed):
                assert one.loss_of_load == other.loss_of_load
        batch = kept.find("batch", "own bids", 32)
        assert {"numba-sort", "numba", "numba, 2 threads", "one pass"} <= set(batch.rounds)
        assert kept.find("repeated", "repeated", 5).distinct == 1
        assert kept.find("ladder", "random", 200).candidates == list(registry.get_candidates())
        # Frozen variants differ where units of the RTS-79 cost the same.
        assert kept.find("batch", "shared bids", 32).disagreements["numba-sort"] > 0
        console = Console(width=200, record=True, file=io.StringIO())
        for shown in tables.report(kept):
            console.print(shown)
        text = console.export_text()
        assert "shared bids, N = 32: numba-sort on" in text
        assert all(title in text for title in TITLES.values())
        assert "every hour of every year cleared" in text
        assert "Replay buffers and policy inference" in text
        assert "numpy-take" in kept.find("replay", "uniform sample", 256).candidates
        assert kept.find("policy", "tanh", 4096).candidates[0] == "numpy"
        assert kept.find("ppo", "update, shared", 2560).candidates[0] == "numpy"
        assert [it.suffix for it in save_pictures(kept, path)] == [".png", ".svg"]
        assert save_pictures(results(), tmp_path / "none.json") == []

    def test_an_interrupt_between_rounds_keeps_what_was_finished(self, tmp_path):
        found, path = results(), tmp_path / "run.json"
        cases = plan.make_cases(replace(SMALL, kinds=("single",), rounds=3))

        def interrupt(case):
            ticks.append(case)
            if len(ticks) == 5:
                raise KeyboardInterrupt

        ticks = []
        assert not run(found, cases, path, progress=interrupt)
        assert [entry.race.finished for entry in Results.load(path).races] == [3, 2]

    def test_a_disagreement_of_backends_ends_the_run(self, tmp_path, monkeypatch, capsys):
        def wrong(bids, quantities, demand):
            return 0.0, quantities

        def get_candidates(names=None):
            return {"numba-sort": wrong, "numpy": market_py.get_backend("numpy").market_clearing}

        monkeypatch.setattr(registry, "get_candidates", get_candidates)
        cases = plan.make_cases(replace(SMALL, kinds=("single",), sizes=(5,)))
        with pytest.raises(timing.Disagreement):
            run(results(), cases, tmp_path / "run.json")
        path = tmp_path / "other.json"
        assert main(["--only", "single", "--sizes", "5", "--output", str(path)]) == 1
        said = capsys.readouterr().err
        assert "numba-sort and numpy clear this market differently" in said
        assert "This is a bug. No round was complete." in said


class TestAlternatives:
    def test_who_draws_what_was_not_stored_is_refused(self):
        transitions = learning._transitions(1000, np.random.default_rng(0))

        def draw(number):
            return tuple(part[:number] for part in transitions)

        def torn(number):
            observations, *others = draw(number)
            return observations[::-1], *others

        def endless(number):
            return *draw(number)[:4], np.zeros(number, bool)

        learning._drawing("right", draw, 16)
        with pytest.raises(timing.Disagreement, match="torn draws what was not stored"):
            learning._drawing("torn", torn, 16)
        with pytest.raises(timing.Disagreement, match="endless loses the ends of episodes"):
            learning._drawing("endless", endless, 16)

    @pytest.mark.parametrize("rows", learning.ROWS)
    def test_policies_answer_alike(self, rows):
        setup = learning.policy_case(rows).set_up(0)
        assert {"numpy", "numba"} <= set(setup.candidates)
        assert not any(setup.verify(setup.candidates, setup.inputs[:3]).values())

        def wrong(observations):
            return setup.candidates["numpy"](observations) + 2 * learning.TOLERANCE

        with pytest.raises(timing.Disagreement, match="numpy and wrong answer differently"):
            setup.verify({**setup.candidates, "wrong": wrong}, setup.inputs[:3])

    @pytest.mark.parametrize("call", [learning.UNIFORM, learning.PRIORITISED, learning.UPDATE])
    def test_every_alternative_that_is_installed_does_the_same_work(self, call):
        case = learning.replay_case(call, 1000, drawn=32, rounds=2, sample_seconds=1e-4)
        race = case.race()
        known = {"sb3": "stable_baselines3", "cpprb": "cpprb", "tianshou": "tianshou"}
        there = {name for name, module in known.items() if alternatives.has(module)}
        there -= set() if call == learning.UNIFORM else {"sb3"}
        ours = [name for name in ("numpy", "rust") if name in market_py.available_backends()]
        assert there | set(ours) <= set(race.candidates)
        assert race.candidates[-len(ours) :] == ours
        assert race.distinct == inputs.DISTINCT

    def test_a_buffer_without_priorities_says_so(self):
        transitions = learning._transitions(10, np.random.default_rng(0))
        for _, update in alternatives.buffers(transitions, prioritised=False).values():
            with pytest.raises(TypeError, match="no priorities"):
                update([0], [1.0])


class TestPlan:
    def cases(self, **changes):
        return plan.make_cases(replace(settings.Settings(), **changes))

    def candidates(self, case):
        return set(case.set_up(0).candidates)

    def test_large_markets_are_for_the_fast(self):
        cases = self.cases(kinds=("single",), sizes=(10_000, 100_000))
        few, many = map(self.candidates, cases)
        assert "rust-naive" in few or "rust" not in market_py.available_backends()
        assert "rust-naive" not in many
        assert "numba-sort" in many

    def test_random_inputs_are_always_there_to_compare_with(self):
        cases = self.cases(
            kinds=("distributions",), distributions=("wide", "rts79"), distribution_sizes=(20, 50)
        )
        found = [(case.distribution, case.size) for case in cases]
        assert found == [
            ("random", 20), ("wide", 20), ("random", 50), ("wide", 50), ("rts79", 32),
        ]  # fmt: skip

    def test_chosen_names_are_timed_everywhere(self):
        cases = self.cases(
            variants=("python", "numba-sort"),
            kinds=("single", "ladder", "distributions"),
            sizes=(5,),
            distribution_sizes=(5,),
        )
        for case in cases:
            assert self.candidates(case) == {"python", "numba-sort"}
        batch, _, other_size = self.cases(
            variants=("numba-keys", "numpy", "numba-sort"),
            kinds=("batch",),
            batch_markets=5,
            batch_sizes=(7,),
            threads=(1, 3),
        )
        # A variant clears batches on one thread, if it clears them at all.
        assert self.candidates(batch) == {"numpy", "numpy, 3 threads", "numba-sort"}
        assert other_size.size == 7
        assert self.candidates(other_size) == {"numpy", "numpy, 3 threads"}

    def test_variants_may_differ_only_where_the_contract_does(self):
        cases = self.cases(
            variants=("numba-sort", "numpy"),
            kinds=("distributions", "batch"),
            distribution_sizes=(5,),
            batch_markets=5,
        )
        may = {case.distribution: case.set_up(0).verify.keywords["may_differ"] for case in cases}
        assert may["equal"] == may["boundary"] == may["shared bids"] == registry.VARIANTS
        assert may["random"] == may["wide"] == may["own bids"] == ()

    def test_the_seed_makes_the_inputs(self):
        (one,) = self.cases(kinds=("single",), sizes=(5,), seed=1)
        (other,) = self.cases(kinds=("single",), sizes=(5,), seed=2)
        assert one.seed == 1
        markets = [case.set_up(case.seed).inputs for case in (one, one, other)]
        assert np.array_equal(markets[0][0][0], markets[1][0][0])
        assert not np.array_equal(markets[0][0][0], markets[2][0][0])


def measured(label, seconds):
    """What pyperf keeps of two processes with two values each."""
    options = {"metadata": {"name": label}, "collect_metadata": False}
    return pyperf.Benchmark([pyperf.Run([seconds] * 2, **options) for _ in range(2)])


def test_fresh_processes_confirm(monkeypatch):
    asked = []

    def simulated(command, **options):
        asked.append(command)
        setup = command[command.index("--setup") + 1]
        seconds = 4e-6 if "numba-sort" in setup else 2e-6
        measured("a call", seconds).dump(command[command.index("--output") + 1])
        return types.SimpleNamespace(returncode=0)

    monkeypatch.setattr(confirm, "subprocess", types.SimpleNamespace(run=simulated))
    reference, numba, *_ = lines = confirm.confirm()
    assert asked[0][1:4] == ["-m", "pyperf", "timeit"]
    usable = {*registry.available_variants(), *market_py.available_backends()}
    expected = len(confirm.CONFIRMED_SIZES) * len(usable & set(confirm.CONFIRMED_NAMES))
    assert len(asked) == len(lines) == expected
    assert (reference.name, reference.mean, reference.ratio) == ("numba-sort", 4e-6, None)
    assert (numba.offers, numba.deviation, numba.ratio) == (5, 0.0, 2.0)
    found = results(raced(numba_sort=1000.0))
    found.confirmed = lines
    assert tables.confirmed(found).row_count == len(lines)


@pytest.mark.long
def test_pyperf_measures_the_headline_figures():
    found = confirm.confirm(("--processes=1", "--values=2", "--min-time=0.001", "--copy-env"))
    assert all(1e-8 < line.mean < 1e-3 for line in found)


def test_a_failure_of_pyperf_is_told():
    with pytest.raises(RuntimeError, match="unrecognized arguments: --no-such-option"):
        confirm.confirm(("--no-such-option",))
