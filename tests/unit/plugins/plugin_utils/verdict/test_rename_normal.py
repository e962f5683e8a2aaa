# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Normalising: the newest version wins, and what cannot be proved stays as it is."""

from __future__ import annotations

import pytest
from ansible_collections.winops.patching.plugins.plugin_utils._verdict.rename_analysis.normal import normalise
from ansible_collections.winops.patching.tests.unit.plugins.plugin_utils.verdict.renames import (
    NT,
    delete,
    move,
    versions,
)

FIRST, SECOND = "PendingFileRenameOperations", "PendingFileRenameOperations2"


def test_seed_004_the_entry_of_the_vulnerable_0_2_goes_and_0_3_stays():
    queue = [*move(r"C:\a", r"C:\t"), *delete(r"C:\x"), *move(r"C:\b", r"C:\t")]
    found = normalise(queue, versions(a="0.3", b="0.2", t="0.1", x="1"))
    assert found.values == {FIRST: (*move(r"C:\a", r"C:\t"), *delete(r"C:\x"))}
    assert [(entry["index"], entry["version"]) for entry in found.dropped] == [(2, "0.2")]
    assert found.before == {FIRST: tuple(queue)}
    assert (found.refused, found.changed) == ((), True)


def test_of_equal_versions_the_last_one_stays():
    found = normalise([*move(r"C:\a", r"C:\t"), *move(r"C:\b", r"C:\t")], versions(a="2", b="2.0", t="1"))
    assert [entry["source"] for entry in found.dropped] == [r"C:\a"]


def test_a_value_that_loses_its_last_entry_is_left_empty():
    queues = {FIRST: move(r"C:\a", r"C:\t"), SECOND: move(r"C:\b", r"C:\t")}
    found = normalise(queues, versions(a="2", b="1", t="1"))
    assert found.values == {SECOND: ()}


def test_a_queue_without_conflicts_is_not_touched():
    found = normalise([*move(r"C:\a", r"C:\t"), *delete(r"C:\x")], {})
    assert (found.changed, found.dropped, found.refused) == (False, (), ())


def test_what_is_older_than_the_disk_is_left_to_people():
    found = normalise([*move(r"C:\a", r"C:\t"), *move(r"C:\b", r"C:\t")], versions(a="2", b="1", t="9"))
    assert [entry["source"] for entry in found.dropped] == [r"C:\b"]


TWO = [*move(r"C:\a", r"C:\t"), *move(r"C:\b", r"C:\t")]


@pytest.mark.parametrize(
    ("queue", "files", "reason"),
    [
        (TWO, {}, "is not certain to be carried out"),
        (TWO, versions(a="2", b=None, t="1"), "the file is not there"),
        (TWO, {**versions(a="2", t="1"), r"C:\b": {"version": None}}, "it has no version"),
        ([*TWO, *delete(r"C:\t")], versions(a="2", b="1", t="1"), "after it was put there"),
        ([*TWO, *move(r"C:\t", r"C:\u")], versions(a="2", b="1", t="1", u="1"), "after it was put there"),
        ([*move(r"C:\a", r"C:\t"), *delete(r"C:\t"), *move(r"C:\b", r"C:\t")], versions(a="2", b="1", t="1"), "after"),
        ([*move(r"C:\z", r"C:\a"), *TWO], versions(z="3", a="2", b="1", t="1"), "is named by another entry too"),
        (
            [*move(r"C:\a", r"C:\t"), *move(r"C:\b", r"C:\t", replace=False)],
            versions(a="2", b="3", t="1"),
            "the target exists",
        ),
        ([*TWO, NT + r"C:\odd"], versions(a="2", b="1", t="1"), "an odd number"),
        ([1], {}, "must be text"),
        ({"state": "denied"}, {}, "access denied"),
        (TWO, 7, "files: must be a mapping"),
    ],
)
def test_what_cannot_be_proved_is_refused_with_its_reason_and_stays(queue, files, reason):
    found = normalise(queue, files)
    assert (found.values, found.dropped) == ({}, ())
    assert any(reason in entry["reason"] for entry in found.refused), found.refused


def test_one_refused_target_does_not_keep_another_from_being_put_right():
    queue = [*TWO, *move(r"C:\c", r"C:\u"), *move(r"C:\d", r"C:\u")]
    found = normalise(queue, versions(a="2", b="1", t="1", c="1", d="2"))
    assert [entry["source"] for entry in found.dropped] == [r"C:\b", r"C:\c"]
    files = {**versions(a="2", b="1", t="1", c="1"), r"C:\d": {"version": None}}
    found = normalise(queue, files)
    assert [entry["source"] for entry in found.dropped] == [r"C:\b"]
    assert [entry["target"] for entry in found.refused] == [r"C:\u"]
