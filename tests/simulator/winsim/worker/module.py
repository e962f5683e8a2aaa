# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""`winops.patching.win_patch_job`: starts, stops and lists jobs by the contract of the shipped module."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from ..clock import stamp
from ..emulated.result import truth
from ..host import Access, Host
from ..model import ScheduledTask
from . import places, records, refusals, traces
from .program import work
from .run import WorkerRun, begin

ARGUMENTS: Final = {"operation", "id", "plan", "worker", "worker_sha256", "armed"}
# A task that has been started is running within a second of the host's.
QUEUED_FOR: Final = 1.0
# A time that has come already is no time to wait for.
WORTH_WAITING: Final = timedelta(seconds=30)


def win_patch_job(access: Access, args: Mapping[str, Any]) -> dict[str, Any]:
    """`{changed, …}`; a refusal raises ModuleFailedError with `reason`."""
    unknown = sorted(name for name in args if not name.startswith("_ansible_") and name not in ARGUMENTS)
    if unknown:
        raise refusals.invalid(f"win_patch_job has no argument {', '.join(unknown)}")
    refusals.check_session(access)
    refusals.check_folders(access.host)
    operation = OPERATIONS.get(str(args.get("operation")))
    if operation is None:
        raise refusals.invalid(f"operation must be start, stop or list, not '{args.get('operation')}'")
    return operation(access.host, args)


def _start(host: Host, args: Mapping[str, Any]) -> dict[str, Any]:
    job, plan = _id_of(args), args.get("plan")
    kind = places.kind_of(job)
    if not isinstance(plan, dict) or plan.get("id") != job or plan.get("kind") != kind:
        raise refusals.invalid(f"'plan' must be a plan of the job {job}")
    worker = _worker_of(host, args)
    if worker is None:
        return {"changed": False, "id": job, "worker_wanted": True}
    refusals.check_policy(host, worker)
    at = _armed_for(host, args, plan)
    there = records.job_to_attach_to(host, job)
    if there is not None:
        return _attached(there, str(kind))
    dead = records.interrupted_before(host) if kind == "install" else None
    more = {"interrupted": dead} if dead else {}
    if truth(args, "_ansible_check_mode", default=False):
        return {"changed": True, "id": job, "attached": False, "folder": None, "started_at": None, **more}
    started = _arm(host, job, {**plan}, worker, at)
    records.clean_up(host)
    host.touch()
    folder = places.folder_of(job)
    return {"changed": True, "id": job, "attached": False, "folder": folder, "started_at": started, **more}


def _worker_of(host: Host, args: Mapping[str, Any]) -> str | None:
    """The text that was sent, else that of the file on the host if it is the one meant. Raises ModuleFailedError."""
    sha256 = refusals.text_of(args, "worker_sha256")
    if args.get("worker"):
        worker = refusals.text_of(args, "worker")
        refusals.check_worker(worker, sha256)
        return worker
    there = host.file(places.WORKER)
    return there.text if there is not None and there.digest("sha256") == sha256.lower() else None


def _armed_for(host: Host, args: Mapping[str, Any], plan: Mapping[str, Any]) -> datetime | None:
    """When the task of an armed job begins; None for one that runs now. Raises ModuleFailedError."""
    if not truth(args, "armed", default=False):
        return None
    if plan.get("kind") != "install" or not plan.get("not_before"):
        raise refusals.invalid("only an installation with a not_before can be armed")
    at = datetime.fromisoformat(str(plan["not_before"]))
    return at if at - host.clock.now() > WORTH_WAITING else None


def _id_of(args: Mapping[str, Any]) -> str:
    job = str(args.get("id"))
    if places.kind_of(job) is None:
        raise refusals.invalid(f"'{job}' is no id of a job, such as scan-20261121T120000Z-1a2b3c4d")
    return job


def _attached(there: records.JobState, kind: str) -> dict[str, Any]:
    if there.kind != kind:
        message = f"the job {there.id} is {there.state}, and one job runs at a time: wait for its end, or stop it"
        raise refusals.refused("other_job", message)
    folder = places.folder_of(there.id)
    return {"changed": False, "id": there.id, "attached": True, "folder": folder, "started_at": there.started_at}


def _arm(host: Host, job: str, plan: dict[str, Any], worker: str, at: datetime | None) -> str:
    """Folders, worker, plan, first line, task: the worker itself starts when the scheduler gets to it."""
    now = host.clock.now()
    folder, created = places.folder_of(job), stamp(now)
    traces.make_folders(host, (places.PROGRAM_FOLDER, places.JOBS, folder), "BUILTIN\\Administrators")
    traces.put_file(host, places.START_LOCK, "", now)
    there = host.file(places.WORKER)
    if there is None or there.text != worker:
        traces.put_file(host, places.WORKER, worker, now)
    plan["created_at"] = created
    traces.put_file(host, f"{folder}\\plan.json", traces.one_line(plan) + "\n", now)
    moment = host.clock.steady()
    waits = max(QUEUED_FOR, (at - now).total_seconds()) if at else QUEUED_FOR
    run = WorkerRun(host, job, plan["kind"], plan, moment, moment + timedelta(seconds=waits))
    run.say("armed", id=job, kind=plan["kind"], created_at=created, **_armed_facts(plan, armed=at is not None))
    run.log("armed")
    _register(run, at)
    return created


def _armed_facts(plan: Mapping[str, Any], *, armed: bool) -> dict[str, Any]:
    if plan["kind"] != "install":
        return {}
    updates = plan.get("updates")
    count = len(updates) if isinstance(updates, list) else 0
    return {"armed": armed, "not_before": plan.get("not_before"), "deadline": plan.get("deadline"), "updates": count}


def _register(run: WorkerRun, at: datetime | None) -> None:
    """Raises ModuleFailedError; the journal then ends at once."""
    problem = refusals.scheduler_problem(run.host)
    path = places.task_of(run.job)
    if problem is None:
        run.host.tasks[path.lower()] = ScheduledTask(
            path,
            "SYSTEM",
            places.command_of(run.job),
            "ready" if at else "queued",
            at=at,
            at_startup=run.kind == "install",
        )
        begin(run, work)
        return
    error = {"step": "starting", "type": "task_failed", "hresult": None, "message": problem}
    run.say("done", outcome="failed", error=error)
    run.log("done")
    run.host.touch()
    message = f"the task {path} could not be registered or started: {problem} Look at the service Schedule"
    raise refusals.refused("task_failed", message)


def _stop(host: Host, args: Mapping[str, Any]) -> dict[str, Any]:
    job = _id_of(args)
    if job not in traces.job_ids(host):
        raise refusals.invalid(f"there is no job {job} on this host: list shows those there are")
    state = records.job_state(host, job).state
    file = f"{places.folder_of(job)}\\stop"
    changed = state in records.LIVING and host.file(file) is None
    if changed and not truth(args, "_ansible_check_mode", default=False):
        traces.put_file(host, file, "", host.clock.now())
        task = host.tasks.get(places.task_of(job).lower())
        if state == "armed" and task is not None and task.state == "ready":
            state = _stop_armed(host, job)
        host.touch()
    return {"changed": changed, "id": job, "state": state}


def _stop_armed(host: Host, job: str) -> str:
    """Nobody is there yet to see the file, and the job must not keep others out until its time."""
    del host.tasks[places.task_of(job).lower()]
    run = next((run for run in host.workers if run.job == job), None)
    if run is not None:
        host.workers.remove(run)
    now = host.clock.steady()
    ended = WorkerRun(host, job, job.partition("-")[0], {}, now, now)
    ended.say("done", outcome="stopped", error=None, reboot_required=None)
    ended.log("done")
    return "stopped"


def _list(host: Host, _args: Mapping[str, Any]) -> dict[str, Any]:
    return {"changed": False, "jobs": [job.as_entry() for job in records.jobs_of(host)]}


OPERATIONS: Final[Mapping[str, Callable[[Host, Mapping[str, Any]], dict[str, Any]]]] = {
    "start": _start,
    "stop": _stop,
    "list": _list,
}
