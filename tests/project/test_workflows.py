"""The workflows of GitHub: pinned, and nothing in them that a Makefile does not do here too."""

import re
import subprocess
import sysconfig
from pathlib import Path

import pytest
import yaml

from helpers.project import make
from market_py.extension import REPOSITORY

FOLDER = REPOSITORY / ".github" / "workflows"
WORKFLOWS = {path.stem: yaml.safe_load(path.read_text()) for path in FOLDER.glob("*.yml")}
TARGETS = set(re.findall(r"^([a-z-]+):.*## ", (REPOSITORY / "Makefile").read_text(), re.M))
PINNED = re.compile(r"uses: [\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$")
BEFORE_MAKE = {"apk add --no-cache make"}
"""A container may bring no make."""


def jobs():
    for workflow, content in WORKFLOWS.items():
        for name, job in content["jobs"].items():
            yield pytest.param(content, job, id=f"{workflow}-{name}")


def commands(job):
    """What the steps of a job run, for each value of its matrix."""
    lines = [step["run"] for step in job.get("steps", ()) if "run" in step]
    targets = job.get("strategy", {}).get("matrix", {}).get("target", ())
    for line in lines:
        yield from [line.replace("${{ matrix.target }}", it) for it in targets] or [line]


def test_there_are_those_that_publish_and_those_that_test():
    assert WORKFLOWS.keys() == {"ci", "nightly", "pages", "wheels", "release"}


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.yml")), ids=lambda path: path.stem)
def test_actions_are_pinned_to_a_commit(path):
    for line in path.read_text().splitlines():
        if "uses:" in line and "uses: ./" not in line:
            assert PINNED.search(line), line


@pytest.mark.parametrize(("workflow", "job"), list(jobs()))
def test_each_job_may_do_little_and_ends(workflow, job):
    assert "permissions" in workflow or "permissions" in job
    assert "uses" in job or 0 < job["timeout-minutes"] <= 150


@pytest.mark.parametrize(("workflow", "job"), list(jobs()))
def test_what_runs_is_a_target_of_the_makefile(workflow, job):
    for line in commands(job):
        if line not in BEFORE_MAKE:
            verb, target, *variables = line.split()
            assert (verb, target) == ("make", target) and target in TARGETS, line
            assert all(re.fullmatch(r"[A-Z]+=\w+", it) for it in variables), line


def test_each_step_would_run_here():
    for content in WORKFLOWS.values():
        for job in content["jobs"].values():
            for line in set(commands(job)) - BEFORE_MAKE:
                planned = make("-n", *line.split()[1:])
                assert planned.returncode == 0, f"{line}: {planned.stderr}"


def test_zizmor_finds_nothing():
    tool = Path(sysconfig.get_path("scripts"), "zizmor")
    command = [tool, "--offline", "--quiet", REPOSITORY / ".github"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
