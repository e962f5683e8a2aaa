# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Updates and history of the agent as the worker writes them: one map a line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from ..clock import stamp
from ..model import UpdateAgent
from .categories import categories_of
from .criteria import is_driver

# windows.md §2.4, §2.5.
REBOOT_BEHAVIOR: Final = {"never": 0, "always_requires": 1, "can_request": 2}
IMPACT: Final = {"normal": 0, "minor": 1, "exclusive": 2}
DEPLOYMENT: Final = {"none": 0, "installation": 1, "uninstallation": 2, "detection": 3, "optional_installation": 4}
OPERATIONS: Final = {"install": 1, "uninstall": 2}
RESULTS: Final = {
    "not_started": 0,
    "in_progress": 1,
    "succeeded": 2,
    "succeeded_with_errors": 3,
    "failed": 4,
    "aborted": 5,
}
SELECTIONS: Final = {"default": 0, "managed_server": 1, "windows_update": 2, "service": 3}
UNSPECIFIED: Final = "0x80004005"
UNSPECIFIED_TEXT: Final = "Unspecified error"
# What IUpdateInstaller says of the host, by the word of the host file.
INSTALLER_FLAGS: Final = {
    "busy": "IsBusy",
    "reboot_required_before_installation": "RebootRequiredBeforeInstallation",
}
NO_SERVICE: Final = "00000000-0000-0000-0000-000000000000"

Read = Callable[[Mapping[str, Any]], object]
# The key of a line -> the agent's own property, and what it holds.
UPDATE: Final[Mapping[str, tuple[str, Read]]] = {
    "revision": ("RevisionNumber", lambda u: u.get("revision", 1)),
    "title": ("Title", lambda u: u.get("title", _title(u))),
    "kb": ("KBArticleIDs", lambda u: u.get("kb", [])),
    "categories": ("Categories", lambda u: u["categories"]),
    "type": ("Type", lambda u: 2 if is_driver(u) else 1),
    "severity": ("MsrcSeverity", lambda u: u.get("severity")),
    "cves": ("CveIDs", lambda u: u.get("cves", [])),
    "bulletins": ("SecurityBulletinIDs", lambda u: u.get("bulletins", [])),
    "min_size": ("MinDownloadSize", lambda u: u.get("size", 0)),
    "max_size": ("MaxDownloadSize", lambda u: u.get("size", 0)),
    "installed": ("IsInstalled", lambda u: u.get("installed", False)),
    "downloaded": ("IsDownloaded", lambda u: u.get("downloaded", False)),
    "hidden": ("IsHidden", lambda u: u.get("hidden", False)),
    "mandatory": ("IsMandatory", lambda u: u.get("mandatory", False)),
    "present": ("IsPresent", lambda u: u.get("present", u.get("installed", False))),
    "beta": ("IsBeta", lambda u: u.get("beta", False)),
    "uninstallable": ("IsUninstallable", lambda u: u.get("uninstallable", u.get("installed", False))),
    "browse_only": ("BrowseOnly", lambda u: u.get("browse_only", False)),
    "reboot_required": ("RebootRequired", lambda u: u.get("reboot_required", False)),
    "reboot_behavior": ("RebootBehavior", lambda u: REBOOT_BEHAVIOR[u.get("reboot_behavior", "never")]),
    "impact": ("Impact", lambda u: IMPACT[u.get("impact", "normal")]),
    "can_request_user_input": ("CanRequestUserInput", lambda u: u.get("user_input", False)),
    "eula_accepted": ("EulaAccepted", lambda u: u.get("eula_accepted", True)),
    "deployment_action": ("DeploymentAction", lambda u: DEPLOYMENT[u.get("deployment_action", "installation")]),
    "deadline": ("Deadline", lambda u: _time(u.get("deadline"))),
    "last_deployment_change": ("LastDeploymentChangeTime", lambda u: _time(u.get("released"))),
    "supersedes": ("SupersededUpdateIDs", lambda u: u.get("supersedes", [])),
}


def told(update: Mapping[str, Any], name: str) -> Any:
    """What the agent tells of one key of a line but its categories; None where it would not tell."""
    return None if name in update.get("unreadable", ()) else UPDATE[name][1](update)


def update_line(update: Mapping[str, Any], language: str) -> dict[str, Any]:
    """What `unreadable` names is null: the agent would not tell it."""
    hidden = update.get("unreadable", ())
    whole = {**update, "categories": categories_of(update, language)}
    line: dict[str, Any] = {"line": "update", "id": str(update["id"]).lower()}
    line.update({name: None if name in hidden else read(whole) for name, (_, read) in UPDATE.items()})
    return line


def unreadable_warnings(updates: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """One for each property that some updates would not tell."""
    times = Counter(UPDATE[name][0] for update in updates for name in update.get("unreadable", ()))
    return [
        {
            "context": "unreadable",
            "hresult": UNSPECIFIED,
            "message": f"{name} could not be read {times[name]} times: {UNSPECIFIED_TEXT}",
        }
        for name in sorted(times, key=str.lower)
    ]


def installer_warnings(agent: UpdateAgent) -> list[dict[str, Any]]:
    """One for each flag of the installer that the agent would not tell."""
    failure = {"context": "installer", "hresult": UNSPECIFIED, "message": UNSPECIFIED_TEXT}
    return [dict(failure) for word in INSTALLER_FLAGS if word in agent.unreadable]


def installer_flag(agent: UpdateAgent, word: str) -> bool | None:
    """What the installer says of itself; None where the agent would not tell."""
    if word in agent.unreadable:
        return None
    return agent.busy if word == "busy" else agent.refuses_to_install


def history_lines(agent: UpdateAgent, most: int) -> list[dict[str, Any]]:
    """The newest `most` entries, newest first; one without a time comes last."""
    dated = sorted(agent.history, key=lambda entry: _time(_when(entry)) or "", reverse=True)
    return [_history_line(entry) for entry in dated[:most]]


def _history_line(entry: Mapping[str, Any]) -> dict[str, Any]:
    result = RESULTS.get(str(entry.get("result", "succeeded")), entry.get("result"))
    operation = OPERATIONS.get(str(entry.get("operation", "install")), entry.get("operation"))
    selection = entry.get("server_selection", "default")
    return {
        "line": "history",
        "date": _time(_when(entry)),
        "operation": operation,
        "result_code": result,
        "hresult": _hex(entry.get("hresult", 0)),
        "unmapped_result_code": entry.get("unmapped_result_code", 0),
        "title": entry.get("title") or None,
        "id": str(entry["id"]).lower() if entry.get("id") else None,
        "revision": entry.get("revision", 1),
        "client": entry.get("client", "UpdateOrchestrator"),
        "server_selection": SELECTIONS.get(str(selection), selection),
        "service_id": str(entry.get("service_id", NO_SERVICE)).lower(),
    }


def _when(entry: Mapping[str, Any]) -> Any:
    return entry.get("at", entry.get("date"))


def _title(update: Mapping[str, Any]) -> str:
    return f"Update for Windows (KB{update['kb'][0]})" if update.get("kb") else f"Update for Windows ({update['id']})"


def _time(value: object) -> str | None:
    return stamp(value) if isinstance(value, datetime) else None


def _hex(value: object) -> str:
    """Eight digits, from a number of either sign or from text."""
    number = int(value, 0) if isinstance(value, str) else int(value) if isinstance(value, int) else 0
    return f"0x{number & 0xFFFFFFFF:08X}"
