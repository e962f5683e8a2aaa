# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What does FakeAgent.psm1 need for an installation, and what does its journal say in short?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

JOB: Final = "install-20261121T200000Z-1a2b3c4d"
NOW: Final = "2026-11-21T20:00:00Z"
A: Final = "00000000-0000-4000-8000-00000000000a"
B: Final = "00000000-0000-4000-8000-00000000000b"
C: Final = "00000000-0000-4000-8000-00000000000c"
_MACHINE: Final = "HKEY_LOCAL_MACHINE\\"
SESSION: Final = f"{_MACHINE}SYSTEM\\CurrentControlSet\\Control\\Session Manager"
RUN_ONCE: Final = f"{_MACHINE}SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\RunOnce"
SERVICING: Final = f"{_MACHINE}SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Component Based Servicing\\Interface"
WU_REBOOT: Final = f"{_MACHINE}SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\WindowsUpdate\\Auto Update\\RebootRequired"


def planned(name: str, minutes: int = 10, *, named: bool = False) -> dict[str, Any]:
    """An update of a plan."""
    return {"id": name, "revision": 1, "title": "", "run_minutes": minutes, "named": named}


def plan_of(*updates: Mapping[str, Any], **words: Any) -> dict[str, Any]:
    """A plan without windows that never reboots, but for `words`."""
    reboot = {"mode": "never", "not_before": None, "deadline": None, "reserve_minutes": 15, "max_reboots": 2}
    plan = {
        "schema": "winops.patching/plan/1",
        "id": JOB,
        "kind": "install",
        "run_id": None,
        "created_at": NOW,
        "delay_seconds": 0,
        "source": {"server_selection": "default", "service_id": None, "online": "auto", "attempts": 2},
        "updates": list(updates),
        "phases": ["download", "install"],
        "not_before": None,
        "start_before": None,
        "deadline": None,
        "reserve_minutes": 15,
        "min_free_mb": 2048,
        "busy_wait_minutes": 30,
    }
    whole = {**reboot, "warn_seconds": 300, "message": "", **words.pop("reboot", {})}
    return {**plan, **words, "reboot": whole}


def update(name: str) -> dict[str, Any]:
    """IUpdate, of which the worker reads these."""
    return {
        "Identity": {"UpdateID": name, "RevisionNumber": 1},
        "Categories": [],
        "Type": 1,
        "IsInstalled": False,
        "IsDownloaded": False,
        "IsHidden": False,
        "BrowseOnly": False,
        "RebootRequired": False,
        "EulaAccepted": True,
        "InstallationBehavior": {"RebootBehavior": 0, "Impact": 0, "CanRequestUserInput": False},
    }


def agent_of(*updates: dict[str, Any]) -> dict[str, Any]:
    """An agent that offers these, finds them installed when it is asked again, and can do everything."""
    names = (A, B, C)
    after = [{**offered, "IsInstalled": True} for offered in updates]
    return {
        "now": NOW,
        "boot_time": "2026-11-01T00:00:00Z",
        "searches": [found(updates), found(after)],
        "services": [],
        "history": [],
        "system_info": {"RebootRequired": False},
        "installer": {"IsBusy": False, "RebootRequiredBeforeInstallation": False},
        "registry": {},
        "free_mb": 50_000,
        "downloads": {name: [{"code": 2}] for name in names},
        "installs": {name: {"code": 2, "seconds": 60} for name in names},
        "exit_code": 0,
        "boots": False,
    }


def found(updates: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """An answer to a search."""
    return {"found": {"ResultCode": 2, "Updates": list(updates), "Warnings": []}}


def history(name: str, at: str) -> dict[str, Any]:
    """IUpdateHistoryEntry2."""
    identity = {"UpdateID": name, "RevisionNumber": 1}
    return {"Date": at, "Operation": 1, "ResultCode": 2, "HResult": 0, "UpdateIdentity": identity}


def named(calls: Iterable[Mapping[str, Any]], name: str) -> list[str]:
    """The updates of the calls of one name."""
    return [call["facts"]["id"] for call in calls if call["name"] == name]


def short(line: Mapping[str, Any]) -> str:
    """`installing/skipped C does_not_fit`: phase, step, the letter of the update, how it went."""
    head = f"{line['phase']}/{line['step']}" if "step" in line else str(line["phase"])
    update = str(line.get("id", ""))[-1:].upper() if "step" in line else ""
    told = "" if line["phase"] == "downloading" else line.get("reason") or line.get("result") or line.get("outcome")
    return " ".join(part for part in (head, update, told) if part)
