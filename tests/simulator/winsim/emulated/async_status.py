# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""`ansible.windows.async_status`: every job here is finished at once."""

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
    return {**access.host.jobs[job], "ansible_job_id": job, "started": 1, "finished": 1}
