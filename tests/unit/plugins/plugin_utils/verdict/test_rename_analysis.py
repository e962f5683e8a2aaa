# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The rename queue, carried out on paper: what becomes older, what fails, what is lost, and what nobody knows."""

from __future__ import annotations

import pytest
from ansible_collections.winops.patching.plugins.plugin_utils._verdict.rename_analysis.analysis import analyse
from ansible_collections.winops.patching.tests.unit.plugins.plugin_utils.evidence.documents import (
    document,
    ok,
    refused,
    value,
)
from ansible_collections.winops.patching.tests.unit.plugins.plugin_utils.verdict.renames import (
    NT,
    delete,
    move,
    paper,
    versions,
)
from ansible_collections.winops.patching.tests.unit.work import bounded_work

FILE_A = r"C:\App\File_A"
SEED_004 = [*move(r"C:\fix1\File_A", FILE_A), *move(r"C:\fix2\File_A", FILE_A)]
SEED_004_FILES = {
    r"C:\fix1\File_A": {"version": "0.3"},
    r"C:\fix2\File_A": {"version": "0.2"},
    FILE_A: {"version": "0.1"},
}


def test_seed_004_file_a_is_replaced_by_0_3_and_then_by_the_vulnerable_0_2():
    found = paper(SEED_004, SEED_004_FILES)
    assert found["state"] == "risky"
    (older,) = found["downgrades"]
    assert (older["kind"], older["target"], older["final_version"], older["newer_version"]) == (
        "A",
        FILE_A,
        "0.2",
        "0.3",
    )
    target = found["targets"][FILE_A]
    assert (target["final_source"], target["final_version"], target["on_disk_version"]) == (
        r"C:\fix2\File_A",
        "0.2",
        "0.1",
    )
    assert [entry["versions"] for entry in found["conflicts"]] == [["0.3", "0.2"]]
    assert "becomes 0.2" in found["sentence"]


def test_the_other_order_is_a_conflict_that_does_no_harm():
    found = paper([*SEED_004[2:], *SEED_004[:2]], SEED_004_FILES)
    assert (found["state"], found["downgrades"], len(found["conflicts"])) == ("clean", [], 1)
    assert found["targets"][FILE_A]["final_version"] == "0.3"


def test_an_entry_older_than_what_is_on_the_disk_is_downgrade_b():
    found = paper(move(r"C:\s", r"C:\t"), versions(s="8.0", t="12.0"))
    assert [(entry["kind"], entry["final_version"], entry["newer_version"]) for entry in found["downgrades"]] == [
        ("B", "8.0", "12.0")
    ]
    assert found["state"] == "risky"


def test_a_third_entry_that_brings_the_newest_again_is_no_downgrade():
    queue = [*move(r"C:\a", r"C:\t"), *move(r"C:\b", r"C:\t"), *move(r"C:\c", r"C:\t")]
    assert paper(queue, versions(a="3", b="2", c="4", t="1"))["downgrades"] == []


def test_versions_are_compared_as_numbers_and_trailing_zeros_do_not_count():
    assert paper(move(r"C:\s", r"C:\t"), versions(s="10.0", t="9.9.9"))["state"] == "clean"
    assert paper(move(r"C:\s", r"C:\t"), versions(s="10.0.0.0", t="10"))["state"] == "clean"
    assert paper(move(r"C:\s", r"C:\t"), versions(s="10.9", t="10.10"))["downgrades"]


def test_both_values_are_one_queue_and_the_second_comes_after_the_first():
    both = {"PendingFileRenameOperations": SEED_004[2:], "PendingFileRenameOperations2": SEED_004[:2]}
    found = analyse(both, SEED_004_FILES).as_dict()
    assert found["targets"][FILE_A]["final_version"] == "0.3"
    assert [entry["queue"] for entry in found["entries"]] == ["pending_file_rename", "pending_file_rename_2"]


@pytest.mark.parametrize(
    ("queue", "files", "because"),
    [
        (move(r"C:\s", r"C:\t"), versions(s=None, t="1"), "the file is not there"),
        (move(r"C:\s", r"C:\t", replace=False), versions(s="1", t="1"), "does not say to replace it"),
        (move(r"UNC\server\share\s", r"C:\t"), versions(t="1"), "lies on a share"),
        (move(r"C:\s", r"\\server\share\t"), versions(s="1"), "lies on a share"),
        ([*move(r"C:\s", r"C:\t"), *move(r"C:\s", r"C:\u")], versions(s="1", t="1", u="1"), "has taken the file away"),
    ],
)
def test_an_operation_that_will_fail_is_told_and_changes_nothing(queue, files, because):
    found = paper(queue, files)
    (failing,) = found["will_fail"]
    assert because in failing["because"]
    assert (failing["harmless"], found["state"]) == (False, "risky")


def test_to_delete_what_is_gone_already_is_harmless():
    found = paper(delete(r"C:\t"), versions(t=None))
    assert [entry["harmless"] for entry in found["will_fail"]] == [True]
    assert found["state"] == "clean"


def test_deleting_the_target_first_makes_room_for_a_rename():
    found = paper([*delete(r"C:\t"), *move(r"C:\s", r"C:\t", replace=False)], versions(s="2", t="1"))
    assert (found["state"], found["targets"][r"C:\t"]["final_version"]) == ("clean", "2")
    assert found["targets"][r"C:\t"]["outcome"] == "replaced"


def test_deleting_a_file_that_was_just_renamed_is_risky():
    found = paper([*move(r"C:\s", r"C:\t"), *delete(r"C:\t")], versions(s="2", t="1"))
    assert [entry["final_source"] for entry in found["deletions"]] == [r"C:\s"]
    assert (found["state"], found["targets"][r"C:\t"]["outcome"]) == ("risky", "deleted")


def test_a_file_that_is_renamed_twice_is_followed_along_its_way():
    found = paper([*move(r"C:\s", r"C:\t"), *move(r"C:\t", r"C:\u")], versions(s="2", t="1", u="1"))
    assert [entry["paths"] for entry in found["chains"]] == [[r"C:\s", r"C:\t", r"C:\u"]]
    assert found["targets"][r"C:\u"]["final_source"] == r"C:\s"
    assert found["targets"][r"C:\t"]["outcome"] == "moved"


def test_upper_and_lower_case_and_the_marks_of_windows_11_name_one_file():
    queue = ["*1\\??\\C:\\S", "*1!\\??\\C:\\T", *move(r"c:\x", r"c:\t")]
    found = paper(queue, versions(s="3", x="2", t="1"))
    assert [entry["kind"] for entry in found["downgrades"]] == ["A"]


# What is not known


@pytest.mark.parametrize(
    ("queue", "files", "reason"),
    [
        (move(r"C:\s", r"C:\t"), {}, "it was not looked at"),
        (move(r"C:\s", r"C:\t"), versions(s="1"), "what C:\\t is on the disk now is not known"),
        (move(r"C:\s", r"C:\t"), {**versions(t="1"), r"C:\s": {"state": "denied"}}, "access denied"),
        (move(r"C:\s", r"C:\t"), {**versions(t="1"), r"C:\s": {"state": "timeout"}}, "timed out"),
        (move(r"C:\s", r"C:\t"), {**versions(t="1"), r"C:\s": {"state": "error", "reason": "odd"}}, "be read: odd"),
        (move(r"C:\s", r"C:\t"), {**versions(t="1"), r"C:\s": {"state": "what"}}, "a state that is not known"),
        (move(r"C:\s", r"C:\t"), {**versions(t="1"), r"C:\s": 7}, "its facts are damaged"),
        (move(r"C:\s", r"C:\t"), {**versions(t="1"), r"C:\s": {"version": None}}, "it has no version"),
        (move(r"C:\s", r"C:\t"), {**versions(s="1"), r"C:\t": {"version": "1.0 (WinBuild)"}}, "not of the form"),
        (move(r"C:\s", r"C:\t"), {**versions(t="1"), r"C:\s": {"version": 0.3}}, "quote it"),
        (move(r"C:\s", r"C:\t"), {**versions(s="1", t="1"), r"c:\S": {"version": "2"}}, "given twice"),
        (move(r"C:\s", r"C:\t", replace=False), versions(s="1"), "whether its target exists is not known"),
        (move(r"D:\s", r"C:\t"), {**versions(t="1"), r"D:\s": {"version": "1"}}, "different volumes"),
        (move(r"C:\x\..\s", r"C:\t"), versions(s="1", t="1"), "not in the plain form"),
        ([*move(r"C:\s", r"C:\t"), *move(r"C:\b", r"C:\t")], versions(s="1", t="1"), "what entry 2 does is not known"),
        (["", NT + "C:\\t"], versions(t="1"), "a target without a file to rename"),
        ([NT + "C:\\s"], versions(s="1"), "an odd number"),
        (["!" + NT + "C:\\s", NT + "C:\\t"], versions(s="1", t=None), "the sign ! stands on the file"),
    ],
)
def test_what_is_not_known_is_said_and_never_taken_for_fine(queue, files, reason):
    found = paper(queue, files)
    assert found["state"] == "unknown"
    assert any(reason in entry["reason"] for entry in found["unknown"]), found["unknown"]
    assert found["downgrades"] == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (r"C:\PROGRA~1\App\a.dll", r"C:\Program Files\App\a.dll"),
        (r"C:\App\LONGNA~1.DLL", r"C:\App\longname.dll"),
        (r"\SystemRoot\System32\a.dll", r"C:\Windows\System32\a.dll"),
        (r"Volume{6e69}\Windows\a.dll", r"C:\Windows\a.dll"),
    ],
)
def test_a_path_that_may_be_another_name_of_a_file_in_the_queue_leaves_both_unknown(one, other):
    files = {r"C:\s": {"version": "1"}, r"C:\b": {"version": "1"}, one: {"version": "1"}, other: {"version": "1"}}
    found = paper([*move(r"C:\s", one), *move(r"C:\b", other)], files)
    assert found["state"] == "unknown"
    assert found["targets"][other]["outcome"] == "unknown"


def test_a_short_name_that_can_be_no_other_file_of_the_queue_is_no_doubt():
    files = {r"C:\s": {"version": "2"}, r"C:\PROGRA~1\a.dll": {"version": "1"}}
    assert paper(move(r"C:\s", r"C:\PROGRA~1\a.dll"), files)["state"] == "clean"


def test_equal_hashes_need_no_versions():
    same = {"state": "ok", "version": None, "sha256": "a" * 64}
    assert paper(move(r"C:\s", r"C:\t"), {r"C:\s": same, r"C:\t": same})["state"] == "clean"


def test_a_new_file_where_none_was_needs_no_version():
    found = paper(move(r"C:\s", r"C:\t"), {r"C:\s": {"version": None}, r"C:\t": {"state": "absent"}})
    assert (found["state"], found["targets"][r"C:\t"]["outcome"]) == ("clean", "created")


def test_deleting_an_unknown_file_leaves_nothing_for_certain():
    queue = [*delete(r"C:\t"), *move(r"C:\s", r"C:\t", replace=False)]
    found = paper(queue, versions(s="1"))
    assert found["targets"][r"C:\t"]["final_version"] == "1"
    assert [entry["reason"] for entry in found["unknown"]] == [
        "what C:\\t is on the disk now is not known: it was not looked at"
    ]


# What the queue may come as


@pytest.mark.parametrize(
    "queue",
    [
        SEED_004,
        {"PendingFileRenameOperations": SEED_004},
        {"PendingFileRenameOperations": value(SEED_004, "REG_MULTI_SZ")},
        {"values": {"pendingfilerenameoperations": value(SEED_004, "REG_MULTI_SZ")}},
        ok(values={"PendingFileRenameOperations": value(SEED_004, "REG_MULTI_SZ")}),
        document({"session_manager": ok(values={"PendingFileRenameOperations": value(SEED_004, "REG_MULTI_SZ")})}),
        [{"operation": "replace", "raw": SEED_004[:2]}, {"operation": "replace", "raw": SEED_004[2:]}],
        {"schema": "winops.patching/scan/1", "queue": [{"raw": SEED_004[:2]}, {"raw": SEED_004[2:]}]},
    ],
    ids=["list", "by name", "typed", "data", "answer", "evidence", "queue of a scan", "scan"],
)
def test_the_queue_is_found_in_whatever_holds_it(queue):
    assert [entry["kind"] for entry in analyse(queue, SEED_004_FILES).as_dict()["downgrades"]] == ["A"]


def test_an_evidence_document_brings_its_files_along():
    evidence = document(
        {"session_manager": ok(values={"PendingFileRenameOperations": value(SEED_004, "REG_MULTI_SZ")})}
    )
    assert analyse({**evidence, "files": SEED_004_FILES}).as_dict()["state"] == "risky"
    assert analyse({**evidence, "scan": {"files": SEED_004_FILES}}).as_dict()["state"] == "risky"
    assert analyse(evidence).as_dict()["state"] == "unknown"


@pytest.mark.parametrize(
    ("queue", "reason"),
    [
        (None, "must be a list of strings or a mapping, not null"),
        (7, "not int"),
        ([1, 2], "must be text, not int"),
        ([{"raw": ["a"]}], "holds no pair of strings"),
        (refused(), "could not be read: access denied"),
        (document({"session_manager": refused("timeout")}), "timed out"),
        ({"values": 7}, "holds no values"),
        ({"PendingFileRenameOperations": value("x", "REG_SZ")}, "is REG_SZ, not REG_MULTI_SZ"),
        ({"PendingFileRenameOperations2": 7}, "is unreadable"),
        ({}, "holds no queue"),
        ({"probes": None}, "holds no queue"),
        ({"failed": True, "msg": "MODULE FAILURE"}, "holds no queue"),
        ({"schema": "winops.patching/scan/1", "queue": None}, "the scan could not read the queue"),
    ],
)
def test_a_queue_that_cannot_be_read_is_unknown_with_the_reason(queue, reason):
    found = analyse(queue, {}).as_dict()
    assert found["state"] == "unknown"
    assert reason in found["unknown"][0]["reason"]


def test_the_sentence_of_a_queue_that_cannot_be_read_counts_no_entries():
    assert analyse(refused()).as_dict()["sentence"].startswith("1 thing is not known (the queue could not be read")


@pytest.mark.parametrize("none", [".".join("0000"), "0"])
def test_a_version_of_zeros_is_none_and_so_never_a_downgrade(none):
    found = paper(move(r"C:\s", r"C:\t"), versions(s=none, t="9.0"))
    assert (found["state"], found["downgrades"]) == ("unknown", [])
    assert "it has no version (0.0.0.0)" in found["unknown"][0]["reason"]
    assert found["targets"][r"C:\t"]["final_version"] is None


def test_one_damaged_value_does_not_take_the_other_one_away():
    found = analyse(
        {"PendingFileRenameOperations": SEED_004, "PendingFileRenameOperations2": 7}, SEED_004_FILES
    ).as_dict()
    assert (len(found["entries"]), found["state"], len(found["unknown"])) == (2, "risky", 1)


def test_files_that_are_no_mapping_are_said():
    assert "files: must be a mapping" in paper([], 7)["unknown"][0]["reason"]
    assert "is no path" in paper([], {"": {}})["unknown"][0]["reason"]


def test_an_empty_queue_is_clean():
    assert paper([])["sentence"] == "the queue is empty: the next boot changes no file"
    assert paper(["", ""])["state"] == "clean"
    assert analyse(document({"session_manager": {"state": "absent"}})).as_dict()["state"] == "clean"


def test_host_text_moves_no_cursor_in_sentences():
    queue = [*move("C:\\a\x1b[2J", "C:\\t\n"), *move(r"C:\b", "C:\\t\n")]
    found = paper(queue, {"C:\\a\x1b[2J": {"version": "2"}, r"C:\b": {"version": "1"}, "C:\\t\n": {"version": "0"}})
    assert found["downgrades"]
    assert all(entry["sentence"].isprintable() for entry in found["downgrades"])
    assert found["sentence"].isprintable()


def test_lists_are_cut_and_the_rest_is_counted():
    queue = [text for number in range(30) for text in move(rf"C:\s{number}", r"C:\t")]
    found = analyse(queue, {}).as_dict(most=3)
    assert (len(found["entries"]), found["entries_more"], len(found["unknown"]), found["unknown_more"]) == (
        3,
        27,
        3,
        27,
    )
    (conflict,) = found["conflicts"]
    assert (len(conflict["entries"]), conflict["entries_more"]) == (3, 27)
    assert found["targets"][r"C:\t"]["operations_more"] == 27


def test_ten_thousand_entries_are_carried_out_one_by_one():
    queue, files = [], {}
    for number in range(10_000):
        queue += move(rf"C:\Windows\System32\SET{number}.tmp", rf"C:\Windows\System32\file{number % 7_000}.dll")
        files[rf"C:\Windows\System32\SET{number}.tmp"] = {"version": f"10.0.{number % 9}.1"}
    # How many seconds a hundred thousand take, `make bench` measures.
    with bounded_work(calls=3_000_000):
        found = analyse(queue, files).as_dict(most=1000)
    assert found["entries_more"] == 9_000
