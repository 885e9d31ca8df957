"""Runs of several machines are compared, and what users contribute is sound and impersonal."""

import io
import json
import platform
import re
import socket
import subprocess
import types
from dataclasses import asdict

import numpy as np
import pyperf
import pytest
from rich.console import Console

from helpers.project import tracked_files
from market_py.benchmark import machine, reference, settings, timing
from market_py.benchmark.report import document, machines
from market_py.benchmark.results import RaceResult, Results
from market_py.cli.compare import main
from market_py.plots.style import series_style

MOST_BYTES = 60_000
"""A quick run takes about half of them."""
PATH = re.compile(r"(^|[\s\"'=:,])(~?/|\.{1,2}/|~?\\|[A-Za-z]:\\)\w")


def raced(offers, rounds=7, **times):
    """A race in which candidates, hyphens written as underscores, took so many ns."""
    noise = np.linspace(0.99, 1.01, rounds)
    taken = {name.replace("_", "-"): value * noise for name, value in times.items()}
    first = next(iter(taken))
    race = timing.Race(offers, {**taken, first + timing.AA_SUFFIX: taken[first]})
    return RaceResult("single", "random", 1, (1,), race)


def run_of(*races, cpu="fast", **facts):
    return Results({"cpu": cpu, "cores": 2} | facts, {}, races=list(races))


def cells(table):
    return [list(row) for row in zip(*(column.cells for column in table.columns), strict=True)]


TWO = {
    "here": run_of(
        raced(5, numba=40, rust=10), raced(20, numba=40, rust=40), raced(200, numba=40, rust=80)
    ),
    "there": run_of(
        raced(5, numba=40, rust=20, numba_sort=60, rust_published=90), raced(1000, numba=40)
    ),
}


class TestTables:
    def test_ratios_are_of_the_sizes_that_two_machines_timed(self):
        first, second = cells(machines.ratios(TWO))
        assert first == ["5", "here", "4.00 [4.00, 4.00]", "", ""]
        assert second == ["5", "there", "2.00 [2.00, 2.00]", "0.67 [0.67, 0.67]", ""]

    def test_one_machine_shows_all_its_sizes(self):
        assert [row[0] for row in cells(machines.ratios({"here": TWO["here"]}))] == [
            "5", "20", "200",
        ]  # fmt: skip

    def test_the_winner_changes_where_the_verdicts_do(self):
        assert cells(machines.crossovers(TWO)) == [
            ["rust over numba", "here", "Rust to 5, numba from 200",
             "faster: 5, indistinguishable: 20, slower: 200"],
            ["rust over numba", "there", "Rust at every size", "faster: 5"],
            ["rust-published over numba-sort", "there", "numba at every size", "slower: 5"],
        ]  # fmt: skip

    @pytest.mark.parametrize(
        ("verdicts", "said"),
        [
            ("---", "indistinguishable"),
            ("fff", "Rust at every size"),
            ("-s-", "numba where they can be distinguished"),
            ("fs", "Rust to 1, numba from 2"),
            ("f-s", "Rust to 1, numba from 3"),
            ("sffss", "numba to 1, Rust from 2 to 3, numba from 4"),
            ("f-s-f", "Rust to 1, numba at 3, Rust from 5"),
        ],
    )
    def test_the_winner_in_words(self, verdicts, said):
        meant = {"f": "faster", "s": "slower", "-": "indistinguishable"}
        assert machines.winner({n: meant[it] for n, it in enumerate(verdicts, 1)}) == said

    def test_few_rounds_show_no_winner(self):
        few = run_of(raced(5, timing.MIN_ROUNDS - 1, numba=40, rust=10))
        ((*_, won, spans),) = cells(machines.crossovers({"few": few}))
        assert (won, spans) == ("indistinguishable", "indistinguishable: 5")

    def test_facts_are_those_that_there_are(self):
        found = machine.record()
        (full, bare) = cells(machines.facts({"full": Results(found, {}), "bare": run_of()}))
        assert full[:3] == ["full", found["cpu"], str(found["cores"])]
        assert found["packages"]["numba"] in full
        assert bare[:5] == ["bare", "fast", "2", "", " "]

    def test_names_that_look_like_markup_are_text(self):
        console = Console(record=True, width=200, file=io.StringIO())
        console.print(machines.facts({"[/]": run_of(cpu="[red]")}))
        assert "[/]" in (text := console.export_text())
        assert "[red]" in text


class TestPicture:
    def test_it_shows_each_machine_and_its_intervals(self):
        drawn = machines.ratios_by_machine.figure(TWO)
        above, middle, below = drawn.axes
        assert [len(axes.containers) for axes in drawn.axes] == [2, 1, 0]
        assert list(above.containers[0].lines[0].get_xdata()) == [5, 20, 200]
        assert middle.containers[0].lines[0].get_ydata() == pytest.approx([2 / 3])
        assert below.get_xscale() == above.get_yscale() == "log"
        (names,) = drawn.legends
        assert [text.get_text() for text in names.get_texts()] == ["here", "there"]

    def test_a_run_without_races_draws_nothing(self):
        drawn = machines.ratios_by_machine.figure({"none": run_of()})
        assert not any(axes.containers for axes in drawn.axes)

    def test_lines_differ_without_colour(self):
        assert len({series_style(number)[1:] for number in range(44)}) == 44


class TestCommand:
    @pytest.fixture
    def files(self, tmp_path):
        for name, run in TWO.items():
            run.save(tmp_path / f"{name}.json")
        return [str(tmp_path / f"{name}.json") for name in TWO]

    @pytest.mark.parametrize("suffix", [".svg", ".png"])
    def test_it_prints_and_draws(self, files, tmp_path, suffix, capsys):
        output = tmp_path / f"picture{suffix}"
        assert main([*files, "--output", str(output)]) == 0
        printed = capsys.readouterr().out
        for shown in ("here", "there", "4.00 [4.00, 4.00]", "Rust to 5, numba from 200", "Drawn"):
            assert shown in printed
        assert output.stat().st_size > 5_000

    def test_one_file_is_compared_with_the_reference(self, files, capsys):
        assert main(files[:1]) == 0
        printed = capsys.readouterr().out
        assert "here" in printed
        assert "reference" in printed
        assert main([str(reference.REFERENCE_FILE)] * 2) == 0
        assert "here" not in capsys.readouterr().out

    def test_runs_without_a_common_size_are_shown(self, tmp_path, capsys):
        for name, offers in (("here", 5), ("there", 7)):
            run_of(raced(offers, numpy=40)).save(tmp_path / f"{name}.json")
        assert main([str(path) for path in tmp_path.glob("*.json")]) == 0
        printed = capsys.readouterr().out
        assert "No number of offers was timed in two of these runs." in printed
        assert "None of these runs timed both languages." in printed

    def test_files_of_the_same_name_are_told_apart(self, tmp_path):
        paths = [tmp_path / folder / "run.json" for folder in "ab"]
        for path in paths:
            run_of().save(path)
        assert list(machines.load_runs(paths)) == [str(path) for path in paths]
        assert list(machines.load_runs(paths[:1] * 2)) == ["run"]

    @pytest.mark.parametrize(
        ("options", "said"),
        [
            (["absent.json"], "absent.json: No such file"),
            (["{file}", "README.md"], "README.md is not JSON"),
            (["{file}", "--output", "a.pdf"], "--output a.pdf: must end in .png or .svg"),
            (["{file}", "--output", "absent/a.png"], "No such file or directory: 'absent/a.png'"),
            (["{file}", "--output", "absent/a.svg"], "No such file or directory: 'absent/a.svg'"),
            ([], "arguments are required: FILE.json"),
        ],
    )
    def test_what_makes_no_sense_is_refused(self, options, said, files, monkeypatch, capsys):
        monkeypatch.chdir(document.REPOSITORY)
        try:
            status = main([option.format(file=files[0]) for option in options])
        except SystemExit as refused:
            status = refused.code
        assert status == 2
        (*_, sentence) = capsys.readouterr().err.splitlines()
        assert said in sentence


class TestRecord:
    def test_a_stored_run_names_no_host_user_or_path(self, tmp_path, monkeypatch):
        host, user = "host-of-somebody", "somebody"
        for name in ("USER", "LOGNAME", "USERNAME"):
            monkeypatch.setenv(name, user)
        monkeypatch.setenv("HOME", f"/home/{user}")
        monkeypatch.setattr(socket, "gethostname", lambda: host)
        monkeypatch.setattr(platform, "node", lambda: host)
        monkeypatch.setattr(platform, "release", lambda: f"6.1.0-{user}")
        # It would come along with what else pyperf knows.
        assert host in pyperf.Run([1.0], collect_metadata=True).get_metadata().values()
        path = tmp_path / "run.json"
        Results(machine.record(), asdict(settings.QUICK), races=[raced(5, numba=1)]).save(path)
        check_impersonal(path)
        assert user not in path.read_text()
        assert json.loads(path.read_text())["machine"]["release"] == "6.1.0"

    @pytest.mark.parametrize(("brand", "name"), [("Apple M2\n", "Apple M2"), ("", "arm")])
    def test_a_processor_of_apple_has_its_name(self, brand, name, monkeypatch):
        monkeypatch.setattr(platform, "system", lambda: "Darwin")
        monkeypatch.setattr(platform, "processor", lambda: "arm")
        done = types.SimpleNamespace(stdout=brand)
        monkeypatch.setattr(machine, "subprocess", types.SimpleNamespace(run=lambda *_, **__: done))
        assert machine._processor() == name

    @pytest.mark.parametrize(
        ("text", "found"),
        [("/home/a", 1), ("at ~/a", 1), ("C:\\Users", 1), ("x=/usr", 1), ("Ryzen 7 w/ Radeon", 0)],
    )
    def test_paths_are_recognised(self, text, found):
        assert bool(PATH.search(text)) == found


def texts(value):
    """All texts in plain data."""
    if isinstance(value, dict):
        return [text for pair in value.items() for it in pair for text in texts(it)]
    if isinstance(value, list):
        return [text for it in value for text in texts(it)]
    return [value] if isinstance(value, str) else []


def check_impersonal(path):
    data = json.loads(path.read_text("utf-8"))
    assert data["machine"].keys() <= machine.record().keys()
    assert data["settings"].keys() <= asdict(settings.Settings()).keys()
    assert not [text for text in texts(data) if PATH.search(text)]


def file_name(record):
    """How a contribution is named: by processor and cores."""
    cpu = re.sub(r"\((R|TM)\)|\bCPU\b|@.*", " ", record["cpu"], flags=re.IGNORECASE)
    return "-".join(re.findall(r"[a-z0-9]+", f"{cpu} {record['cores']} cores".lower()))


def check_contribution(path):
    """Check a file of `results/machines`; `Results.load` refuses races without an A/A pair."""
    results = Results.load(path)
    name = file_name(results.machine)
    assert re.fullmatch(rf"{name}(-[a-z0-9-]+)?", path.stem), f"name it {name}.json"
    assert path.stat().st_size <= MOST_BYTES, "contribute a run of --quick"
    built = results.machine["extension"]
    assert built["profile"] == "release"
    assert not built["stale"]
    sizes = {race.size for race in machines.random_races(results)}
    assert sizes >= set(settings.QUICK.sizes)
    check_impersonal(path)


class TestContributions:
    def test_each_of_them_is_sound(self):
        first, *contributed = reference.machine_files()
        check_impersonal(first)
        for path in contributed:
            check_contribution(path)

    @pytest.fixture
    def contribution(self):
        built = {"version": "0.1.0", "build": "0", "profile": "release", "stale": False}
        races = [raced(size, numba=2, rust=1) for size in settings.QUICK.sizes]
        return run_of(*races, cpu="Intel(R) Core(TM) i7 CPU @ 2.20GHz", extension=built)

    @pytest.mark.parametrize("name", ["intel-core-i7-2-cores", "intel-core-i7-2-cores-windows"])
    def test_a_sound_one_passes(self, contribution, name, tmp_path):
        contribution.save(tmp_path / f"{name}.json")
        check_contribution(tmp_path / f"{name}.json")

    @pytest.mark.parametrize(
        ("damage", "name"),
        [
            ({}, "my-laptop"),
            ({"hostname": "a"}, "intel-core-i7-2-cores"),
            ({"rustc": "/home/a/rustc"}, "intel-core-i7-2-cores"),
            ({"extension": {"profile": "debug", "stale": False}}, "intel-core-i7-2-cores"),
            ({"extension": {"profile": "release", "stale": True}}, "intel-core-i7-2-cores"),
        ],
    )
    def test_others_do_not(self, contribution, damage, name, tmp_path):
        contribution.machine |= damage
        contribution.save(tmp_path / f"{name}.json")
        with pytest.raises(AssertionError):
            check_contribution(tmp_path / f"{name}.json")

    def test_git_keeps_them_without_their_pictures(self):
        tracked_files()  # Skips where this is not a git checkout.

        def ignored(name):
            command = ["git", "check-ignore", "--no-index", f"results/machines/{name}"]
            done = subprocess.run(
                command, cwd=document.REPOSITORY, capture_output=True, check=False
            )
            if done.returncode == 128:
                pytest.skip("not a git checkout")
            return done.returncode == 0

        assert not ignored("a.json")
        assert ignored("a.png")
        assert ignored("a.svg")

    def test_they_are_on_the_page(self, contribution, monkeypatch, tmp_path, capsys):
        """Beside the reference; the picture is out of date until it shows them."""
        monkeypatch.setattr(reference, "MACHINES", tmp_path)
        contribution.save(tmp_path / "intel-core-i7-2-cores.json")
        document.show_machines(machines.crossovers)
        printed = capsys.readouterr().out
        assert "| rust over numba | intel-core-i7-2-cores | Rust at every size |" in printed
        assert "| rust over numba | reference |" in printed
        monkeypatch.setattr(document, "DOCUMENTS", (document.REPOSITORY / "README.md",))
        assert document.main(check=True) == 1
        assert "machines.svg is out of date" in capsys.readouterr().out
