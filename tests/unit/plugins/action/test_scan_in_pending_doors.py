# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""update_agent: auto, skip and scan of win_reboot_pending_info and win_patch_facts."""

from __future__ import annotations

import json

import pytest
from ansible.errors import AnsibleConnectionFailure, AnsibleError
from ansible_collections.winops.patching.plugins.action.win_patch_facts import ActionModule as FactsDoor
from ansible_collections.winops.patching.plugins.action.win_reboot_pending_info import ActionModule as InfoDoor
from ansible_collections.winops.patching.plugins.plugin_utils._adapter import modules, scan_waiting
from ansible_collections.winops.patching.tests.unit.plugins.action.scanned_host import (
    IDS,
    PLACE,
    ScanDoor,
    ScannedHost,
)

LAST_SCAN = f"{PLACE}\\last_scan.json"


@pytest.fixture
def door(monkeypatch):
    def run(host, action=InfoDoor, **options):
        for module in (modules, scan_waiting):
            monkeypatch.setattr(module, "sleep", host.sleep)
        monkeypatch.setattr(scan_waiting, "monotonic", host.monotonic)
        name = "win_patch_facts" if action is FactsDoor else "win_reboot_pending_info"
        return ScanDoor(action, f"winops.patching.{name}", host).run(**options)

    return run


def scanned_host():
    host = ScannedHost()
    host.start("scan-20261121T115900Z-0badcafe", {"scan": {}})
    host.sleep(60)
    host.calls.clear()
    return host


def test_auto_reads_what_the_newest_scan_has_left_in_the_same_run(door):
    host = scanned_host()
    result = door(host, evidence="return")
    assert host.modules() == ["win_probe"]
    assert host.asked(0)[-1] == "last_scan"
    assert "agent_updates_pending_reboot" in result["verdict"]["because"]
    assert result["evidence"]["probes"]["update_agent"]["asked"]["job"] == "scan-20261121T115900Z-0badcafe"
    assert "last_scan" not in result["evidence"]["probes"]


def test_without_a_scan_there_is_no_word_of_one(door):
    result = door(ScannedHost(), evidence="return")
    assert "update_agent" not in result["evidence"]["probes"]
    assert result["reboot_required"] is False


@pytest.mark.parametrize("text", ["{", '{"id": "x"}', "", "null"])
def test_a_damaged_scan_is_unknown_and_decides_nothing(door, text):
    host = scanned_host()
    host.files[LAST_SCAN] = text
    result = door(host, evidence="return")
    assert result["evidence"]["probes"]["update_agent"]["state"] == "error"
    unknown = {entry["id"]: entry for entry in result["verdict"]["unknown"]}
    assert unknown["agent_updates_pending_reboot"]["decisive"] is False
    assert result["reboot_required"] is False


def test_a_refused_scan_is_denied(door):
    host = scanned_host()
    host.denied.add(LAST_SCAN)
    result = door(host, evidence="return")
    assert result["evidence"]["probes"]["update_agent"]["state"] == "denied"


def test_skip_asks_nobody(door):
    host = scanned_host()
    result = door(host, update_agent="skip", evidence="return")
    assert not {"last_scan", "system_info"} & set(host.asked(0))
    assert "update_agent" not in result["evidence"]["probes"]


def test_scan_makes_one_and_the_document_holds_it(door, tmp_path):
    host = ScannedHost()
    result = door(host, update_agent="scan", evidence="file", evidence_dir=str(tmp_path))
    saved = json.loads((tmp_path / "web01.json").read_text(encoding="utf-8"))
    assert host.modules()[:2] == ["win_probe", "win_patch_job"]
    assert saved["scan"]["reboot_required_updates"] == [IDS[0]]
    assert "agent_updates_pending_reboot" in result["verdict"]["because"]
    assert not result.get("warnings")


def test_scan_uses_one_that_is_there(door):
    host = ScannedHost()
    door(host, update_agent="scan")
    host.calls.clear()
    result = door(host, update_agent="scan", evidence="return")
    assert host.modules() == ["win_probe", "win_probe"]
    assert result["evidence"]["scan"]["job"]["reused"] is True


def test_where_the_host_refuses_the_scan_its_signals_are_judged_all_the_same(door):
    host = ScannedHost()
    host.refusal = {"failed": True, "msg": "mallory owns it", "reason": "foreign_owner"}
    result = door(host, update_agent="scan", evidence="return")
    assert not result.get("failed")
    assert result["evidence"]["probes"]["update_agent"]["error"]["message"] == "mallory owns it"
    assert "the host was not scanned: mallory owns it" in result["warnings"]
    assert result["reboot_required"] is False


def test_a_scan_that_died_is_warned_of_and_the_older_one_still_speaks(door):
    host = scanned_host()
    host.outcome = "died"
    result = door(host, update_agent="scan", evidence="return")
    assert result["evidence"]["probes"]["update_agent"]["state"] == "ok"
    assert result["evidence"]["scan"]["complete"] is False
    assert "the job died" in result["warnings"][0]


def test_a_host_that_cannot_be_read_or_is_lost_ends_as_without_a_scan(door):
    broken = ScannedHost()
    broken.losses[1] = {"failed": True, "msg": "MODULE FAILURE"}
    result = door(broken, update_agent="scan")
    assert (result["failed"], result["verdict"]["reboot"]) == (True, "unknown")
    lost = ScannedHost(takes=600)
    lost.losses.update(dict.fromkeys(range(4, 8), AnsibleConnectionFailure("gone")))
    assert door(lost, update_agent="scan")["unreachable"] is True


def test_the_fact_of_a_scanned_host_says_how_its_updates_stand(door):
    result = door(ScannedHost(), FactsDoor, update_agent="scan")
    fact = result["ansible_facts"]["winops_patching"]
    assert fact["machine"] == "non_compliant"
    assert sum(fact["updates"].values()) == 2
    assert fact["reboot"] == "required"
    assert len(json.dumps(fact)) <= 2000
    assert "machine" not in door(ScannedHost(), FactsDoor)["ansible_facts"]["winops_patching"]


def test_the_fact_of_a_scan_that_failed_is_unknown(door):
    fact = door(ScannedHost(outcome="died"), FactsDoor, update_agent="scan")["ansible_facts"]["winops_patching"]
    assert fact["machine"] == "unknown"


def test_a_mistake_in_the_policy_of_compliance_is_told_before_the_scan(door):
    host = ScannedHost()
    with pytest.raises(AnsibleError, match=r"policy\.expected_source"):
        door(host, update_agent="scan", policy={"expected_source": 7})
    assert host.calls == []
