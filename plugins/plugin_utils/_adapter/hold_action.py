# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Keep the jobs of this collection off a host while something else works on it: a scan that waits holds their lock."""

from __future__ import annotations

from collections.abc import Mapping
from time import sleep
from types import MappingProxyType
from typing import Any

from ansible.plugins.action import ActionBase

from .._evidence.patch_job import job_kind
from .core import ActionFail, checked_options
from .job_module import JOB_MODULE, RefusedError, checked_answer, start_job
from .job_reading import read_job
from .modules import HostModules
from .preload import preload_client
from .scan_request import ScanRequest, scan_request

preload_client()

HOLD_OPTIONS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "state": {"type": "str", "choices": ["held", "released"], "default": "held"},
        "minutes": {"type": "int", "default": 120},
        "id": {"type": "str"},
        "run_id": {"type": "str"},
    }
)
LONGEST_MINUTES = 7 * 24 * 60
# A job that waits looks every fifteen seconds whether it was told to stop.
PAUSES = (1, 2, 3, 5, 5, 5, 5, 5)
_LIVING = ("armed", "running")


class HoldAction(ActionBase):
    """Starts the scan that waits, or tells it to stop and waits until it is gone."""

    _requires_connection = True
    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the task's result; a host on which another job is fails the task with its remedy."""
        del tmp
        variables = task_vars or {}
        result: dict[str, Any] = super().run(None, variables)
        options = _checked(checked_options(self, HOLD_OPTIONS))
        modules = HostModules(self, variables)
        try:
            if options["state"] == "held":
                request = _request(options, str(variables.get("inventory_hostname") or ""))
                result.update(_hold(modules, request, in_earnest=not self._task.check_mode))
            else:
                result.update(_release(modules, options["id"], in_earnest=not self._task.check_mode))
        except RefusedError as refusal:
            result.update(changed=False, failed=True, msg=str(refusal), reason=refusal.reason)
        return result


def _checked(options: dict[str, Any]) -> dict[str, Any]:
    released = options["state"] == "released"
    if (options["id"] is not None) != released:
        raise ActionFail("id: goes with state=released, and only with it: it is what state=held has returned")
    if released and job_kind(options["id"]) != "scan":
        raise ActionFail(f"id: {options['id'][:80]!r} is no id that state=held has returned")
    if not 1 <= options["minutes"] <= LONGEST_MINUTES:
        raise ActionFail(f"minutes: must be a number from 1 to {LONGEST_MINUTES}, not {options['minutes']}")
    return options


def _request(options: Mapping[str, Any], host: str) -> ScanRequest:
    """A scan as any other, which begins when the time is over: a host that nobody releases is not held for ever."""
    asked = scan_request({}, host=host, hosts=[host]).asked
    return ScanRequest(host, asked, delay_seconds=options["minutes"] * 60, run_id=options["run_id"])


def _hold(modules: HostModules, request: ScanRequest, *, in_earnest: bool) -> dict[str, Any]:
    answer = start_job(modules, request)
    job = str(answer.get("id"))
    if answer.get("attached"):
        remedy = f"wait for its end, or stop it with win_patch_job operation=stop id={job}"
        raise RefusedError(f"the job {job} runs on the host: {remedy}", "other_job")
    return {"changed": True, "held": in_earnest, "id": job}


def _release(modules: HostModules, job: str, *, in_earnest: bool) -> dict[str, Any]:
    """``kept`` is whether the lock was held until now: a host that has booted, or whose time was over, held it less."""
    answer = checked_answer(modules.run(JOB_MODULE, {"operation": "stop", "id": job}))
    kept = answer.get("state") in _LIVING or bool(answer.get("changed"))
    told = {"changed": bool(answer.get("changed")), "held": False, "id": job, "kept": kept}
    if not in_earnest or not kept or _has_ended(modules, job):
        return told
    said = "was told to stop, and nobody has seen its end yet: until then no installation can be started"
    return {**told, "held": True, "warnings": [f"the job {job} {said}"]}


def _has_ended(modules: HostModules, job: str) -> bool:
    """Wait for the end, for the next job would be refused before. A search does not see that it was told to stop."""
    for pause in PAUSES:
        if read_job(modules, job, 0, report_lost=True).get("outcome") is not None:
            return True
        sleep(pause)
    return False
