# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Snapshots: an entry that vanishes without a boot was overwritten, and is named with its file."""

from __future__ import annotations

import copy
import json

import pytest
from ansible_collections.winops.patching.plugins.plugin_utils._verdict.rename_analysis.analysis import analyse
from ansible_collections.winops.patching.plugins.plugin_utils._verdict.rename_analysis.lost import lost_entries
from ansible_collections.winops.patching.plugins.plugin_utils._verdict.rename_analysis.snapshot import (
    SCHEMA,
    snapshot_of,
)
from ansible_collections.winops.patching.tests.unit.plugins.plugin_utils.evidence.documents import (
    ABSENT,
    BOOT,
    document,
    ok,
    refused,
    text,
    value,
)
from ansible_collections.winops.patching.tests.unit.plugins.plugin_utils.verdict.renames import delete, move

FIRST, SECOND = "PendingFileRenameOperations", "PendingFileRenameOperations2"
ENTRY = move(r"C:\Windows\System32\SET1.tmp", r"C:\Windows\System32\fixed.dll")
OTHER = move(r"C:\Exchange\new.tmp", r"C:\Exchange\store.dll")


def evidence(first=(), second=(), run_once=None, *, both=True, **top):
    """The document of a host with these queues and, where given, RunOnce as a whole."""
    values = {FIRST: value(list(first), "REG_MULTI_SZ")} if first else {}
    if second:
        values[SECOND] = value(list(second), "REG_MULTI_SZ")
    probes = {"session_manager": ok(values=values)}
    if run_once is not None:
        probes["run_once_all"] = ok(values={name: text(command) for name, command in run_once.items()})
        if both:
            probes["run_once_all_32"] = ABSENT
    return document(probes, **top)


LATER = {"collected_at": "2026-11-18T03:40:00Z"}
AFTER_BOOT = {"boot_time": "2026-11-18T03:30:00Z", **LATER}


def test_where_nothing_is_gone_nothing_is_lost_whether_there_was_a_boot_or_not():
    found = lost_entries(evidence(ENTRY), evidence([*ENTRY, *OTHER], boot_time=None, **LATER))
    assert (found["state"], found["booted"], found["unknown"]) == ("none", None, [])


@pytest.mark.parametrize("boot", ["2026-10-01T00:00:00Z", "2026-11-17T00:00:00Z"], ids=["earlier", "before the first"])
def test_a_boot_time_that_has_moved_to_before_the_first_snapshot_proves_no_boot(boot):
    first = evidence(ENTRY, collected_at="2026-11-18T03:20:00Z", boot_time="2026-11-16T00:00:00Z")
    found = lost_entries(first, evidence(OTHER, boot_time=boot, **LATER))
    assert (found["state"], found["booted"], found["lost"]) == ("unknown", None, [])
    assert "1 entry is gone" in found["sentence"]
    assert "the clock was set" in found["sentence"]


@pytest.mark.parametrize("wrong", [None, 7, {}, {"failed": True, "boot_time": BOOT}, {"schema": "other/1"}])
def test_what_is_no_snapshot_is_told_as_such(wrong):
    found = lost_entries(evidence(ENTRY), wrong)
    assert (found["state"], found["lost"]) == ("unknown", [])
    assert "after: the queue must be" in found["sentence"] or "holds no queue" in found["sentence"]


def test_the_overwritten_entry_is_lost_and_named_with_its_file():
    found = lost_entries(evidence(ENTRY), evidence(OTHER, **LATER))
    (lost,) = found["lost"]
    assert (found["state"], found["booted"]) == ("lost", False)
    assert (lost["place"], lost["file"], lost["operation"]) == (
        "pending_file_rename",
        r"C:\Windows\System32\fixed.dll",
        "replace",
    )
    assert "fixed.dll" in found["sentence"]
    assert "without a boot" in found["sentence"]


@pytest.mark.parametrize(
    "after",
    [
        evidence([*OTHER, *ENTRY]),
        evidence(OTHER, ENTRY),
        evidence([text.upper() for text in ENTRY]),
        evidence(["*1" + ENTRY[0], "*1" + ENTRY[1]]),
    ],
    ids=["added to", "moved to the second value", "other case", "marked"],
)
def test_an_entry_that_is_still_there_is_not_lost(after):
    assert lost_entries(evidence(ENTRY), after)["state"] == "none"


def test_an_entry_that_was_there_twice_and_is_there_once_is_lost_once():
    assert len(lost_entries(evidence([*ENTRY, *ENTRY]), evidence(ENTRY))["lost"]) == 1


def test_a_deletion_is_named_with_the_file_that_it_was_to_delete():
    (lost,) = lost_entries(evidence(delete(r"C:\old.dll")), evidence())["lost"]
    assert (lost["file"], lost["target"]) == (r"C:\old.dll", None)


def test_with_a_boot_between_everything_is_gone_by_nature():
    found = lost_entries(evidence([*ENTRY, *OTHER], run_once={"a": "x"}), evidence(run_once={}, **AFTER_BOOT))
    assert (found["state"], found["booted"], found["lost"], found["gone"]) == ("none", True, [], 3)


def test_a_boot_time_that_moved_by_a_correction_of_the_clock_is_no_boot():
    shifted = {"boot_time": "2026-11-01T03:14:30Z", **LATER}
    assert lost_entries(evidence(ENTRY), evidence(**shifted))["state"] == "lost"


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        (evidence(ENTRY), evidence(boot_time=None), "boot time of one of the snapshots is not known"),
        (evidence(ENTRY, boot_time="soon"), evidence(), "boot time of one of the snapshots is not known"),
        (evidence(ENTRY, **LATER), evidence(), "taken later than the one after"),
        (evidence(ENTRY), evidence(host="web02"), "the snapshots are of web01 and web02"),
        (evidence(ENTRY), document({"session_manager": refused()}), "could not be read: access denied"),
        (document({"session_manager": refused()}), evidence(OTHER), "could not be read: access denied"),
        (evidence([ENTRY[0]]), evidence(ENTRY), "an odd number"),
        ({"schema": SCHEMA}, evidence(), "the snapshot before cannot be used"),
        (evidence(), {"schema": SCHEMA, "queue": [{"sha256": 7}]}, "the snapshot after cannot be used"),
        (evidence(), {"schema": SCHEMA, "queue": [], "run_once": 7}, "its run_once is damaged"),
        (None, evidence(), "must be a list of strings or a mapping"),
        (evidence(run_once={"a": "x"}), evidence(), "RunOnce was not read as a whole"),
        (evidence(run_once={"a": "x"}, both=False), evidence(run_once={"a": "x"}), "the 32-bit view"),
    ],
)
def test_what_cannot_be_compared_is_unknown_and_nothing_is_called_lost(before, after, reason):
    found = lost_entries(before, after)
    assert (found["state"], found["lost"]) == ("unknown", [])
    assert any(reason in entry["reason"] for entry in found["unknown"]), found["unknown"]


def test_a_value_of_run_once_that_vanished_or_was_overwritten_is_lost():
    found = lost_entries(
        evidence(run_once={"!Fix": "a.exe", "Other": "b.exe", "Kept": "c.exe"}),
        evidence(run_once={"other": "c.exe", "KEPT": "c.exe"}),
    )
    assert [entry["name"] for entry in found["lost"]] == ["!Fix", "Other"]
    assert "logon of an administrator" in found["lost"][0]["sentence"]
    assert "overwritten" in found["lost"][1]["sentence"]


def test_run_once_that_neither_snapshot_holds_was_not_asked_for():
    found = lost_entries(evidence(ENTRY), evidence(ENTRY))
    assert (found["state"], found["not_asked"]) == ("none", ["run_once"])


def test_a_refused_view_of_run_once_is_unknown():
    after = evidence()
    after["probes"].update(run_once_all=refused(), run_once_all_32=ABSENT)
    found = lost_entries(evidence(run_once={"a": "x"}), after)
    assert (found["state"], found["lost"]) == ("unknown", [])


def test_a_snapshot_keeps_names_and_hashes_and_no_command():
    found = snapshot_of(evidence(ENTRY, run_once={"Fix": "setup.exe /password secret"}))
    assert (found["schema"], found["host"], found["boot_time"]) == (SCHEMA, "web01", BOOT)
    assert [(entry["source"], len(entry["sha256"])) for entry in found["queue"]] == [
        (r"C:\Windows\System32\SET1.tmp", 64)
    ]
    assert [(entry["view"], entry["name"], len(entry["sha256"])) for entry in found["run_once"]] == [
        ("64-bit", "Fix", 64)
    ]
    assert "secret" not in json.dumps(found)


def test_a_snapshot_can_be_saved_and_is_a_snapshot_again():
    found = json.loads(json.dumps(snapshot_of(evidence(ENTRY))))
    assert snapshot_of(copy.deepcopy(found)) == found
    assert lost_entries(found, evidence(**LATER))["state"] == "lost"


def test_a_raw_answer_of_the_reader_makes_a_snapshot_too():
    raw = evidence(ENTRY)
    answer = {"probes": {"session_manager": {"state": "ok", "data": raw["probes"]["session_manager"]["data"]}}}
    answer["system"] = raw["system"]
    found = snapshot_of(answer)
    assert (found["host"], found["boot_time"], len(found["queue"])) == ("WEB01", BOOT, 1)


def test_the_probe_of_the_catalogue_that_asks_for_one_value_is_not_run_once_as_a_whole():
    assert snapshot_of(evidence(ENTRY))["run_once"] is None


def test_an_analysis_names_what_was_lost_since_a_snapshot():
    before = snapshot_of(evidence([*ENTRY, *OTHER]))
    found = analyse(evidence(OTHER, **LATER), {}, snapshot=before).as_dict()
    assert [entry["file"] for entry in found["lost"]] == [r"C:\Windows\System32\fixed.dll"]
    assert found["state"] == "risky"
    assert "1 entry is lost" in found["sentence"]


def test_an_analysis_of_plain_lists_needs_the_boot_time_to_tell_lost_from_gone():
    before = snapshot_of(evidence(ENTRY))
    assert analyse(OTHER, {}, snapshot=before).as_dict()["lost"] == []
    assert analyse(OTHER, {}, snapshot=before, boot_time=BOOT).as_dict()["lost"]
    assert any("boot" in entry["reason"] for entry in analyse(OTHER, {}, snapshot=before).as_dict()["unknown"])
