# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""From a host's state over the reader's answer to evidence, verdict and fleet: every document has its fixed shape."""

from __future__ import annotations

import json

import pytest
from ansible_collections.winops.patching.plugins.plugin_utils._adapter.reader import chosen_signals, read_host
from ansible_collections.winops.patching.plugins.plugin_utils._evidence.catalogue import PROBES, SIGNALS
from ansible_collections.winops.patching.plugins.plugin_utils._report.fleet import (
    fleet_document,
    fleet_row,
    unread_row,
)
from ansible_collections.winops.patching.plugins.plugin_utils._verdict.reboot import reboot_verdict
from ansible_collections.winops.patching.tests.contract.shapes import (
    EVIDENCE,
    FLEET,
    VERDICT,
    answer_shape,
    problems,
)

_WINDOWS = "HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion"
_AGENT = f"{_WINDOWS}\\WindowsUpdate\\Auto Update\\RebootRequired"
_SESSION = "HKLM\\SYSTEM\\CurrentControlSet\\Control\\Session Manager"
_CCM = "root\\ccm\\ClientSDK:CCM_ClientUtilities.DetermineIfRebootPending"
_EXE = "HKLM\\SOFTWARE\\Microsoft\\Updates\\UpdateExeVolatile"
GUID = "d3b36f5d-2f4d-4cbd-9e4f-4a7e3f5a8a11"


def key(**values):
    return {"values": {name.replace("_", " "): entry for name, entry in values.items()}}


def dword(number):
    return {"type": "REG_DWORD", "data": number}


def pairs(*strings):
    return {_SESSION: key(PendingFileRenameOperations={"type": "REG_MULTI_SZ", "data": list(strings)})}


# Host words -> the verdict that the rules ask for.
HOSTS = {
    "clean": ({}, "not_required", "none", [], "yes"),
    "windows update": (
        {"registry": {_AGENT: key(**{GUID: dword(1)})}},
        "required",
        "soft",
        ["wu_reboot_required"],
        "yes",
    ),
    "windows update without values": ({"registry": {_AGENT: {}}}, "required", "soft", ["wu_reboot_required"], "yes"),
    "a system file": (
        {"registry": pairs("\\??\\C:\\Windows\\System32\\a.tmp", "!\\??\\C:\\Windows\\System32\\a.dll")},
        "required",
        "soft",
        ["pending_file_rename"],
        "yes",
    ),
    "only noise": ({"registry": pairs("\\??\\C:\\Windows\\Temp\\a.tmp", "")}, "not_required", "none", [], "yes"),
    "stale flags": (
        {"registry": {_EXE: {**key(Flags=dword(3)), "write_time": "2020-01-01T00:00:00Z"}}},
        "not_required",
        "none",
        [],
        "yes",
    ),
    "join": (
        {"registry": {"HKLM\\SYSTEM\\CurrentControlSet\\Services\\Netlogon\\JoinDomain": {}}},
        "required",
        "soft",
        ["domain_join"],
        "yes",
    ),
    "new name": (
        {
            "registry": {
                "HKLM\\SYSTEM\\CurrentControlSet\\Control\\ComputerName\\ComputerName": key(
                    ComputerName={"type": "REG_SZ", "data": "web02"}
                )
            }
        },
        "required",
        "soft",
        ["computer_rename"],
        "yes",
    ),
    "configmgr hard": (
        {
            "methods": {_CCM: {"ReturnValue": 0, "RebootPending": True, "IsHardRebootPending": True}},
            "services": {"CcmExec": {"state": "running"}},
        },
        "required",
        "hard",
        ["ccm_reboot_pending"],
        "yes",
    ),
    "configmgr silent": (
        {"denied": ["root\\ccm\\ClientSDK"], "services": {"CcmExec": {"state": "running"}}},
        "unknown",
        "none",
        [],
        "yes",
    ),
    "configmgr silent and stopped": (
        {"denied": ["root\\ccm\\ClientSDK"], "services": {"CcmExec": {"state": "stopped"}}},
        "not_required",
        "none",
        [],
        "yes",
    ),
    "servicing key refused": ({"denied": [f"{_WINDOWS}\\Component Based Servicing"]}, "unknown", "none", [], "unknown"),
    "filtered token": ({"token": {"elevated": False}}, "unknown", "none", [], "unknown"),
    "agent refuses": (
        {"update_agent": {"remote": "denied", "reboot_required": True}},
        "not_required",
        "none",
        [],
        "yes",
    ),
    "agent says so": (
        {"update_agent": {"reboot_required": True}},
        "required",
        "soft",
        ["agent_reboot_required"],
        "yes",
    ),
    "reboot running": (
        {"registry": {f"{_WINDOWS}\\Component Based Servicing\\RebootInProgress": {"volatile": True}}},
        "required",
        "in_progress",
        ["cbs_reboot_in_progress"],
        "no",
    ),
    "installer": ({"mutexes": ["Global\\_MSIExecute"]}, "not_required", "none", [], "no"),
    "servicing works": ({"processes": [{"name": "TiWorker", "id": 812}]}, "not_required", "none", [], "no"),
}


@pytest.fixture
def assess(read):
    """`assess(words, since=…)`: the evidence document of a simulated host."""

    def run(words, *, since=False):
        built, failure = read_host(
            lambda _name, arguments: json.loads(json.dumps(read(words, arguments["probes"]))),
            host="web01",
            signals=chosen_signals(None, None, "auto"),
            since=since,
            run_id="r1",
        )
        assert failure is None
        return built

    return run


@pytest.mark.parametrize("host", HOSTS)
def test_a_hosts_state_leads_to_the_verdict_that_the_rules_ask_for(host, assess):
    words, reboot, kind, because, safe = HOSTS[host]
    found = reboot_verdict(assess(words))
    assert (found.reboot, found.kind, list(found.because), found.safe_to_reboot) == (reboot, kind, because, safe)


@pytest.mark.parametrize("since", [False, True])
@pytest.mark.parametrize("host", HOSTS)
def test_evidence_and_verdict_have_their_fixed_shapes(host, since, assess):
    evidence = assess(HOSTS[host][0], since=since)
    assert list(problems(EVIDENCE, evidence)) == []
    assert list(evidence["probes"]) == list(PROBES)
    found = reboot_verdict(evidence).as_dict()
    assert list(problems(VERDICT, found)) == []
    assert [entry["id"] for entry in found["signals"]] == list(SIGNALS)


@pytest.mark.parametrize("host", HOSTS)
def test_the_document_keeps_every_answer_of_the_host_as_it_came(host, assess):
    for name, entry in assess(HOSTS[host][0])["probes"].items():
        answer = {key: value for key, value in entry.items() if key != "asked"}
        assert list(problems(answer_shape(PROBES[name]["kind"]), answer)) == []
        assert entry["asked"] == {key: value for key, value in PROBES[name].items() if key != "id"}


def test_the_fleet_document_has_its_fixed_shape_with_dead_hosts_in_it(assess):
    rows = {
        name: fleet_row(reboot_verdict(assess(words)).as_dict(signals=False)) for name, (words, *_) in HOSTS.items()
    }
    rows["dead"] = unread_row("unreachable: no route")
    fleet = json.loads(json.dumps(fleet_document(rows, at="2026-11-18T03:30:00Z", run_id="r1")))
    assert list(problems(FLEET, fleet)) == []
    assert set(fleet["hosts"]) == {*HOSTS, "dead"}
    assert sum(fleet["totals"]["reboot"].values()) == fleet["totals"]["hosts"] == len(HOSTS) + 1


def test_since_is_the_write_time_of_the_key_that_decides(assess):
    words = {"registry": {_AGENT: {"write_time": "2026-11-17T22:40:00Z"}}}
    assert reboot_verdict(assess(words, since=True)).since == "2026-11-17T22:40:00Z"
    assert reboot_verdict(assess(words)).since is None


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"schema": "winops.patching/evidence/2"}, "$.schema"),
        ({"host": None}, "$.host"),
        ({"boot_time": "yesterday"}, "$.boot_time"),
        ({"colour": "red"}, "$.colour"),
    ],
)
def test_a_departure_of_a_document_is_seen(change, place, assess):
    (problem,) = problems(EVIDENCE, {**assess({}), **change})
    assert problem.startswith(place)
