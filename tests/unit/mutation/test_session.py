# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A whole run over a small module: what is killed, what survives, and what stops it."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from house_rules.places import ROOT

SMALL = """\
LIMIT = 3
FORMAT = "small"


def judge(number):
    if number > LIMIT:
        return "no"
    return "yes"


def never(number):
    return number


def wait(number):
    while number:
        number -= 1
    return number


def show():
    return FORMAT
"""
TESTS = """\
import pytest
import small
from hypothesis import given, strategies as st
from small import judge


@pytest.mark.parametrize(("number", "answer"), [(2, "yes"), (4, "no")])
def test_judge(number, answer):
    assert judge(number) == answer


def test_wait():
    assert small.wait(3) == 0


@given(st.just(3))
def test_drawn(number):
    assert judge(number) == "yes"


def test_a_hundred_thousand():
    assert judge(3) == "yes"
"""
# A table of functions of its own module: the new function raises the new class, which the test does not know.
TABLE = """\
class Wrong(ValueError):
    pass


def fail(number):
    raise Wrong(number)


FAILURES = {1: fail}
"""
TABLE_TESTS = """\
import pytest
import small
from small import Wrong


def test_fail():
    with pytest.raises(Wrong):
        small.FAILURES[1](2)
"""
# The program looks at our own files; this puts a folder in their place.
RUN = """\
import ast, json, sys
from pathlib import Path
from mutation import targets
targets.CPU_SECONDS, targets.TESTS = 1, (sys.argv[1],)
from mutation import __main__ as program
from mutation.mutants import mutants_of
from mutation.session import Source
program.PYTEST = (*program.PYTEST, "-c", "/dev/null", "--rootdir", sys.argv[1])
text = (Path(sys.argv[1]) / "small.py").read_text()
work = program.run([Source("small.py", "small", *mutants_of("small.py", text))])
if work:
    outcomes = [[outcome.mutant.function, outcome.mutant.change, outcome.result] for outcome in work.outcomes]
    print(json.dumps({"outcomes": outcomes, "red": work.seen.red}))
"""


def run(folder, tests=TESTS, small=SMALL):
    (folder / "small.py").write_text(small, encoding="utf-8")
    (folder / "test_small.py").write_text(tests, encoding="utf-8")
    paths = os.pathsep.join((str(folder), str(ROOT / "tests" / "architecture")))
    command = [sys.executable, "-c", RUN, str(folder)]
    env = {name: text for name, text in os.environ.items() if not name.startswith("PYTEST_")}
    done = subprocess.run(
        command, cwd=folder, env=env | {"PYTHONPATH": paths}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    return json.loads(run(tmp_path_factory.mktemp("small")).splitlines()[-1])


def test_no_test_is_red_without_a_mutant(result):
    assert result["red"] == []


@pytest.mark.parametrize(
    ("function", "change", "expected"),
    [
        ("judge", "number > LIMIT => number <= LIMIT", "killed"),
        ("judge", "'no' => 'no_mutated'", "killed"),
        ("judge", "return 'yes' => return None", "killed"),
        # A test drawn by chance and one of size would see both; they are not asked.
        ("judge", "number > LIMIT => number >= LIMIT", "survived"),
        ("(module)", "3 => 4", "killed"),
        ("(module)", "'small' => 'small_mutated'", "survived"),
        ("wait", "number -= 1 => pass", "timed out"),
        ("wait", "return number => return None", "killed"),
        ("never", "return number => return None", "no test runs it"),
    ],
)
def test_each_mutant_gets_its_result(result, function, change, expected):
    assert [entry[2] for entry in result["outcomes"] if entry[:2] == [function, change]] == [expected]


def test_every_mutant_has_a_result(result):
    assert {entry[2] for entry in result["outcomes"]} == {"killed", "survived", "timed out", "no test runs it"}


def test_a_test_that_is_red_already_is_named_and_kills_nothing(tmp_path):
    tests = "import small\n\n\ndef test_red():\n    assert small.double(2) == 5\n"
    found = json.loads(run(tmp_path, tests, "def double(number):\n    return number * 2\n").splitlines()[-1])
    assert [name.rpartition("::")[2] for name in found["red"]] == ["test_red"]
    assert {outcome for _function, _change, outcome in found["outcomes"]} == {"no test runs it"}


def test_a_test_file_that_cannot_be_imported_stops_the_run_and_is_shown(tmp_path):
    said = run(tmp_path, "import small\nimport no_such_module\n")
    assert "No module named 'no_such_module'" in said
    assert "outcomes" not in said


def test_a_module_that_cannot_be_put_in_its_own_place_stops_the_run(tmp_path):
    assert "small.py put in its own place turns a test red" in run(tmp_path, TABLE_TESTS, TABLE)
