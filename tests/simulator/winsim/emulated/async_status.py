# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""`ansible.windows.async_status`: what the result file of a job holds. It outlives a boot, a running job does not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ..host import Access
from .result import ModuleFailedError

FOLDER: Final = "C:\\Users\\Administrator\\.ansible_async"


def async_status(access: Access, args: Mapping[str, Any]) -> dict[str, Any]:
    job = str(args.get("jid"))
    if job not in access.host.jobs:
        raise ModuleFailedError(f"could not find job at '{FOLDER}'", ansible_job_id=job, started=1, finished=1)
    if args.get("mode") == "cleanup":
        del access.host.jobs[job]
        return {"changed": False, "ansible_job_id": job, "erased": f"{FOLDER}\\{job}"}
    result = access.host.jobs[job].result
    if result is None:
        return {"ansible_job_id": job, "results_file": f"{FOLDER}\\{job}", "started": 1, "finished": 0}
    return {**result, "ansible_job_id": job, "started": 1, "finished": 1}
