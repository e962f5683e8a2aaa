# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The words of `ansible.windows.win_updates`: how it tells of updates, which it leaves out, and how calls fail."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from ..agent.errors import AgentError
from ..agent.lines import update_line
from .result import truth, words

DEFAULT_CATEGORIES: Final = ("Critical Updates", "Security Updates", "Update Rollups")
# The old way to write some of the names.
CAMEL_CASE: Final = {
    name.replace(" ", "").lower(): name.lower()
    for name in (
        *DEFAULT_CATEGORIES,
        "Definition Updates",
        "Developer Kits",
        "Feature Packs",
        "Service Packs",
    )
}
_TYPES: Final = {1: "Software", 2: "Driver"}
_IMPACTS: Final = {0: "Normal", 1: "Minor", 2: "RequiresExclusiveHandling"}
_REBOOTS: Final = {0: "NeverReboots", 1: "AlwaysRequiresReboot", 2: "CanRequestReboot"}
_ACTIONS: Final = {0: "None", 1: "Installation", 2: "Uninstallation", 3: "Detection"}


def info_of(update: Mapping[str, Any], language: str) -> dict[str, Any]:
    """One entry of `search_result`."""
    line = update_line(update, language)
    return {
        "id": line["id"],
        "title": line["title"],
        "description": line["title"],
        "kb": [f"KB{number}" for number in line["kb"] or []],
        "type": _TYPES.get(line["type"]),
        "deployment_action": _ACTIONS.get(line["deployment_action"], f"Unknown {line['deployment_action']}"),
        "auto_select_on_websites": not line["browse_only"],
        "browse_only": line["browse_only"],
        "revision_number": line["revision"],
        "categories": [category["name"] for category in line["categories"] or []],
        "is_installed": line["installed"],
        "is_hidden": line["hidden"],
        "is_present": line["present"],
        "reboot_required": line["reboot_required"],
        "impact": _IMPACTS.get(line["impact"]),
        "reboot_behaviour": _REBOOTS.get(line["reboot_behavior"]),
        "is_beta": line["beta"],
        "is_downloaded": line["downloaded"],
        "is_mandatory": line["mandatory"],
        "is_uninstallable": line["uninstallable"],
        "auto_selection": "LetWindowsUpdateDecide",
        "auto_download": "LetWindowsUpdateDecide",
    }


def filtered(info: Mapping[str, Any], args: Mapping[str, Any]) -> list[str]:
    """The module's filters; title and KBs are one text, which its patterns are searched in."""
    text = str(info["title"]) + " ".join(info["kb"])
    accept, reject = words(args.get("accept_list")), words(args.get("reject_list"))
    names = [name.lower() for name in words(args.get("category_names")) or DEFAULT_CATEGORIES]
    asked = {CAMEL_CASE.get(name, name) for name in names}
    reasons = {
        "accept_list": bool(accept) and not _any_in(accept, text),
        "reject_list": _any_in(reject, text),
        "hidden": bool(info["is_hidden"]),
        "category_names": "*" not in asked and not {name.lower() for name in info["categories"]} & asked,
        "skip_optional": truth(args, "skip_optional", default=False) and bool(info["browse_only"]),
    }
    return [reason for reason, holds in reasons.items() if holds]


def _any_in(patterns: list[str], text: str) -> bool:
    return any(re.search(pattern, text, re.IGNORECASE) for pattern in patterns)


def exception_of(error: AgentError, action: str | None) -> dict[str, Any]:
    """A call of the agent that failed: the only failure with a code."""
    message = f"{action}: {error}" if action else str(error)
    return {"message": message, "exception": str(error), "hresult": signed(error.hresult)}


def signed(hresult: str) -> int:
    """A code as PowerShell gives it."""
    return (int(hresult, 16) ^ 0x80000000) - 0x80000000


def progress_line(task: str, update: Mapping[str, Any], *, done: int, all_of: int, at: int) -> dict[str, Any]:
    """One call-back while updates are downloaded or installed; `at` is the percentage of this one."""
    size = int(update.get("size", 0))
    progress = {
        "CurrentUpdateId": str(update["id"]).lower(),
        "CurrentUpdateIndex": done,
        "CurrentUpdatePercentComplete": at,
        "PercentComplete": (100 * done + at) // all_of,
    }
    if task == "download":
        progress |= {
            "CurrentUpdateBytesDownloaded": size * at // 100,
            "CurrentUpdateBytesToDownload": size,
            "CurrentUpdateDownloadPhase": 2,
            "TotalBytesDownloaded": size * at // 100,
            "TotalBytesToDownload": size,
        }
    result = {"HResult": 0, "ResultCode": 1 if at < 100 else 2}
    return {"task": task, "result": {"progress": progress, "result": result}}
