# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The rename queue over the wire: seed 004's two fixes, the overwritten entry, and seed 000's clbcatq.dll."""

from __future__ import annotations

from pathlib import Path

import pytest

from winsim.testing import serve

INFO = "winops.patching.win_reboot_pending_info"
QUEUE = "winops.patching.win_rename_queue"
VERSION = "winops.patching.win_file_pending_version"
MARK = "winops.patching.win_reboot_mark"
VERIFY = "winops.patching.win_patch_verify_info"
REBOOT = {"ansible.windows.win_reboot": {"reboot_timeout": 60, "post_reboot_delay": 0}}
SESSION_MANAGER = r"HKLM\SYSTEM\CurrentControlSet\Control\Session Manager"
FILE_A = r"C:\App\File_A.dll"
CLBCATQ, SET31 = r"C:\WINDOWS\system32\clbcatq.dll", r"C:\WINDOWS\system32\SET31.tmp"
TWO_FIXES = [
    r"\??\C:\fix1\File_A.dll",
    rf"!\??\{FILE_A}",
    r"\??\C:\Contoso\old.tmp",
    "",
    r"\??\C:\fix2\File_A.dll",
    rf"!\??\{FILE_A}",
]
VERSIONS = {r"C:\fix1\File_A.dll": "0.3.0.0", r"C:\fix2\File_A.dll": "0.2.0.0", FILE_A: "0.1.0.0"}


def host(queue, files, **words):
    """A host with this queue and these files by version."""
    value = {"PendingFileRenameOperations": {"type": "REG_MULTI_SZ", "data": queue}}
    return {
        "os": {"boot_time": "2026-11-01T03:12:00Z"},
        "registry": {SESSION_MANAGER: {"values": value}},
        "files": {path: {"version": version} for path, version in files.items()},
        **words,
    }


CLBCATQ_HOST = host([rf"\??\{SET31}", rf"!\??\{CLBCATQ}"], {SET31: "10.0.0.0", CLBCATQ: "9.0.0.0"})
HOSTS = {
    "untouched": host(TWO_FIXES, VERSIONS),
    "normalised": host(TWO_FIXES, VERSIONS),
    "busy": host(TWO_FIXES, VERSIONS, mutexes=[r"Global\_MSIExecute"]),
    "secretive": {"os": {}, "denied": [SESSION_MANAGER]},
    "clbcatq": CLBCATQ_HOST,
    "calm": {"os": {}},
}


@pytest.fixture(scope="module")
def looked(once, commands):
    """Look, put right where it is allowed, restart, and look again."""

    def make(work: Path):
        put_right = "inventory_hostname in ['normalised', 'busy', 'secretive']"
        restart = "inventory_hostname in ['normalised', 'untouched', 'clbcatq']"
        tasks = [
            {"name": "info", INFO: {"analyse_rename_queue": True}},
            {"name": "check", QUEUE: {"state": "normalised"}, "check_mode": True, "diff": True, "when": put_right}
            | {"ignore_errors": True},
            {"name": "write", QUEUE: {"state": "normalised"}, "when": put_right, "ignore_errors": True},
            {"name": "again", QUEUE: {"state": "normalised"}, "when": "inventory_hostname == 'normalised'"},
            {"name": "version", VERSION: {"path": [FILE_A, CLBCATQ]}},
            {"name": "mark", MARK: {"reason": "hotfix.exe answered 3010", "exit_code": 3010}}
            | {"when": "inventory_hostname == 'calm'"},
            {"name": "marked", INFO: {}, "when": "inventory_hostname == 'calm'"},
            {"name": "foretold", QUEUE: {}, "register": "foretold"},
            {"name": "reboot", **REBOOT, "when": restart},
            {"name": "proof", VERIFY: {"prediction": "{{ foretold.rename_queue }}"}, "when": restart},
        ]
        with serve(HOSTS, work / "sim") as fleet:
            run = commands(work / "ansible").play(fleet.inventory, tasks)
            run.notes["files"] = {name: fleet.state(name).get("files", {}) for name in HOSTS}
        return run

    return once("looked", make)


def test_seed_004_two_fixes_of_one_file_leave_the_vulnerable_0_2_and_it_is_told_before_the_boot(looked):
    found = looked.of("info", "untouched")["rename_queue"]
    assert found["state"] == "risky"
    (older,) = found["downgrades"]
    assert (older["kind"], older["final_version"], older["newer_version"]) == ("A", "0.2.0.0", "0.3.0.0")
    assert looked.notes["files"]["untouched"][FILE_A]["version"] == "0.2.0.0"


def test_a_normalised_queue_brings_0_3(looked):
    written = looked.of("write", "normalised")
    assert (written["changed"], written["dropped_count"]) == (True, 1)
    assert looked.notes["files"]["normalised"][FILE_A]["version"] == "0.3.0.0"
    assert looked.of("again", "normalised")["changed"] is False


def test_check_mode_shows_what_would_go_and_writes_nothing(looked):
    checked = looked.of("check", "normalised")
    assert checked["changed"] is True
    assert "fix2" in checked["diff"]["before"]
    assert "fix2" not in checked["diff"]["after"]
    assert looked.of("write", "normalised")["changed"] is True


def test_a_busy_host_and_a_refused_queue_stay_as_they_are(looked):
    assert {name: looked.states("write")[name] for name in ("busy", "secretive")} == dict.fromkeys(
        ("busy", "secretive"), "failed"
    )
    assert "an installer may be writing" in looked.of("write", "busy")["msg"]
    assert looked.of("info", "secretive")["rename_queue"]["state"] == "unknown"
    assert "access denied" in looked.of("info", "secretive")["rename_queue"]["sentence"]


def test_seed_000_clbcatq_dll_is_9_on_the_disk_and_10_after_the_boot(looked):
    (_, found) = looked.of("version", "clbcatq")["files"]
    assert (found["on_disk_version"], found["pending_version"], found["after_boot"]) == (
        "9.0.0.0",
        "10.0.0.0",
        "replaced",
    )
    assert (found["by"]["index"], found["pending_source"]) == (0, SET31)
    assert looked.notes["files"]["clbcatq"][CLBCATQ]["version"] == "10.0.0.0"


def test_the_files_are_after_the_boot_what_was_foretold(looked):
    for name in ("untouched", "normalised", "clbcatq"):
        result = looked.of("proof", name)
        assert {entry["verdict"] for entry in result["predictions"]} == {"verified"}, name
        assert result["verdict"] == "verified"


def test_a_host_that_was_marked_requires_a_reboot(looked):
    assert looked.of("mark", "calm")["changed"] is True
    assert looked.of("marked", "calm")["verdict"]["because"] == ["reboot_witness"]


# Between two looks an installer overwrites the queue of this host: its first two entries are gone.
OVERWRITE = r"""
import json

calls = {}


def change(host, text):
    calls[host] = calls.get(host, 0) + 1
    document = json.loads(text)
    values = document["probes"].get("session_manager", {}).get("data", {}).get("values", {})
    queue = values.get("PendingFileRenameOperations")
    if queue and calls[host] > 2:
        queue["data"] = [r"\??\C:\Exchange\new.tmp", r"!\??\C:\Exchange\store.dll"]
    return json.dumps(document).encode()
"""


def test_the_overwritten_entry_is_lost_and_named_with_its_file(ansible, serve_changed, tmp_path):
    tasks = [
        {"name": "before", QUEUE: {"return_snapshot": True}, "register": "before"},
        {
            "name": "after",
            QUEUE: {"snapshot": "{{ before.snapshot }}", "return_snapshot": True},
            "register": "after",
        },
        {
            "name": "lost",
            "ansible.builtin.debug": {"msg": "{{ before.snapshot | winops.patching.lost_entries(after.snapshot) }}"},
        },
    ]
    with serve_changed({"web01": CLBCATQ_HOST}, tmp_path / "sim", OVERWRITE) as fleet:
        run = ansible.play(fleet.inventory, tasks)
    assert run.code == 0, run.output
    assert [entry["file"] for entry in run.of("after")["rename_queue"]["lost"]] == [CLBCATQ]
    found = run.of("lost")["msg"]
    assert (found["state"], found["booted"], found["lost"][0]["source"]) == ("lost", False, SET31)
