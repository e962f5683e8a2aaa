# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The first thing that people build on the answer: reboot what is required and safe, and look again."""

from __future__ import annotations

from pathlib import Path

import pytest

from winsim.testing import serve

INFO = "winops.patching.win_reboot_pending_info"
REBOOT_REQUIRED = r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\WindowsUpdate\Auto Update\RebootRequired"
SESSION_MANAGER = r"HKLM\SYSTEM\CurrentControlSet\Control\Session Manager"
NAMES = r"HKLM\SYSTEM\CurrentControlSet\Control\ComputerName\ComputerName"
WAITING = {
    REBOOT_REQUIRED: {"volatile": True, "values": {"d3b36f5d": {"type": "REG_DWORD", "data": 1}}},
    SESSION_MANAGER: {
        "values": {
            "PendingFileRenameOperations": {
                "type": "REG_MULTI_SZ",
                "data": [r"\??\C:\Windows\System32\new.tmp", r"!\??\C:\Windows\System32\a.dll"],
            },
        },
    },
    NAMES: {"values": {"ComputerName": {"type": "REG_SZ", "data": "RENAMED"}}},
}
HOSTS = {
    "waiting": {
        "os": {"boot_time": "2026-10-01T03:12:00Z"},
        "registry": WAITING,
        "files": {
            r"C:\Windows\System32\new.tmp": {"version": "2.0.0.0"},
            r"C:\Windows\System32\a.dll": {"version": "1.0.0.0"},
        },
        "update_agent": {"remote": "denied", "reboot_required": True},
    },
    "busy": {"os": {}, "registry": {REBOOT_REQUIRED: {"volatile": True}}, "mutexes": [r"Global\_MSIExecute"]},
    "calm": {"os": {}},
    "secretive": {"os": {}, "denied": [SESSION_MANAGER]},
    "stuck": {
        "os": {},
        "registry": {REBOOT_REQUIRED: {"volatile": True}},
        "survives_reboot": [REBOOT_REQUIRED],
    },
}


@pytest.fixture(scope="module")
def rebooted(once, commands):
    """Ask, reboot where it is required and safe, ask again."""

    def make(work: Path):
        tasks = [
            {"name": "before", INFO: {}, "register": "r"},
            {
                "name": "reboot",
                "ansible.windows.win_reboot": {"reboot_timeout": 60, "post_reboot_delay": 0, "msg": "patch night"},
                "when": ["r is winops.patching.reboot_required", "r.verdict.safe_to_reboot == 'yes'"],
            },
            {"name": "after", INFO: {}},
        ]
        with serve(HOSTS, work / "sim") as fleet:
            run = commands(work / "ansible").play(fleet.inventory, tasks)
            run.notes["state"] = {host: fleet.state(host) for host in HOSTS}
        return run

    return once("rebooted", make)


def test_only_hosts_that_require_a_reboot_and_may_have_it_now_are_rebooted(rebooted):
    assert rebooted.code == 0
    assert rebooted.states("reboot") == {
        "waiting": "ok",
        "stuck": "ok",
        "busy": "skipped",
        "calm": "skipped",
        "secretive": "skipped",
    }
    boots = {host: len(state["log"]) for host, state in rebooted.notes["state"].items()}
    assert boots == {"waiting": 1, "stuck": 1, "busy": 0, "calm": 0, "secretive": 0}


def test_a_required_host_is_not_required_after_its_reboot(rebooted):
    before, after = rebooted.of("before", "waiting"), rebooted.of("after", "waiting")
    assert before["verdict"]["because"] == ["wu_reboot_required", "pending_file_rename", "computer_rename"]
    assert (after["verdict"]["reboot"], after["reboot_required"]) == ("not_required", False)
    assert after["reboot_required_reasons"] == []
    assert after["last_reboot"]["time"] > before["last_reboot"]["time"]
    assert after["last_reboot"]["details"]["comment"] == "patch night"


def test_the_reboot_carries_out_the_rename_queue(rebooted):
    files = rebooted.notes["state"]["waiting"]["files"]
    assert {path: words["version"] for path, words in files.items()} == {r"C:\Windows\System32\a.dll": "2.0.0.0"}


def test_a_signal_that_survives_the_reboot_is_still_told(rebooted):
    assert rebooted.of("after", "stuck")["verdict"]["because"] == ["wu_reboot_required"]


def test_a_busy_host_is_required_but_not_safe(rebooted):
    verdict = rebooted.of("after", "busy")["verdict"]
    assert (verdict["reboot"], verdict["safe_to_reboot"], verdict["busy"]) == ("required", "no", ["installer_running"])
