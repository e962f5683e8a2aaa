# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The door to the jobs of a host: start one, read its journal, stop it, list them all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from ansible.plugins.action import ActionBase

from .._evidence.answers import Reading, answer_of
from .._evidence.patch_job import (
    JobProgress,
    Life,
    job_kind,
    journal_probe,
    json_lines,
    life_of,
    life_probes,
    piece_of,
)
from .._plan.install.document import parse_install_plan
from .._plan.keys import PlanError
from .core import ActionFail, checked_options, line_losses
from .install_reading import install_progress, interrupted, lost_reading
from .job_module import JOB_MODULE, RefusedError, checked_answer, start_install, start_job
from .modules import HostModules
from .preload import preload_client
from .reader import READER, failure_of
from .scan_job import plan_probe
from .scan_request import QUESTION_OPTIONS, ScanRequest, delay_seconds, scan_question

preload_client()

_NEWEST_BYTES = 8192
_RUNNING = MappingProxyType({Life.ALIVE: True, Life.GONE: False, Life.UNKNOWN: None})
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
            "read": lambda: _read(modules, options),
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


def _read(modules: HostModules, options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the journal from an offset on, and whether the job lives; all in one run of the reader."""
    job, offset = options["id"], options["offset"]
    try:
        answer = _ask(modules, job, offset)
    except line_losses() as error:
        if options["lost_host"] == "fail":
            raise
        return lost_reading(job, offset, error)
    answers = answer.get("probes")
    failure = failure_of(answer)
    if failure or not isinstance(answers, Mapping):
        raise RefusedError(f"the host was reached, but it could not be read: {failure or 'damaged answer'}", "error")
    journal = answer_of(answers, "journal")
    if journal.reading is Reading.ABSENT:
        raise RefusedError(f"there is no job {job} on this host; operation=list shows those that are", "no_job")
    piece = piece_of(journal.data, offset) if journal.reading is Reading.FOUND else None
    if piece is None:
        said = journal.reason or "the answer is damaged"
        raise RefusedError(f"the journal of {job} could not be read: {said}", "error")
    lines, problems = json_lines(piece.text)
    progress = JobProgress().after([*_newest_lines(answers), *lines] if offset else lines)
    life = _life(answers, job, progress)
    told: dict[str, Any] = {"warnings": [f"the journal of {job}: {problems[0]}"]} if problems else {}
    if job_kind(job) == "install":
        told.update(install_progress(answers, lines if not offset else None))
    return {
        "changed": False,
        "id": job,
        "offset": piece.offset,
        "lines": lines,
        "phase": progress.phase,
        "outcome": progress.outcome,
        "error": progress.error,
        "running": False if progress.outcome is not None else _RUNNING[life],
        "interrupted": interrupted(progress, life, answer.get("system")),
        **told,
    }


def _ask(modules: HostModules, job: str, offset: int) -> Mapping[str, Any]:
    """Return the reader's answer. A reboot takes the shell of the line with it, and install jobs reboot: try again."""
    arguments = {"probes": _read_probes(job, offset), "time_limit": 120}
    if job_kind(job) != "install":
        return modules.run(READER, arguments)
    try:
        return modules.run(READER, arguments)
    except line_losses():
        modules.reconnect()
        return modules.run(READER, arguments)


def _read_probes(job: str, offset: int) -> list[dict[str, Any]]:
    """A process that starts while the journal is read must not seem dead, so the living are looked at twice."""
    after = [{**probe, "id": f"{probe['id']}_after"} for probe in life_probes()]
    newest = {key: value for key, value in journal_probe(job, 0).items() if key != "offset"}
    install = job_kind(job) == "install"
    tail = [{**newest, "id": "newest", **({} if install else {"max_bytes": _NEWEST_BYTES})}] if offset else []
    plan = [plan_probe(job)] if install else []
    return [*life_probes(), *tail, *plan, journal_probe(job, offset), *after]


def _newest_lines(answers: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the last lines of the journal: what stands before an offset counts too. Half a line is left out."""
    answer = answer_of(answers, "newest")
    text = answer.data.get("text") if answer.reading is Reading.FOUND else None
    return json_lines(text)[0] if isinstance(text, str) else []


def _life(answers: Mapping[str, Any], job: str, progress: JobProgress) -> Life:
    after = {name: answers.get(f"{name}_after") for name in ("running_job", "processes")}
    seen = {life_of(probes, job, progress) for probes in (answers, after)}
    return next((life for life in (Life.ALIVE, Life.UNKNOWN) if life in seen), Life.GONE)
