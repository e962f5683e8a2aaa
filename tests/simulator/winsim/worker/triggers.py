# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The start-up trigger of the tasks of jobs: every boot starts their workers again."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any, Final

from ..host import Host
from ..model import ScheduledTask
from . import places, traces
from .program import work
from .run import WorkerRun, begin

# The scheduler takes a while after a boot.
TRIGGERED_AFTER: Final = timedelta(seconds=30)
# A job whose time is that near does not wait for its own trigger.
NEAR: Final = timedelta(seconds=60)


def start_up(host: Host) -> None:
    """Every job that is not over and whose task has a start-up trigger. The host's lock is held."""
    for job in traces.job_ids(host):
        task = host.tasks.get(places.task_of(job).lower())
        journal = traces.journal_of(host, job)
        if task is None or not task.at_startup or task.state == "disabled":
            continue
        if not journal or any(line.get("phase") == "done" for line in journal):
            continue
        now = host.clock.steady()
        run = WorkerRun(host, job, job.partition("-")[0], _plan_of(host, job), now, now + TRIGGERED_AFTER)
        if len(journal) == 1 and _waits(host, task):
            run.due = now + ((task.at or host.clock.now()) - host.clock.now())
        begin(run, work)


def _waits(host: Host, task: ScheduledTask) -> bool:
    return task.at is not None and task.at > host.clock.now() + TRIGGERED_AFTER + NEAR


def _plan_of(host: Host, job: str) -> dict[str, Any]:
    """What is no plan is an empty one, which the worker refuses."""
    file = host.file(f"{places.folder_of(job)}\\plan.json")
    try:
        plan = json.loads(file.text or "") if file else {}
    except ValueError:
        plan = {}
    return plan if isinstance(plan, dict) else {}
