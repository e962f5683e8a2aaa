# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Doors that read what a host remembers of signals that no reboot clears, and a host that does not answer."""

from __future__ import annotations

import json

import pytest
from ansible.errors import AnsibleConnectionFailure, AnsibleError
from ansible_collections.winops.patching.plugins.action.win_reboot_mark import ActionModule as MarkDoor
from ansible_collections.winops.patching.plugins.action.win_reboot_pending_info import ActionModule as InfoDoor
from ansible_collections.winops.patching.plugins.plugin_utils._verdict.persistent import signal_mark
from ansible_collections.winops.patching.plugins.plugin_utils._verdict.reboot import reboot_verdict
from ansible_collections.winops.patching.tests.unit.plugins.action.doors import Door
from ansible_collections.winops.patching.tests.unit.plugins.action.simulated import SimulatedDoor, simulated_host

REQUIRED = r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\WindowsUpdate\Auto Update\RebootRequired"
OWN = r"HKLM\SOFTWARE\winops.patching"
ID = "d3b36f5d-2f4d-4cbd-9e4f-4a7e3f5a8a11"
NAME = "winops.patching.win_reboot_pending_info"


@pytest.fixture
def make(tmp_path):
    """A host whose Windows Update waits for a reboot for one update, and the doors on it."""

    def doors(**words):
        key = {REQUIRED: {"volatile": True, "values": {ID: {"type": "REG_DWORD", "data": 1}}}}
        host = simulated_host(tmp_path, registry={**key, **words.pop("registry", {})}, **words)
        return SimulatedDoor(InfoDoor, NAME, host), SimulatedDoor(MarkDoor, "winops.patching.win_reboot_mark", host)

    return doors


def marked(info, mark):
    """The host remembers all that asks for a reboot now."""
    evidence = info.run(evidence="return")["evidence"]
    found = {one.id: signal_mark(one) for one in reboot_verdict(evidence).signals if one.id == "wu_reboot_required"}
    mark.run(persistent=found)
    return found


def test_marks_are_read_only_where_that_is_asked_for(make):
    info, mark = make()
    found = marked(info, mark)
    assert info.run()["verdict"]["reboot"] == "required"
    result = info.run(persistent="read", evidence="return")
    assert (result["verdict"]["reboot"], result["reboot_required"]) == ("not_required", False)
    assert result["verdict"]["ignored"] == [{"id": "wu_reboot_required", "rule": "persistent"}]
    assert result["evidence"]["policy"]["persistent"] == found
    assert reboot_verdict(result["evidence"], result["evidence"]["policy"]).reboot == "not_required"


def test_a_mark_of_other_content_passes_over_nothing(make):
    info, mark = make()
    mark.run(persistent={"wu_reboot_required": "a" * 64})
    assert info.run(persistent="read")["verdict"]["because"] == ["wu_reboot_required"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"denied": [OWN]}, "is not known: access denied"),
        (
            {
                "registry": {
                    rf"{OWN}\PersistentSignals": {"values": {"wu_reboot_required": {"type": "REG_DWORD", "data": 1}}}
                }
            },
            "are damaged: wu_reboot_required",
        ),
        (
            {
                "registry": {
                    rf"{OWN}\PersistentSignals": {"values": {"no_signal": {"type": "REG_SZ", "data": "a" * 64}}}
                }
            },
            "are damaged: no_signal",
        ),
    ],
)
def test_marks_that_cannot_be_read_pass_over_nothing_and_are_warned_of(make, words, said):
    info, _mark = make(**words)
    result = info.run(persistent="read")
    assert "wu_reboot_required" in result["verdict"]["because"]
    assert any(said in warning for warning in result["warnings"])


def test_marks_are_given_in_one_place(make):
    info, _mark = make()
    with pytest.raises(AnsibleError, match="given as an option and inside policy"):
        info.run(persistent="read", policy={"persistent": {}})


def test_evidence_is_saved_and_returned_at_once(make, tmp_path):
    info, _mark = make()
    result = info.run(evidence="both", evidence_dir=str(tmp_path / "kept"), run_id="r1")
    saved = json.loads((tmp_path / "kept" / "web01.json").read_text(encoding="utf-8"))
    assert saved == result["evidence"]
    with pytest.raises(AnsibleError, match="evidence_dir: evidence=both needs the folder"):
        info.run(evidence="both")


def test_a_host_that_does_not_answer_is_told_where_that_is_asked_for():
    gone = AnsibleConnectionFailure("connection refused")
    result = Door(InfoDoor, NAME, gone).run(lost_host="report")
    assert (result["lost"], result["changed"], result.get("failed", False)) == (True, False, False)
    assert "connection refused" in result["msg"]
    assert "verdict" not in result
    with pytest.raises(AnsibleConnectionFailure):
        Door(InfoDoor, NAME, gone).run()
