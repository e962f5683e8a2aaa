# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Evidence documents for tests: a healthy host, and the answers by which one departs from it."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from ansible_collections.winops.patching.plugins.plugin_utils._evidence.catalogue import PROBES
from ansible_collections.winops.patching.plugins.plugin_utils._evidence.document import SCHEMA
from ansible_collections.winops.patching.plugins.plugin_utils._verdict.reboot import reboot_verdict

BOOT = "2026-11-01T03:12:00Z"
BEFORE_BOOT = "2026-11-01T03:11:59Z"
AFTER_BOOT = "2026-11-17T22:40:00Z"
COLLECTED = "2026-11-18T03:20:00Z"
GUID = "d3b36f5d-2f4d-4cbd-9e4f-4a7e3f5a8a11"
SIGNIFICANT_PAIR = ["\\??\\C:\\Windows\\System32\\SET1.tmp", "!\\??\\C:\\Windows\\System32\\a.dll"]
MINOR_PAIR = ["\\??\\C:\\Contoso\\log.txt", ""]
IGNORED_PAIR = ["\\??\\C:\\Windows\\Temp\\a.tmp", ""]

ABSENT: Mapping[str, Any] = {"state": "absent", "ms": 1}


def ok(**data: Any) -> dict[str, Any]:
    """An answer with data."""
    return {"state": "ok", "data": data, "ms": 1}


def refused(state: str = "denied", message: str = "Access is denied.") -> dict[str, Any]:
    """An answer without data: denied, timeout or error."""
    return {"state": state, "error": {"type": "System.Exception", "hresult": "0x80070005", "message": message}, "ms": 1}


def value(data: Any, kind: str = "REG_DWORD") -> dict[str, Any]:
    """One registry value."""
    return {"kind": kind, "data": data}


def text(data: Any) -> dict[str, Any]:
    """One registry value of text."""
    return value(data, "REG_SZ")


def queue(*strings: str, name: str = "PendingFileRenameOperations") -> dict[str, Any]:
    """The answer of the Session Manager's key with one rename queue."""
    return ok(values={name: value(list(strings), "REG_MULTI_SZ")})


def flags(number: Any, write_time: str | None = AFTER_BOOT) -> dict[str, Any]:
    """The answer of one view of UpdateExeVolatile."""
    return ok(values={"Flags": value(number)}, write_time=write_time)


def running(*processes: tuple[str, int]) -> dict[str, Any]:
    """The answer of the process probe."""
    return ok(running=[{"name": name, "id": number, "started": AFTER_BOOT} for name, number in processes])


def service(state: str) -> dict[str, Any]:
    """The answer about the ConfigMgr client's service."""
    return ok(services=[{"name": "CcmExec", "state": state, "start": "auto"}])


def client(*, soft: Any = False, hard: Any = False, result: Any = 0) -> dict[str, Any]:
    """The out parameters of DetermineIfRebootPending."""
    return ok(ReturnValue=result, RebootPending=soft, IsHardRebootPending=hard, InGracePeriod=False)


def scan(*updates: str, scanned_at: Any = AFTER_BOOT, required: Any = False) -> dict[str, Any]:
    """What a finished scan job adds to the evidence."""
    return ok(scanned_at=scanned_at, reboot_required=required, updates_pending_reboot=list(updates))


def announcement(number: int, time: Any) -> dict[str, Any]:
    """One event of the shutdown announcements."""
    return {"id": number, "time": time, "provider": "User32", "message": "…", "data": []}


SYSTEM: Mapping[str, Any] = {
    "computer_name": "WEB01",
    "os_caption": "Microsoft Windows Server 2022 Datacenter",
    "os_build": "20348.2700",
    "product_type": 3,
    "boot_time": BOOT,
    "time_zone": "W. Europe Standard Time",
    "powershell": "5.1.20348.2700",
    "is_64bit": True,
    "user": "WEB01\\Administrator",
    "elevated": True,
    "is_system": False,
    "language_mode": "FullLanguage",
    "execution_policy": "RemoteSigned",
    "clock": COLLECTED,
    "errors": [],
}

# What is not listed here is absent on a healthy host.
HEALTHY: Mapping[str, Mapping[str, Any]] = {
    "cbs_interface": ok(values={}),
    "session_manager": ok(values={}),
    "name_active": ok(values={"ComputerName": text("WEB01")}),
    "name_next": ok(values={"ComputerName": text("WEB01")}),
    "tcpip": ok(values={"Hostname": text("web01"), "NV Hostname": text("web01")}),
    "netlogon": ok(values={}, subkeys=["Parameters", "Private"]),
    "server_manager": ok(values={}),
    "component_cache": ok(values={"RestartRequired": value(0)}),
    "run_once": ok(values={}),
    "dsc_lcm": ok(ReturnValue=0, MetaConfiguration={"LCMState": "Idle"}),
    "system_info": ok(value=False),
    "shutdown_events": ok(events=[]),
}

# One answer for each signal that makes it present.
PRESENT: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    "wu_reboot_required": {"wu_reboot_required": ok(values={GUID: value(1)})},
    "agent_reboot_required": {"system_info": ok(value=True)},
    "agent_updates_pending_reboot": {"update_agent": scan(GUID)},
    "cbs_reboot_pending": {"cbs_reboot_pending": ok(values={})},
    "cbs_reboot_in_progress": {"cbs_reboot_in_progress": ok(values={})},
    "ccm_reboot_pending": {"ccm_reboot": client(soft=True)},
    "reboot_witness": {"reboot_witness": ok(values={"Reason": text("msiexec answered 3010")})},
    "pending_file_rename": {"session_manager": queue(*SIGNIFICANT_PAIR)},
    "pending_file_rename_2": {"session_manager": queue(*SIGNIFICANT_PAIR, name="PendingFileRenameOperations2")},
    "computer_rename": {
        "name_active": ok(values={"ComputerName": text("WEB01")}),
        "name_next": ok(values={"ComputerName": text("WEB02")}),
    },
    "hostname_rename": {"tcpip": ok(values={"Hostname": text("web01"), "NV Hostname": text("web02")})},
    "domain_join": {"netlogon": ok(values={}, subkeys=["JoinDomain"])},
    "dsc_pending_reboot": {"dsc_lcm": ok(MetaConfiguration={"LCMState": "PendingReboot"})},
    "update_exe_volatile": {"update_exe": flags(2)},
    "server_manager_attempts": {"server_manager": ok(values={"CurrentRebootAttempts": value(1)})},
    "server_manager_restart": {"component_cache": ok(values={"RestartRequired": value(1)})},
    "cbs_packages_pending": {"cbs_packages_pending": ok(values={}, subkeys=["Package_for_KB5030216"])},
    "winsxs_pending_xml": {"pending_xml": ok(length=10, modified=AFTER_BOOT, version=None, sha256=None)},
    "dvd_reboot_signal": {"run_once": ok(values={"DVDRebootSignal": text("x")})},
    "wu_ux_reboot_required": {"wu_ux_state": ok(values={"RebootRequired": value(1)})},
    "wu_post_reboot_reporting": {"wu_reporting": ok(values={})},
    "shutdown_scheduled": {"shutdown_events": ok(events=[announcement(1074, AFTER_BOOT)])},
    "servicing_in_progress": {"processes": running(("TiWorker", 812))},
    "installer_running": {"msi_mutex": ok(exists=True)},
    "patch_job_running": {
        "running_job": ok(values={"Id": text("j1"), "ProcessId": value(4711)}),
        "processes": running(("powershell", 4711)),
    },
}


def document(probes: Mapping[str, Any] | None = None, *, system: Mapping[str, Any] | None = None, **top: Any) -> Any:
    """The document of a healthy host with some probes answered otherwise; LEFT_OUT leaves a probe out."""
    block = {**SYSTEM, **(system or {})}
    answers = {name: HEALTHY.get(name, ABSENT) for name in PROBES} | dict(probes or {})
    built = {
        "schema": SCHEMA,
        "host": "web01",
        "collected_at": block["clock"],
        "boot_time": block["boot_time"],
        "run_id": None,
        "since": False,
        "error": None,
        "custom_signals": [],
        "asked_signals": None,
        "system": block,
        "probes": {name: _asked(name, answer) for name, answer in answers.items() if answer is not LEFT_OUT},
        **top,
    }
    return copy.deepcopy(built)


LEFT_OUT: Any = object()


def _asked(name: str, answer: Any) -> Any:
    if not isinstance(answer, Mapping) or name not in PROBES:
        return answer
    return {"asked": {key: entry for key, entry in PROBES[name].items() if key != "id"}, **answer}


def with_present(*signals: str, **options: Any) -> Any:
    """The document of a host on which these signals are present, and no other."""
    answers: dict[str, Any] = {}
    for name in signals:
        answers.update(PRESENT[name])
    return document(answers, **options)


def everything(**options: Any) -> Any:
    """The document of a host on which every signal is present."""
    both = {
        "PendingFileRenameOperations": value(SIGNIFICANT_PAIR, "REG_MULTI_SZ"),
        "PendingFileRenameOperations2": value(SIGNIFICANT_PAIR, "REG_MULTI_SZ"),
    }
    answers: dict[str, Any] = {probe: answer for probes in PRESENT.values() for probe, answer in probes.items()}
    answers["session_manager"] = ok(values=both)
    answers["processes"] = running(("TiWorker", 812), ("wusa", 813), ("powershell", 4711))
    return document(answers, **options)


def verdict(evidence: Any, policy: Any = None, now: Any = None) -> dict[str, Any]:
    """The verdict in its published shape."""
    return reboot_verdict(evidence, policy, now=now).as_dict()


def signal(name: str, evidence: Any, policy: Any = None, now: Any = None) -> dict[str, Any]:
    """One signal of the verdict in its published shape."""
    return next(entry for entry in verdict(evidence, policy, now)["signals"] if entry["id"] == name)


def judged(name: str, probes: Mapping[str, Any], **system: Any) -> dict[str, Any]:
    """One signal of a host that is healthy but for these answers."""
    return signal(name, document(probes, system=system))
