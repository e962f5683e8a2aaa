# Copyright: (c) 2026, winops.patching contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Why a job is not started: each refusal is a sentence with its remedy and a word for programs."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, Final

from ..emulated.result import ModuleFailedError
from ..host import Access, Host
from . import places, traces

SIGNATURE: Final = "# SIG # Begin signature block"
# Whom a folder of programs may belong to.
OWNERS: Final = frozenset({"builtin\\administrators", "nt authority\\system", "nt service\\trustedinstaller"})
SCHEDULER: Final = "schedule"


def refused(reason: str, message: str) -> ModuleFailedError:
    return ModuleFailedError(message, reason=reason)


def invalid(message: str) -> ModuleFailedError:
    return refused("error", message)


def text_of(args: Mapping[str, Any], name: str) -> str:
    """A text argument that must be there. Raises ModuleFailedError."""
    value = args.get(name)
    if not isinstance(value, str) or not value:
        raise invalid(f"win_patch_job needs {name}")
    return value


def check_session(access: Access) -> None:
    """Raises ModuleFailedError."""
    if access.host.powershell.language_mode != "FullLanguage":
        raise refused(
            "constrained_language",
            "PowerShell runs in constrained language on this host, so the worker cannot run: allow patch_worker.ps1 "
            "and win_patch_job.ps1 by the policy that constrains it",
        )
    if not access.identity.elevated:
        raise refused(
            "not_elevated",
            "the connection has no administrative token: connect with a domain account that is a local administrator, "
            "or set LocalAccountTokenFilterPolicy, or use become with runas",
        )


def check_folders(host: Host) -> None:
    """Every folder on the way to the jobs, and theirs. Raises ModuleFailedError."""
    root = places.PROGRAM_FOLDER.rpartition("\\")[0]
    own = [places.folder_of(job) for job in traces.job_ids(host)]
    for path in (root, places.PROGRAM_FOLDER, places.JOBS, *own):
        folder = host.folders.get(path.lower())
        if folder is None:
            continue
        if folder.reparse:
            message = f"'{path}' leads elsewhere (a link or a junction), which jobs do not follow: remove it"
            raise refused("reparse_point", message)
        if folder.owner.lower() not in OWNERS:
            remedy = (
                "Look at what is in it; then remove it, or give it to Administrators: "
                f'takeown /F "{path}" /A /R and icacls "{path}" /setowner *S-1-5-32-544 /T'
            )
            if path == root:
                remedy = f'Give this one folder back: icacls "{path}" /setowner "NT SERVICE\\TrustedInstaller"'
            said = f"'{path}' belongs to {folder.owner}, not to Administrators, SYSTEM or TrustedInstaller. {remedy}"
            raise refused("foreign_owner", said)


def check_worker(worker: str, said: str) -> None:
    """Raises ModuleFailedError when the text did not arrive as it was sent."""
    found = hashlib.sha256(worker.encode()).hexdigest()
    if found != said.lower():
        raise refused("worker_hash", f"the worker that arrived has the SHA-256 {found}, not {said}: start again")


def check_policy(host: Host, worker: str) -> None:
    """A signature counts as a good one. Raises ModuleFailedError."""
    policy = host.powershell.execution_policy
    if policy == "Restricted":
        raise refused(
            "signed_scripts_only",
            "the policy of this host (MachinePolicy) forbids all scripts: let it allow signed ones and sign the worker",
        )
    if policy == "AllSigned" and SIGNATURE not in worker:
        raise refused(
            "signed_scripts_only",
            "the policy of this host (MachinePolicy) allows only signed scripts and the worker's signature is "
            "NotSigned: sign plugins/module_utils/patch_worker.ps1 with a certificate that this host trusts",
        )


def scheduler_problem(host: Host) -> str | None:
    """What keeps the scheduler from taking a task; only a host file that lists its service says so."""
    service = host.services.get(SCHEDULER)
    if service is None or service.state == "running":
        return None
    return "The Task Scheduler service is not available. Verify that the service is running and try again."
