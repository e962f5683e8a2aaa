# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""`ansible.windows.win_updates`, as far as it searches: start, the poll that waits for the result, cancel.

Shapes from the module and its action plugin (ansible.windows 3.8.0). Nothing is downloaded or installed:
`state: searched` and check mode are answered, everything else is refused by name.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from ..agent.errors import AgentError
from ..agent.lines import update_line
from ..agent.search import Request, search, search_takes
from ..host import Access, Host
from ..model import Process
from .result import ModuleFailedError, truth, words

CRITERIA: Final = "IsInstalled = 0"
DEFAULT_CATEGORIES: Final = ("Critical Updates", "Security Updates", "Update Rollups")
SELECTIONS: Final = ("default", "managed_server", "windows_update")
FIRST_PROCESS_ID: Final = 6000

# Words that the module makes of the agent's numbers.
_TYPES: Final = {1: "Software", 2: "Driver"}
_IMPACTS: Final = {0: "Normal", 1: "Minor", 2: "RequiresExclusiveHandling"}
_REBOOTS: Final = {0: "NeverReboots", 1: "AlwaysRequiresReboot", 2: "CanRequestReboot"}
_ACTIONS: Final = {0: "None", 1: "Installation", 2: "Uninstallation", 3: "Detection"}


@dataclass(eq=False)
class UpdateRun:
    """The process that `start` leaves on the host, until `cancel` or a boot ends it."""

    args: dict[str, Any]
    process: Process
    ready_at: datetime
    told: bool = False


def win_updates(access: Access, args: Mapping[str, Any]) -> dict[str, Any]:
    """One call of the module. Raises ModuleFailedError for what is not emulated."""
    operation = str(args.get("_operation") or "start")
    if operation not in _OPERATIONS:
        raise ModuleFailedError(f"winsim does not emulate the operation {operation} of win_updates")
    return _OPERATIONS[operation](access, args)


def poll_takes(access: Access, args: Mapping[str, Any]) -> float:
    """Real seconds that this call waits: a poll reads from a pipe into which the result is still to come."""
    if args.get("_operation") != "poll":
        return 0.0
    run = access.host.update_runs.get(_pipe(args))
    if run is None or run.told:
        return 0.0
    return max(0.0, access.host.clock.real_seconds((run.ready_at - access.now).total_seconds()))


def _start(access: Access, args: Mapping[str, Any]) -> dict[str, Any]:
    host = access.host
    for_testing = args.get("_operation") == "test"
    searches = args.get("state") == "searched" or truth(args, "_ansible_check_mode", default=False)
    if not searches and not for_testing:
        raise ModuleFailedError("winsim emulates win_updates with state: searched or in check mode, nothing else")
    selection = str(args.get("server_selection") or "default")
    if selection not in SELECTIONS:
        choices = ", ".join(SELECTIONS)
        raise ModuleFailedError(f"value of server_selection must be one of: {choices}. Got no match for: {selection}")
    number = max([FIRST_PROCESS_ID, *(process.id for process in host.processes)]) + 4
    process = Process("powershell", number, access.now)
    host.processes.append(process)
    name = str(uuid.uuid4())
    takes = 0.0 if for_testing else search_takes(host, Request(CRITERIA, selection))
    run = UpdateRun(dict(args), process, access.now + timedelta(seconds=takes))
    host.update_runs[f"Ansible.Windows.WinUpdates-{name}"] = run
    return {
        "changed": False,
        "cancel_options": {"cancel_id": f"Global\\Ansible.Windows.WinUpdates-{name}", "task_pid": number},
        "poll_options": {"pipe_name": f"Ansible.Windows.WinUpdates-{name}"},
    }


def _poll(access: Access, args: Mapping[str, Any]) -> dict[str, Any]:
    run = access.host.update_runs.get(_pipe(args))
    if run is None or run.process not in access.host.processes:
        raise ModuleFailedError("Timed out waiting for server pipe to be available")
    run.told = True
    return {"changed": False, "output": list(_progress(access.host, run.args))}


def _cancel(access: Access, args: Mapping[str, Any]) -> dict[str, Any]:
    options = args.get("_operation_options") or {}
    runs = access.host.update_runs
    for name, run in list(runs.items()):
        if str(options.get("cancel_id", "")).endswith(name):
            del runs[name]
            if run.process in access.host.processes:
                access.host.processes.remove(run.process)
    return {"changed": False}


_OPERATIONS: Final[Mapping[str, Callable[[Access, Mapping[str, Any]], dict[str, Any]]]] = {
    "start": _start,
    "test": _start,
    "poll": _poll,
    "cancel": _cancel,
}


def _pipe(args: Mapping[str, Any]) -> str:
    return str((args.get("_operation_options") or {}).get("pipe_name"))


def _progress(host: Host, args: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What the pipe holds in the end: the result of the search, and the exit."""
    agent = host.update_agent
    ended: dict[str, Any] = {
        "changed": False,
        "failed": False,
        "reboot_required": bool(agent and agent.reboot_required),
        "action": None,
        "exception": None,
    }
    if args.get("_operation") == "test":
        return [{"task": "exit", "result": ended}]
    try:
        found = search(host, Request(CRITERIA, str(args.get("server_selection") or "default")))
    except AgentError as error:
        return [{"task": "exit", "result": {**ended, "failed": True, "exception": _exception(error)}}]
    infos = [_info(update, agent.language if agent else "en") for update in found.updates]
    filtered = [{"id": info["id"], "reasons": why} for info in infos if (why := _filtered(info, args))]
    installs = args.get("state", "installed") != "searched"
    ended["changed"] = installs and len(filtered) < len(infos)
    return [
        {"task": "search_result", "result": {"updates": infos, "filtered": filtered}},
        {"task": "exit", "result": ended},
    ]


def _exception(error: AgentError) -> dict[str, Any]:
    signed = (int(error.hresult, 16) ^ 0x80000000) - 0x80000000
    return {"message": f"Searching for updates: {error}", "exception": str(error), "hresult": signed}


def _info(update: Mapping[str, Any], language: str) -> dict[str, Any]:
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


def _filtered(info: Mapping[str, Any], args: Mapping[str, Any]) -> list[str]:
    """The module's filters; title and KBs are one text, which its patterns are searched in."""
    text = str(info["title"]) + " ".join(info["kb"])
    accept, reject = words(args.get("accept_list")), words(args.get("reject_list"))
    asked = [name.lower() for name in words(args.get("category_names")) or DEFAULT_CATEGORIES]
    reasons = {
        "accept_list": bool(accept) and not _any_in(accept, text),
        "reject_list": _any_in(reject, text),
        "hidden": bool(info["is_hidden"]),
        "category_names": "*" not in asked and not {name.lower() for name in info["categories"]} & set(asked),
        "skip_optional": truth(args, "skip_optional", default=False) and bool(info["browse_only"]),
    }
    return [reason for reason, holds in reasons.items() if holds]


def _any_in(patterns: list[str], text: str) -> bool:
    return any(re.search(pattern, text, re.IGNORECASE) for pattern in patterns)
