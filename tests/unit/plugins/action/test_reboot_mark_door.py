# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""win_reboot_mark: a host remembers until its next boot, and Windows Update's own word is never taken away."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from ansible.errors import AnsibleError
from ansible_collections.winops.patching.plugins.action.win_reboot_mark import ActionModule as MarkDoor
from ansible_collections.winops.patching.plugins.action.win_reboot_pending_info import ActionModule as InfoDoor
from ansible_collections.winops.patching.tests.unit.plugins.action.doors import Door
from ansible_collections.winops.patching.tests.unit.plugins.action.simulated import (
    SimulatedDoor,
    simulated_host,
)

from winsim import boot

OWN = r"HKLM\SOFTWARE\winops.patching"
WITNESS, MARKS = rf"{OWN}\RebootWitness", rf"{OWN}\RebootRequiredMarks"
AUTO_UPDATE = r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\WindowsUpdate\Auto Update"
REQUIRED = rf"{AUTO_UPDATE}\RebootRequired"
ID, OTHER = "d3b36f5d-2f4d-4cbd-9e4f-4a7e3f5a8a11", "9306cdfc-c4a1-4a22-9996-848cb67eddc3"
DETAILS = {"reason": "the hotfix answered 3010", "file": r"C:\hotfix.exe", "kb": "5030216", "exit_code": 3010}
UPDATES = {"source": "windows_update", "update_ids": [ID]}


@pytest.fixture
def make(tmp_path):
    """`make(…)`: the door on a host whose Windows Update is set up."""

    def door(**words):
        registry = words.pop("registry", {AUTO_UPDATE: {}})
        host = simulated_host(tmp_path, registry=registry, **words)
        return SimulatedDoor(MarkDoor, "winops.patching.win_reboot_mark", host)

    return door


def values(door, path):
    """Name and data of a key's values; None where the key is not there."""
    key = door.host.registry.key(path)
    return None if key is None else {value.name: value.data for value in key.values.values()}


def written(door):
    return [name for name, _ in door.calls if name.endswith("win_reboot_mark")]


def test_the_mark_holds_its_details_and_the_host_requires_a_reboot_until_it_has_had_one(make):
    door = make()
    assert door.run(**DETAILS, run_id="r1")["changed"] is True
    assert values(door, WITNESS) == {
        "Reason": "the hotfix answered 3010",
        "File": r"C:\hotfix.exe",
        "Kb": "KB5030216",
        "ExitCode": 3010,
        "RunId": "r1",
        "MarkedAt": "2026-11-18T03:20:00Z",
    }
    info = SimulatedDoor(InfoDoor, "winops.patching.win_reboot_pending_info", door.host)
    assert "reboot_witness" in info.run()["verdict"]["because"]
    boot.carry_out(door.host, "test", datetime(2026, 11, 18, 4, 0, tzinfo=UTC))
    assert values(door, WITNESS) is None
    assert door.host.registry.key(OWN) is None or not door.host.registry.key(OWN).volatile


def test_marking_the_same_again_changes_nothing_and_another_mark_replaces_the_details(make):
    door = make()
    door.run(**DETAILS)
    assert door.run(**DETAILS)["changed"] is False
    assert len(written(door)) == 1
    assert door.run(reason="another one")["changed"] is True
    assert values(door, WITNESS) == {"Reason": "another one", "MarkedAt": "2026-11-18T03:20:00Z"}


@pytest.mark.parametrize(("given", "kept"), [(-2145124329, 0x80240017), (0x80240017, 0x80240017), (0, 0)])
def test_an_exit_code_is_kept_in_its_32_bits_with_or_without_a_sign(make, given, kept):
    door = make()
    door.run(reason="x", exit_code=given)
    assert values(door, WITNESS)["ExitCode"] == kept
    assert door.run(reason="x", exit_code=given)["changed"] is False


def test_clearing_removes_the_mark_and_is_the_same_when_done_twice(make):
    door = make()
    door.run(**DETAILS)
    assert door.run(state="cleared")["changed"] is True
    assert values(door, WITNESS) is None
    assert door.run(state="cleared")["changed"] is False


@pytest.mark.parametrize("options", [DETAILS, UPDATES])
def test_check_mode_shows_the_diff_and_writes_nothing(make, options):
    door = make()
    result = door.run(check_mode=True, diff=True, **options)
    assert result["changed"] is True
    assert result["diff"]["before"] != result["diff"]["after"]
    assert written(door) == []
    assert values(door, WITNESS) is None
    assert values(door, REQUIRED) is None


def test_ids_are_written_under_the_key_of_windows_update_on_request_only(make):
    door = make()
    door.run(**DETAILS)
    assert values(door, REQUIRED) is None
    assert door.run(source="windows_update", update_ids=[ID.upper()])["changed"] is True
    assert values(door, REQUIRED) == {ID: 1}
    assert door.host.registry.key(REQUIRED).volatile
    assert door.run(**UPDATES)["changed"] is False
    door.run(state="cleared", source="windows_update")
    assert (values(door, REQUIRED), values(door, MARKS)) == (None, None)


def test_what_windows_update_wrote_itself_is_never_removed(make):
    door = make(registry={REQUIRED: {"volatile": True, "values": {OTHER: {"type": "REG_DWORD", "data": 1}}}})
    door.run(**UPDATES)
    assert values(door, REQUIRED) == {OTHER: 1, ID: 1}
    result = door.run(state="cleared", source="windows_update", update_ids=[ID, OTHER])
    assert values(door, REQUIRED) == {OTHER: 1}
    assert result["kept"] == [OTHER]
    assert "Windows Update wrote them" in result["warnings"][0]


def test_marking_what_windows_update_has_marked_does_not_make_it_ours(make):
    door = make(registry={REQUIRED: {"volatile": True, "values": {ID: {"type": "REG_DWORD", "data": 1}}}})
    assert door.run(**UPDATES)["changed"] is False
    door.run(state="cleared", **UPDATES)
    assert values(door, REQUIRED) == {ID: 1}


def test_one_of_two_ids_is_cleared_and_the_other_stays(make):
    door = make()
    door.run(source="windows_update", update_ids=[ID, OTHER])
    door.run(state="cleared", **UPDATES)
    assert values(door, REQUIRED) == {OTHER: 1}
    door.run(state="cleared", source="windows_update", update_ids=[OTHER])
    assert values(door, REQUIRED) is None


def test_a_host_without_windows_update_is_a_clear_failure(make):
    for check_mode in (True, False):
        door = make(registry={})
        result = door.run(**UPDATES, check_mode=check_mode)
        assert (result["failed"], written(door), values(door, MARKS)) == (True, [], None)
        assert "Windows Update is not set up here" in result["msg"]


@pytest.mark.parametrize("words", [{"denied": [OWN]}, {"denied": [r"HKLM\SOFTWARE"]}])
def test_a_key_that_cannot_be_read_fails_and_nothing_is_written(make, words):
    door = make(**words)
    result = door.run(**DETAILS)
    assert result["failed"] is True
    assert "could not be read: access denied" in result["msg"]
    assert written(door) == []


def test_a_filtered_token_is_refused_by_the_host(make):
    with pytest.raises(AnsibleError, match="elevated token"):
        make(token={"elevated": False}).run(**DETAILS)


def test_a_broken_reader_fails_the_task():
    result = Door(MarkDoor, "winops.patching.win_reboot_mark", {"failed": True, "msg": "broken"}).run(**DETAILS)
    assert (result["failed"], "broken" in result["msg"]) == (True, True)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "reason: say in one line"),
        ({"reason": " "}, "reason: say in one line"),
        ({"reason": "x" * 501}, "reason: 501 characters"),
        ({"reason": "x", "update_ids": [ID]}, "go with source=windows_update only"),
        ({"source": "windows_update"}, "needs the ids"),
        ({"source": "windows_update", "update_ids": ["KB5030216"]}, "is no id such as"),
        ({"source": "windows_update", "update_ids": [ID] * 201}, "more than 200"),
        ({"reason": "x", "kb": "the latest"}, "is no article"),
        ({"reason": "x", "exit_code": 2**33}, "32 bits"),
        ({"state": "maybe", "reason": "x"}, "state"),
    ],
)
def test_a_wrong_option_fails_before_the_host_is_asked(make, options, words):
    door = make()
    with pytest.raises(AnsibleError, match=words):
        door.run(**options)
    assert door.calls == []


def test_a_reason_brings_no_control_character_to_the_host(make):
    door = make()
    door.run(reason="two\nlines\x1b[2J")
    assert values(door, WITNESS)["Reason"] == "two lines [2J"


STUCK = rf"{OWN}\PersistentSignals"
HASH, CHANGED = "a" * 64, "b" * 64


def test_marks_of_signals_that_no_reboot_clears_outlive_boots(make):
    door = make()
    assert door.run(persistent={"wu_reboot_required": HASH})["changed"] is True
    assert values(door, STUCK) == {"wu_reboot_required": HASH}
    boot.carry_out(door.host, "test", datetime(2026, 11, 18, 4, 0, tzinfo=UTC))
    assert values(door, STUCK) == {"wu_reboot_required": HASH}


def test_the_host_has_the_marks_that_are_given_and_no_other(make):
    door = make()
    door.run(persistent={"wu_reboot_required": HASH, "cbs_reboot_pending": HASH})
    assert door.run(persistent={"cbs_reboot_pending": CHANGED, "computer_rename": HASH})["changed"] is True
    assert values(door, STUCK) == {"cbs_reboot_pending": CHANGED, "computer_rename": HASH}
    assert door.run(persistent={"cbs_reboot_pending": CHANGED, "computer_rename": HASH})["changed"] is False


def test_no_marks_remove_the_key_and_nothing_else(make):
    door = make()
    door.run(**DETAILS)
    door.run(persistent={"wu_reboot_required": HASH})
    assert door.run(persistent={})["changed"] is True
    assert values(door, STUCK) is None
    assert values(door, WITNESS) is not None
    assert door.run(persistent={})["changed"] is False


def test_in_check_mode_the_marks_are_shown_and_not_written(make):
    door = make()
    result = door.run(check_mode=True, diff=True, persistent={"wu_reboot_required": HASH})
    assert (result["changed"], written(door), values(door, STUCK)) == (True, [], None)
    assert HASH in result["diff"]["after"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"persistent": {"wu_reboot_required": HASH}, "reason": "x"}, "goes alone"),
        ({"persistent": {}, "source": "windows_update"}, "goes alone"),
        ({"persistent": {}, "state": "cleared"}, "goes alone"),
        ({"persistent": {"wu_reboot_required": "short"}}, "is no signal with its mark"),
        ({"persistent": {r"..\Run": HASH}}, "is no signal with its mark"),
        ({"persistent": {f"signal_{number}": HASH for number in range(51)}}, "more than 50"),
    ],
)
def test_what_is_no_mark_fails_before_the_host_is_asked(make, options, words):
    door = make()
    with pytest.raises(AnsibleError, match=words):
        door.run(**options)
    assert door.calls == []
