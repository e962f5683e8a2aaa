# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which version will a file be after the boot, and by which entry?"""

from __future__ import annotations

import pytest
from ansible_collections.winops.patching.plugins.plugin_utils._verdict.rename_analysis.pending_version import (
    involved_paths,
    pending_versions,
)
from ansible_collections.winops.patching.plugins.plugin_utils._verdict.rename_analysis.queues import read_queues
from ansible_collections.winops.patching.tests.unit.plugins.plugin_utils.verdict.renames import delete, move, versions

CLBCATQ = r"C:\WINDOWS\system32\clbcatq.dll"
SET31 = r"C:\WINDOWS\system32\SET31.tmp"


def one(queue, files, path):
    """What becomes of one path, as published."""
    (found,) = pending_versions(queue, files, [path])
    return found.as_dict()


def test_seed_000_clbcatq_dll_is_9_now_and_will_be_set31_tmp_of_version_10():
    files = {SET31: {"version": "10.0.0.0"}, CLBCATQ: {"version": "9.0.0.0"}}
    found = one(move(SET31, CLBCATQ), files, r"c:\windows\System32\clbcatq.dll")
    assert (found["after_boot"], found["on_disk_version"], found["pending_version"]) == (
        "replaced",
        "9.0.0.0",
        "10.0.0.0",
    )
    assert found["pending_source"] == SET31
    assert (found["by"]["queue"], found["by"]["index"], found["by"]["operation"]) == (
        "pending_file_rename",
        0,
        "replace",
    )
    assert "is 9.0.0.0 and will be 10.0.0.0 after the boot by entry 1" in found["sentence"]


@pytest.mark.parametrize(
    ("queue", "files", "after_boot", "version", "words"),
    [
        ([], versions(t="1"), "unchanged", "1", "stays 1: no entry changes it"),
        ([], versions(t=None), "absent", None, "is not there, and will not be"),
        (move(r"C:\s", r"C:\t"), versions(s="2", t=None), "created", "2", "is not there and will be 2"),
        (delete(r"C:\t"), versions(t="1"), "deleted", None, "will be deleted by entry 1"),
        (move(r"C:\t", r"C:\u"), versions(t="1", u="1"), "moved", None, "renamed to something else"),
        (move(r"C:\s", r"C:\t", replace=False), versions(s="2", t="1"), "unchanged", "1", "entry 1 will fail"),
        ([*move(r"C:\s", r"C:\t"), *delete(r"C:\t")], versions(s="2", t=None), "absent", None, "will not be"),
    ],
)
def test_what_becomes_of_a_file(queue, files, after_boot, version, words):
    found = one(queue, files, r"C:\t")
    assert (found["after_boot"], found["pending_version"]) == (after_boot, version)
    assert words in found["sentence"]
    assert found["reason"] is None


@pytest.mark.parametrize(
    ("queue", "files", "after_boot", "reason"),
    [
        ([], {}, "unknown", "it was not looked at"),
        (move(r"C:\s", r"C:\t"), versions(t="1"), "unknown", "is not known: it was not looked at"),
        (
            move(r"C:\s", r"C:\t"),
            {r"C:\s": {"version": None}, r"C:\t": {"version": "1"}},
            "replaced",
            "it has no version",
        ),
        ({"state": "denied"}, versions(t="1"), "unknown", "access denied"),
        ([r"\??\C:\x"], versions(t="1"), "unknown", "an odd number"),
    ],
)
def test_what_is_not_known_of_a_file_is_said(queue, files, after_boot, reason):
    found = one(queue, files, r"C:\t")
    assert (found["after_boot"], found["pending_version"]) == (after_boot, None)
    assert reason in found["reason"]


def test_a_short_name_in_the_queue_that_may_be_the_file_leaves_it_unknown():
    files = {**versions(s="2"), r"C:\Program Files\a.dll": {"version": "1"}}
    found = one(move(r"C:\s", r"C:\PROGRA~1\a.dll"), files, r"C:\Program Files\a.dll")
    assert (found["after_boot"], found["pending_version"]) == ("unknown", None)


def test_the_files_that_lead_to_a_path_are_found_along_the_whole_way():
    queue = read_queues([*move(r"C:\a", r"C:\b"), *move(r"C:\x", r"C:\y"), *move(r"C:\b", r"C:\t")])
    assert involved_paths(queue, [r"c:\T"]) == [r"c:\T", r"C:\a", r"C:\b"]
