# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The door to the jobs of a host: start one, read its journal, stop it, list them all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from ansible.plugins.action import ActionBase

from .._evidence.patch_job import job_kind
from .._plan.install.document import parse_install_plan
from .._plan.keys import PlanError
from .core import ActionFail, checked_options
from .job_module import JOB_MODULE, RefusedError, checked_answer, start_install, start_job
from .job_reading import read_job
from .modules import HostModules
from .preload import preload_client
from .scan_request import QUESTION_OPTIONS, ScanRequest, delay_seconds, scan_question

preload_client()

JOB_OPTIONS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "operation": {"type": "str", "choices": ["start", "read", "stop", "list"], "required": True},
        "id": {"type": "str"},
        "kind": {"type": "str", "choices": ["scan", "install"], "default": "scan"},
        "plan": {"type": "dict"},
        "armed": {"type": "bool", "default": False},
        "offset": {"type": "int", "default": 0},
        "lost_host": {"type": "str", "choices": ["fail", "report"], "default": "fail"},
        "run_id": {"type": "str"},
        **QUESTION_OPTIONS,
    }
)


class JobAction(ActionBase):
    """One operation on one host; each is one module execution."""

    _requires_connection = True
    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return what the operation found; a refusal fails the task with its remedy and a word for machines."""
        del tmp
        variables = task_vars or {}
        result: dict[str, Any] = super().run(None, variables)
        options = checked_options(self, JOB_OPTIONS)
        _check_id(options)
        modules = HostModules(self, variables)
        work: Callable[[], Mapping[str, Any]] = {
            "start": _starter(modules, options, variables),
            "read": lambda: read_job(
                modules, options["id"], options["offset"], report_lost=options["lost_host"] == "report"
            ),
            "stop": lambda: checked_answer(modules.run(JOB_MODULE, {"operation": "stop", "id": options["id"]})),
            "list": lambda: checked_answer(modules.run(JOB_MODULE, {"operation": "list"})),
        }[options["operation"]]
        try:
            result.update(work())
        except RefusedError as refusal:
            result.update(changed=False, failed=True, msg=str(refusal), reason=refusal.reason)
        return result


def _check_id(options: Mapping[str, Any]) -> None:
    job, operation = options["id"], options["operation"]
    if (job is not None) != (operation in ("read", "stop")):
        raise ActionFail("id: goes with operation=read and operation=stop, and only with them")
    if job is not None and job_kind(job) is None:
        raise ActionFail(f"id: {job[:80]!r} is no id of a job; operation=list shows those of the host")
    for name in ("plan", "armed"):
        if options[name] and (operation != "start" or options["kind"] != "install"):
            raise ActionFail(f"{name}: goes with operation=start and kind=install, and only with them")
    if options["offset"] < 0:
        raise ActionFail(f"offset: must be 0 or what the last read returned, not {options['offset']}")


def _starter(
    modules: HostModules, options: Mapping[str, Any], variables: Mapping[str, Any]
) -> Callable[[], Mapping[str, Any]]:
    """Return what starts the job; what is wrong with its options fails the task before the host hears of it."""
    if options["operation"] != "start":
        return dict
    if options["kind"] == "scan":
        request = _request(options, variables)
        return lambda: start_job(modules, request)
    plan = _plan(options)
    return lambda: start_install(modules, plan, armed=options["armed"], run_id=options["run_id"])


def _plan(options: Mapping[str, Any]) -> dict[str, Any]:
    given = sorted(name for name in QUESTION_OPTIONS if options[name] != QUESTION_OPTIONS[name].get("default"))
    if given:
        raise ActionFail(f"{given[0]}: goes with kind=scan; an install job has its source in its plan")
    try:
        plan = parse_install_plan(options["plan"])
    except PlanError as error:
        raise ActionFail(str(error)) from error
    if options["armed"] and plan["not_before"] is None:
        raise ActionFail("armed: needs plan.not_before, the time for which the job is armed")
    return plan


def _request(options: Mapping[str, Any], variables: Mapping[str, Any]) -> ScanRequest:
    host = str(variables.get("inventory_hostname") or "")
    delay = delay_seconds(options, host, variables.get("ansible_play_hosts_all") or [host])
    return ScanRequest(host, scan_question(options), delay_seconds=delay, run_id=options["run_id"])
