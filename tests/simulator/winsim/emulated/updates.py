# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""`ansible.windows.win_updates`: start, the polls that read what its process tells, cancel.

Shapes from the module and its action plugin (ansible.windows 3.8.0). Runs with `async` are refused.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from typing import Any, Final

from ..host import Access
from ..model import Process
from .result import ModuleFailedError
from .updates_run import UpdateRun

CHOICES: Final[Mapping[str, tuple[str, ...]]] = {
    "server_selection": ("default", "managed_server", "windows_update"),
    "state": ("installed", "searched", "downloaded"),
}
FIRST_PROCESS_ID: Final = 6000


def win_updates(access: Access, args: Mapping[str, Any]) -> dict[str, Any]:
    """One call of the module. Raises ModuleFailedError for what is not emulated."""
    operation = str(args.get("_operation") or "start")
    if operation not in _OPERATIONS:
        raise ModuleFailedError(f"winsim does not emulate the operation {operation} of win_updates")
    return _OPERATIONS[operation](access, args)


def poll_waits(access: Access, args: Mapping[str, Any]) -> float:
    """For how many real seconds there is no answer yet: a poll reads from a pipe until it is silent for a second."""
    run = _run_of(access, args) if args.get("_operation") == "poll" else None
    if run is None:
        return 0.0
    return access.host.clock.real_seconds(run.quiet_for(access.host.clock.steady()))


def _start(access: Access, args: Mapping[str, Any]) -> dict[str, Any]:
    host = access.host
    if (args.get("_operation_options") or {}).get("wait"):
        raise ModuleFailedError("winsim does not emulate win_updates with async")
    for name, choices in CHOICES.items():
        given = str(args.get(name) or choices[0])
        if given not in choices:
            allowed = ", ".join(choices)
            raise ModuleFailedError(f"value of {name} must be one of: {allowed}. Got no match for: {given}")
    number = max([FIRST_PROCESS_ID, *(process.id for process in host.processes)]) + 4
    process = Process("powershell", number, access.now)
    host.processes.append(process)
    name = f"Ansible.Windows.WinUpdates-{uuid.uuid4()}"
    run = UpdateRun(host, dict(args), process, host.clock.steady())
    host.update_runs[name] = run
    run.begin()
    return {
        "changed": False,
        "cancel_options": {"cancel_id": f"Global\\{name}", "task_pid": number},
        "poll_options": {"pipe_name": name},
    }


def _poll(access: Access, args: Mapping[str, Any]) -> dict[str, Any]:
    run = _run_of(access, args)
    if run is None:
        raise ModuleFailedError("Timed out waiting for server pipe to be available")
    return {"changed": False, "output": run.read()}


def _run_of(access: Access, args: Mapping[str, Any]) -> UpdateRun | None:
    run = access.host.update_runs.get(str((args.get("_operation_options") or {}).get("pipe_name")))
    return run if run is not None and run.process in access.host.processes else None


def _cancel(access: Access, args: Mapping[str, Any]) -> dict[str, Any]:
    """The process ends; what the agent has begun it finishes."""
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
