# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Asynchronous runs: begun at once, finished when their time is over, ended by their limit or by a boot."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Any, Final

from .emulated.async_status import FOLDER
from .host import Host
from .model import Job

TIMED_OUT: Final = "failure during async watchdog: timed out waiting for module completion"


def start(host: Host, name: str, limit: float | None, execute: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Begins `execute` as the job `name`; the answer is that of Ansible's async wrapper. The host's lock is held."""
    job_id = f"{name}.{os.getpid()}"
    job = Job()
    host.jobs[job_id] = job
    seconds = host.network.run_ms / 1000
    if not seconds:
        job.result = execute()
    elif limit is not None and seconds > limit:
        _later(limit, host, job, lambda: {"failed": True, "msg": TIMED_OUT})
    else:
        _later(seconds, host, job, execute)
    return {
        "started": True,
        "finished": False,
        "results_file": f"{FOLDER}\\{job_id}",
        "ansible_job_id": job_id,
        "_ansible_suppress_tmpdir_delete": True,
        "ansible_async_watchdog_pid": os.getpid(),
    }


def _later(seconds: float, host: Host, job: Job, execute: Callable[[], dict[str, Any]]) -> None:
    def finish() -> None:
        with host.lock:
            if not job.lost:
                job.result = execute()

    timer = threading.Timer(seconds, finish)
    timer.daemon = True
    timer.start()
