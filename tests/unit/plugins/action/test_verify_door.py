# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""win_patch_verify_info: sources are asked in few runs, and what they say is compared."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

import pytest
from ansible.errors import AnsibleError
from ansible_collections.winops.patching.plugins.action.win_patch_verify_info import ActionModule as VerifyDoor
from ansible_collections.winops.patching.plugins.action.win_rename_queue import ActionModule as QueueDoor
from ansible_collections.winops.patching.tests.unit.plugins.action.doors import Door
from ansible_collections.winops.patching.tests.unit.plugins.action.simulated import (
    SimulatedDoor,
    simulated_host,
)
from ansible_collections.winops.patching.tests.unit.plugins.plugin_utils.verdict.renames import move

from winsim import boot
from winsim.denial import SESSION_MANAGER

CBS = r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Component Based Servicing"
PACKAGE = "Package_for_KB5030216~31bf3856ad364e35~amd64~~10.0.1.0"
ROLLUP = "Package_for_RollupFix~31bf3856ad364e35~amd64~~20348.2700.1.8"
DLL, SET1 = r"C:\Windows\System32\a.dll", r"C:\Windows\System32\SET1.tmp"
HOTFIXES = {r"root\cimv2:Win32_QuickFixEngineering": [{"HotFixID": "KB5030216"}, {"HotFixID": "KB5012345"}]}
RULE = {"update": "KB5030216", "path": DLL, "min_version": "2.0.0.0"}
QUEUE = {
    SESSION_MANAGER: {
        "values": {"PendingFileRenameOperations": {"type": "REG_MULTI_SZ", "data": move(SET1, DLL)}},
    }
}


def state(name, number):
    """The registry key of one package."""
    return {rf"{CBS}\Packages\{name}": {"values": {"CurrentState": {"type": "REG_DWORD", "data": number}}}}


@pytest.fixture
def make(tmp_path):
    """`make(…)`: the door on a host of build 20348.2700 with these words."""

    def door(action=VerifyDoor, **words):
        system = {"build": "20348.2700", "boot_time": "2026-11-01T03:12:00Z"}
        host = simulated_host(tmp_path, os=system, **{"cim": HOTFIXES, **words})
        return SimulatedDoor(action, "winops.patching.win_patch_verify_info", host)

    return door


def test_hotfixes_and_build_of_an_update_that_is_there_agree(make):
    door = make()
    result = door.run(updates=[{"kb": "KB5030216", "builds": ["20348.2700", "20348.2695"]}])
    assert (result["verdict"], result["changed"], result["build"]) == ("verified", False, "20348.2700")
    assert result["updates"]["KB5030216"]["agree"] == ["hotfix_list", "build"]
    assert len(door.calls) == 1
    assert "warnings" not in result


def test_check_mode_says_the_same(make):
    assert make().run(updates=["KB5030216"], check_mode=True) == make().run(updates=["KB5030216"])


@pytest.mark.parametrize("registry", [{}, {SESSION_MANAGER: {}}], ids=["no key", "no value"])
def test_a_missing_session_manager_key_is_an_empty_queue(make, registry):
    result = make(registry=registry, files={DLL: {"version": "2.0.0.0"}}).run(
        file_rules=[RULE], prediction={"state": "clean", "targets": {}}
    )
    assert (result["verdict"], result["predictions"][0]["verdict"]) == ("verified", "verified")
    assert make(registry=registry).run(file_rules=[RULE])["updates"]["KB5030216"]["disagree"] == ["files"]


def test_a_refused_list_of_packages_leaves_the_update_unknown(make):
    result = make(denied=[rf"{CBS}\Packages"]).run(updates=["KB5030216"], list_packages=True)
    assert (result["verdict"], result["updates"]["KB5030216"]["unsure"]) == ("unknown", ["component_servicing"])
    assert "the list of packages could not be read: access denied" in result["sentence"]


def test_a_named_package_is_asked_for_by_its_exact_name(make):
    door = make(registry=state(PACKAGE, 0x60))
    result = door.run(updates=[{"kb": "5030216", "packages": [PACKAGE]}])
    assert (result["verdict"], len(door.calls)) == ("pending", 2)
    assert result["updates"]["KB5030216"]["disagree"] == ["hotfix_list"]


def test_packages_are_looked_up_in_the_list_only_on_request(make):
    words = {"registry": {**state(PACKAGE, 0x70), **state(ROLLUP, 0x70), **state("Other~~1", 0x40)}}
    demand = [{"kb": "5030216", "builds": ["20348.2700"]}]
    door = make(**words)
    assert "component_servicing" not in door.run(updates=demand)["updates"]["KB5030216"]["agree"]
    result = door.run(updates=demand, list_packages=True)
    assert "component_servicing" in result["updates"]["KB5030216"]["agree"]
    assert len(door.calls[-1][1]["probes"]) == 2


def test_a_file_that_waits_for_the_boot_is_pending_and_verified_after_it(make):
    door = make(registry=QUEUE, files={DLL: {"version": "1.0.0.0"}, SET1: {"version": "2.0.0.0"}}, cim={})
    result = door.run(file_rules=[RULE])
    assert (result["verdict"], result["updates"]["KB5030216"]["agree"]) == ("pending", ["files"])
    prediction = SimulatedDoor(QueueDoor, "winops.patching.win_rename_queue", door.host).run()["rename_queue"]
    boot.carry_out(door.host, "test", datetime(2026, 11, 18, 4, 0, tzinfo=UTC))
    result = door.run(updates=[], file_rules=[RULE], prediction=prediction)
    assert [entry["verdict"] for entry in result["predictions"]] == ["verified"]
    assert "files" in result["updates"]["KB5030216"]["agree"]


def test_a_prediction_alone_is_enough_to_ask(make):
    prediction = {"targets": {DLL: {"outcome": "replaced", "final_version": "2.0.0.0"}}}
    result = make(files={DLL: {"version": "1.0.0.0"}}).run(prediction=prediction)
    assert (result["verdict"], result["updates"]) == ("inconsistent", {})


def test_hashes_are_read_for_rules_that_want_them(make):
    door = make(files={DLL: {"text": "new"}})
    digest = hashlib.sha256(b"new").hexdigest()
    result = door.run(file_rules=[{"update": "KB5030216", "path": DLL, "sha256": digest}])
    assert door.calls[-1][1]["probes"][0]["hash"] is True
    assert result["verdict"] == "verified"


@pytest.mark.parametrize("denied", [r"root\cimv2", SESSION_MANAGER, DLL])
def test_what_is_refused_leaves_it_unknown_with_a_warning(make, denied):
    result = make(denied=[denied], files={DLL: {"version": "2.0.0.0"}}).run(file_rules=[RULE])
    known = denied == r"root\cimv2"
    assert result["verdict"] == ("verified" if known else "unknown")
    assert bool(result.get("warnings")) is not known


def test_files_beyond_the_limit_are_unknown_and_said(make):
    result = make(files={DLL: {"version": "2.0.0.0"}}).run(file_rules=[RULE], max_files=0)
    assert result["verdict"] == "unknown"
    assert "1 file was not looked at" in result["warnings"][0]


def test_a_broken_reader_fails_with_everything_unknown():
    door = Door(VerifyDoor, "winops.patching.win_patch_verify_info", {"failed": True, "msg": "broken"})
    result = door.run(updates=["KB5030216"], builds=["20348.2700"], file_rules=[RULE])
    assert (result["failed"], result["verdict"]) == (True, "unknown")
    assert "broken" in result["error"]


@pytest.mark.parametrize(
    "options", [{}, {"updates": ["latest"]}, {"builds": ["20348"]}, {"file_rules": [{}]}, {"max_files": 9999}]
)
def test_a_wrong_option_fails_before_the_host_is_asked(make, options):
    door = make()
    with pytest.raises(AnsibleError):
        door.run(**options)
    assert door.calls == []
