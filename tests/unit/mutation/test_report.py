# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Figures, reasons and complaints of a run, and what the repository says of its last one."""

from __future__ import annotations

import re

import pytest
import yaml

from mutation import targets
from mutation.__main__ import complaints, main, shown
from mutation.mutants import mutants_of
from mutation.report import NO_REASON, figures, page
from mutation.session import KILLED, NOT_RUN, SURVIVED, TIMED_OUT, Outcome
from mutation.survivors import ReasonsError, parse_reasons, read_reasons

ENTRY = {"file": "a.py", "function": "f", "change": "a | b => a", "reason": "Equal,\n  because."}
TEXT = "def f(a, b):\n    x = a | b\n    y = a or b\n"


def outcomes(*results):
    """So many mutants with these results; the first one is that of ENTRY."""
    _tree, mutants = mutants_of("a.py", TEXT + "    z = a < b\n" * 20)
    return [Outcome(mutant, result) for mutant, result in zip(mutants, results, strict=False)]


def test_a_time_out_is_a_kill_and_what_no_test_runs_has_survived():
    found = figures("x", outcomes(KILLED, TIMED_OUT, SURVIVED, NOT_RUN))
    assert (found.mutants, found.killed, found.timed_out, found.percent, found.enough) == (4, 2, 1, 50.0, False)
    assert shown(found) == "x: 2 of 4 mutants killed (1 by their time-out), 50.0 %"


@pytest.mark.parametrize(("alive", "enough", "percent"), [(2, True, 90.0), (3, False, 85.0), (0, True, 100.0)])
def test_ninety_of_a_hundred_are_enough(alive, enough, percent):
    found = figures("x", outcomes(*[SURVIVED] * alive, *[KILLED] * (20 - alive)))
    assert (found.mutants, found.enough, found.percent) == (20, enough, percent)


def test_a_share_is_never_rounded_up():
    results = outcomes(SURVIVED, *[KILLED] * 17)
    assert figures("x", results).percent == 94.4
    assert figures("x", results * 100 + outcomes(KILLED) * 9000).percent == 99.0
    assert figures("x", outcomes(SURVIVED) + outcomes(KILLED) * 9999).percent == 99.9


def test_nothing_at_all_is_enough():
    assert figures("x", []).enough


def test_the_page_lists_survivors_with_line_change_and_reason():
    text = page({"Part": outcomes(SURVIVED, NOT_RUN, KILLED)}, parse_reasons([ENTRY], "r"))
    assert "| **Part** | 3 | 1 | 33.3 % |" in text
    assert "| a.py:2 | `f` | `a \\| b` to `a` | Equal, because. |" in text
    assert f"| a.py:3 | `f` | `a or b` to `a and b` | {NO_REASON} |" in text


def test_the_page_of_equal_outcomes_is_equal():
    found = outcomes(SURVIVED, NOT_RUN, KILLED)
    assert page({"Part": found}, {}) == page({"Part": found[::-1]}, {})


def test_a_part_without_survivors_says_so():
    assert page({"Part": outcomes(KILLED)}, {}).endswith("### Part\n\nNone.\n")


def test_a_run_in_which_all_is_well_has_no_complaints():
    groups = {"Part": outcomes(SURVIVED, *[KILLED] * 15)}
    assert complaints(groups, parse_reasons([ENTRY], "r"), [], ["a.py"]) == []


def test_every_kind_of_complaint_is_made():
    stale = {**ENTRY, "change": "a => b"}
    elsewhere = {**ENTRY, "file": "b.py"}
    found = complaints(
        {"Part": outcomes(NOT_RUN, KILLED)}, parse_reasons([stale, elsewhere], "r"), ["test_a"], ["a.py"]
    )
    assert found == [
        "test_a is red without a mutant",
        "Part: fewer than 90 % of the mutants are killed",
        "a.py:2 f: a | b => a: no test runs it, no reason given",
        "survivors.yml has a reason without a survivor: a.py f: a => b",
    ]


@pytest.mark.parametrize(
    ("entries", "complaint"),
    [
        (None, "r: must be a list of entries"),
        ({}, "r: must be a list of entries"),
        (["x"], "r[0]: must have the keys file, function, change, reason"),
        ([{**ENTRY, "line": 3}], "r[0]: must have the keys"),
        ([{key: ENTRY[key] for key in ("file", "function", "change")}], "r[0]: must have the keys"),
        ([{**ENTRY, "reason": " "}], "r[0]: every key must hold a text"),
        ([{**ENTRY, "change": 1}], "r[0]: every key must hold a text"),
        ([ENTRY, {**ENTRY, "reason": "Other."}], "r[1]: a second reason for the same mutant"),
    ],
)
def test_a_list_of_reasons_that_says_nothing_is_refused(entries, complaint):
    with pytest.raises(ReasonsError) as refused:
        parse_reasons(entries, "r")
    assert str(refused.value).startswith(complaint)


def test_every_reason_in_the_repository_names_a_function_under_mutation():
    files = {file for group in targets.GROUPS for file in group.files}
    functions = {
        (mutant.file, mutant.function) for file in files for mutant in mutants_of(file, targets.text_of(file))[1]
    }
    assert {(file, function) for file, function, _change in read_reasons(targets.REASONS)} <= functions


def test_the_page_in_the_repository_shows_enough_killed_and_no_survivor_without_a_reason():
    text = targets.PAGE.read_text(encoding="utf-8")
    shares = re.findall(r"^\| \*\*(.+)\*\* \| \d+ \| \d+ \| ([\d.]+) % \|$", text, re.MULTILINE)
    assert [title for title, _share in shares] == [group.title for group in targets.GROUPS]
    assert all(float(share) >= targets.MUST for _title, share in shares)
    assert NO_REASON not in text


def test_an_unusable_list_of_reasons_is_said_before_anything_runs(tmp_path, monkeypatch):
    (tmp_path / "r.yml").write_text(yaml.safe_dump([1]), encoding="utf-8")
    monkeypatch.setattr(targets, "REASONS", tmp_path / "r.yml")
    with pytest.raises(ReasonsError):
        main([])


def test_only_files_under_mutation_can_be_named(capsys):
    with pytest.raises(SystemExit):
        main(["--file", "nothing.py"])
    assert "invalid choice: 'nothing.py'" in capsys.readouterr().err
