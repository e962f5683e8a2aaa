# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What became of the jobs on a host, read from what they left: folders, journals, tasks."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from ..host import Host
from . import places, traces
from .system import boot_time

KEPT_JOBS: Final = 5
LIVING: Final = frozenset({"armed", "running"})
# A task that was started a moment ago may not say yet that it runs.
SLOW_SCHEDULER: Final = timedelta(minutes=2)
# After a boot its start-up trigger may take that long.
SLOW_START: Final = timedelta(minutes=10)
GOES_DOWN: Final = timedelta(minutes=60)
# How long both may take, where nobody tells when the host came up.
MAY_COME: Final = GOES_DOWN + SLOW_START


@dataclass(frozen=True, slots=True)
class JobState:
    """`state`: running, finished, failed, stopped, expired, interrupted or armed."""

    id: str
    kind: str
    state: str
    started_at: str | None
    ended_at: str | None

    def as_entry(self) -> dict[str, Any]:
        return asdict(self)


def jobs_of(host: Host) -> list[JobState]:
    """Newest first."""
    return [job_state(host, job) for job in traces.job_ids(host)]


def job_to_attach_to(host: Host, asked: str) -> JobState | None:
    """One that runs or is about to, or the very same, where its first answer was lost on the way."""
    return next((job for job in jobs_of(host) if job.state in LIVING or job.id == asked), None)


def interrupted_before(host: Host) -> str | None:
    """The newest install job, if it died and nobody has started another since."""
    newest = next((job for job in jobs_of(host) if job.kind == "install"), None)
    return newest.id if newest is not None and newest.state == "interrupted" else None


def job_state(host: Host, job: str) -> JobState:
    """Running is what the task says; one that will be started by a trigger is not dead."""
    journal, kind = traces.journal_of(host, job), job.partition("-")[0]
    if not journal:
        return JobState(job, kind, "interrupted", None, None)
    started, last = journal[0].get("at"), journal[-1]
    if last.get("phase") == "done":
        return JobState(job, kind, str(last.get("outcome")), started, last.get("at"))
    armed = len(journal) == 1
    task = host.tasks.get(places.task_of(job).lower())
    if task is None:
        return JobState(job, kind, "interrupted", started, None)
    if task.state in {"running", "queued"}:
        return JobState(job, kind, "armed" if armed else "running", started, None)
    comes = kind == "install" and _boot_continues(host, last)
    if armed:
        waits = _is_fresh(host, started) or (task.at is not None and host.clock.now() - task.at < SLOW_START)
        return JobState(job, kind, "armed" if waits or comes else "interrupted", started, None)
    return JobState(job, kind, "running" if comes else "interrupted", started, None)


def _is_fresh(host: Host, started: str | None) -> bool:
    return started is not None and abs(host.clock.now() - datetime.fromisoformat(started)) < SLOW_SCHEDULER


def _boot_continues(host: Host, last: dict[str, Any]) -> bool:
    """The host is on its way down, or came up a moment ago and its scheduler has not got to the job."""
    now, at = host.clock.now(), datetime.fromisoformat(str(last["at"]))
    if (last.get("phase"), last.get("step")) == ("rebooting", "begin") and now - at < GOES_DOWN:
        return True
    booted = boot_time(host)
    if booted is None:
        planned = last.get("not_before") if last.get("armed") else None
        return abs(now - (datetime.fromisoformat(str(planned)) if planned else at)) < MAY_COME
    return booted > at and now - booted < SLOW_START


def clean_up(host: Host) -> None:
    """Five jobs stay, the living ones, and the one whose result may be used again; tasks stay for the living only."""
    found = jobs_of(host)
    living = {job.id for job in found if job.state in LIVING}
    own = f"{places.TASKS}\\".lower()
    kept = {places.task_of(job).lower() for job in living}
    for path in [path for path in host.tasks if path.startswith(own) and path not in kept]:
        del host.tasks[path]
    last = host.file(places.LAST_SCAN)
    for job in found[KEPT_JOBS:]:
        if job.id not in living and not (last and f'"{job.id}"' in (last.text or "")):
            traces.drop_folder(host, places.folder_of(job.id))
