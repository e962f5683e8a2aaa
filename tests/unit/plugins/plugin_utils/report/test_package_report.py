# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What came of a package: its end, whether the host shows it, and what it did to the rename queue."""

from __future__ import annotations

import pytest
from ansible_collections.winops.patching.plugins.plugin_utils._report.package_report import package_outcome

HASH = "ab" * 32
NOW = "2026-11-21T22:00:00Z"
WINDOW = {"name": "tonight", "start": "2026-11-21T21:00:00Z", "end": "2026-11-21T23:30:00Z"}
ABSENT = {"state": "absent", "ms": 1}
DENIED = {"state": "denied", "error": {"message": "no"}, "ms": 1}
MSI = {"path": "C:\\install\\runtime.msi", "sha256": HASH}
EXE = {"path": "C:\\install\\agent.exe", "sha256": HASH, "product_id": "Contoso"}


def ok(**data):
    return {"state": "ok", "data": data, "ms": 1}


RUNS = {"state": "run", "reason": "", "sentence": "", "witnessed": ["C:\\first.exe"]}


def queue(*pairs, boot="2026-11-01T03:12:00Z", downgrades=(), problem=None):
    """A result of win_rename_queue."""
    if problem:
        return {"failed_when_result": False, "msg": problem}
    listed = [
        {
            "queue": "pending_file_rename",
            "index": place,
            "operation": "rename",
            "source": source,
            "target": target,
            "malformed": False,
            "sha256": f"{source}>{target}",
        }
        for place, (source, target) in enumerate(pairs)
    ]
    snapshot = {
        "schema": "winops.patching/snapshot/1",
        "taken_at": NOW,
        "boot_time": boot,
        "queue": listed,
        "queue_problems": [],
        "run_once": [],
        "run_once_problems": [],
    }
    return {"changed": False, "snapshot": snapshot, "rename_queue": {"downgrades": list(downgrades)}}


def outcome(run, *, package=MSI, decision=RUNS, before=None, after=None, **how):
    return package_outcome(package, decision, run, before=before or queue(), after=after or queue(), **how)


class TestOutcome:
    """Exit code, proof and queue together."""

    def test_a_reboot_is_remembered_with_all_files_that_wait_for_it(self):
        found = outcome({"changed": True, "rc": 3010})
        assert found["result"]["state"] == "pending_reboot"
        assert found["witness"]["file"] == f"C:\\first.exe | {MSI['path']}"
        assert (found["witness"]["exit_code"], found["stop"], found["again"]) == (3010, "", False)

    def test_the_oldest_files_make_room_in_the_mark_for_this_one(self):
        many = {**RUNS, "witnessed": [f"C:\\{'x' * 120}{number}.exe" for number in range(6)]}
        file = outcome({"changed": True, "rc": 3010}, decision=many)["witness"]["file"]
        assert len(file) <= 500
        assert file.endswith(MSI["path"])
        assert "x5.exe" in file

    def test_an_installer_that_reboots_by_itself_stops_the_rest(self):
        found = outcome({"changed": True, "rc": 1641, "msg": "unexpected rc"})
        assert found["result"]["state"] == "pending_reboot"
        assert "reboot the host by itself" in found["stop"]

    def test_a_broken_line_is_an_unknown_end_and_stops_the_rest(self):
        found = outcome({"unreachable": True, "msg": "gone"})
        assert found["result"]["state"] == "unknown"
        assert found["stop"].startswith("how ")

    @pytest.mark.parametrize(
        ("probes", "state"),
        [
            ({"product": ok(values={}), "product_32": ABSENT}, "installed"),
            ({"product": ABSENT, "product_32": ABSENT}, "unknown"),
            ({"product": DENIED, "product_32": ABSENT}, "unknown"),
            (None, "unknown"),
        ],
    )
    def test_a_success_is_believed_only_where_the_host_shows_it(self, probes, state):
        proof = {"probes": probes} if probes else {"unreachable": True, "msg": "gone"}
        found = outcome({"changed": True, "rc": 0}, package=EXE, proof=proof)["result"]
        assert found["state"] == state
        assert (found["reason"] == "not_proved") == (state == "unknown")

    def test_a_busy_installer_is_tried_again_and_not_for_ever(self):
        busy = {"changed": True, "rc": 1618, "msg": "unexpected rc"}
        found = outcome(busy, options={"attempt": 2, "waited_seconds": 60})
        assert (found["again"], found["pause_seconds"], found["result"]["state"]) == (True, 120, "retry")
        over = outcome(busy, options={"busy_wait_minutes": 0})
        assert (over["again"], over["result"]["state"]) == (False, "retry_exhausted")

    @pytest.mark.parametrize("rc", [0, 3010])
    def test_what_earlier_installers_left_must_still_be_there(self, rc):
        pair = ("C:\\new.tmp", "C:\\Windows\\System32\\a.dll")
        found = outcome({"changed": True, "rc": rc}, before=queue(pair), after=queue())
        assert found["result"]["queue"]["state"] == "lost"
        assert found["result"]["state"] == ("unknown" if rc == 0 else "pending_reboot")
        assert "a.dll" in found["stop"]
        assert outcome({"changed": True, "rc": 0}, before=queue(pair), after=queue(pair))["stop"] == ""

    def test_an_older_file_behind_a_newer_one_in_the_queue_stops_the_rest(self):
        older = {"kind": "A", "target": "a.dll", "final_source": "b", "newer_source": "c", "sentence": "a.dll is older"}
        found = outcome({"changed": True, "rc": 3010}, after=queue(downgrades=[older]))
        assert (found["result"]["queue"]["state"], found["result"]["queue"]["downgrades"]) == (
            "downgrade",
            ["a.dll is older"],
        )
        assert found["stop"]
        known = outcome(
            {"changed": True, "rc": 3010}, before=queue(downgrades=[older]), after=queue(downgrades=[older])
        )
        assert known["stop"] == ""

    def test_a_queue_that_cannot_be_compared_stops_the_rest(self):
        found = outcome({"changed": True, "rc": 0}, after=queue(problem="denied"))
        assert (found["result"]["state"], found["result"]["queue"]["state"]) == ("unknown", "unknown")
        assert "denied" in found["stop"]

    def test_check_mode_says_what_would_run(self):
        found = outcome(None, check_mode=True)["result"]
        assert (found["state"], found["reason"], found["sentence"]) == (
            "deferred",
            "check_mode",
            "runtime.msi would be run.",
        )

    @pytest.mark.parametrize("state", ["already", "refused", "deferred", "pending_reboot", "retry_exhausted"])
    def test_a_decision_that_ends_it_is_the_result(self, state):
        decision = {"state": state, "reason": "word", "sentence": "So it is.", "next_window": WINDOW}
        found = package_outcome(MSI, decision)
        assert (found["result"]["state"], found["result"]["reason"], found["again"]) == (state, "word", False)
        assert (found["result"]["next_window"], found["result"]["exit_code"]) == (WINDOW, None)

    def test_a_pause_is_handed_on(self):
        found = package_outcome(MSI, {"state": "retry", "reason": "x", "sentence": "y", "pause_seconds": 60})
        assert (found["again"], found["pause_seconds"]) == (True, 60)

    def test_text_of_an_installer_cannot_move_the_cursor(self):
        found = outcome({"changed": False, "msg": "bad\x1b[2Jthing"})
        assert "\x1b" not in found["result"]["sentence"]
